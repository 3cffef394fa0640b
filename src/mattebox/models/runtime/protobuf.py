"""Reading of protobuf messages without a schema, field by field."""

from __future__ import annotations

from collections.abc import Iterator

WIRE_VARINT, WIRE_FIXED64, WIRE_LENGTH_DELIMITED, WIRE_FIXED32 = 0, 1, 2, 5


def parse_fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Iterate over the fields of a message.

    Parameters
    ----------
    message : memoryview
        The encoded message; length-delimited values are views of it.

    Yields
    ------
    (int, memoryview or int)
        Number and value of each length-delimited or varint field. Fields of fixed size are left out.

    Raises
    ------
    ValueError, IndexError
        The bytes are not a message.
    """
    at, end = 0, len(message)
    while at < end:
        key, at = _read_varint(message, at)
        number, wire_type = key >> 3, key & 7
        if wire_type == WIRE_LENGTH_DELIMITED:
            length, at = _read_varint(message, at)
            if at + length > end:
                raise ValueError("a field is longer than the file")
            yield number, message[at : at + length]
            at += length
        elif wire_type == WIRE_VARINT:
            value, at = _read_varint(message, at)
            yield number, value
        elif wire_type in (WIRE_FIXED64, WIRE_FIXED32):
            at += 8 if wire_type == WIRE_FIXED64 else 4
        else:
            raise ValueError(f"field kind {wire_type}")


def submessages(message: memoryview, field_number: int) -> Iterator[memoryview]:
    """Iterate over the length-delimited values of one field. Raises as `parse_fields`."""
    for number, value in parse_fields(message):
        if number == field_number and isinstance(value, memoryview):
            yield value


def _read_varint(message: memoryview, offset: int) -> tuple[int, int]:
    """The value at `offset`, and the offset behind it."""
    value = shift = 0
    while True:
        byte = message[offset]
        offset += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, offset
        shift += 7

"""Reading and rewriting of protobuf messages without a schema, field by field."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

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


def replace_fields(
    message: memoryview, field_numbers: Collection[int], replace: Callable[[int, memoryview], bytes | None]
) -> bytes:
    """Copy a message with other values of some of its length-delimited fields.

    Parameters
    ----------
    message : memoryview
        The encoded message.
    field_numbers : collection of int
        The fields to replace; all others are copied as they are.
    replace : callable
        Number and value of a field -> its new value, or None to leave it out.

    Raises
    ------
    ValueError, IndexError
        The bytes are not a message.
    """
    copied, at = bytearray(), 0
    while at < len(message):
        start = at
        key, at = _read_varint(message, at)
        number, wire_type = key >> 3, key & 7
        if wire_type == WIRE_VARINT:
            _, at = _read_varint(message, at)
        elif wire_type in (WIRE_FIXED64, WIRE_FIXED32):
            at += 8 if wire_type == WIRE_FIXED64 else 4
        elif wire_type == WIRE_LENGTH_DELIMITED:
            length, body = _read_varint(message, at)
            at = body + length
            if number in field_numbers:
                value = replace(number, message[body:at])
                copied += b"" if value is None else _write_varint(key) + _write_varint(len(value)) + value
                continue
        else:
            raise ValueError(f"field kind {wire_type}")
        if at > len(message):
            raise ValueError("a field is longer than the file")
        copied += message[start:at]
    return bytes(copied)


def encode_field(number: int, value: bytes) -> bytes:
    """A length-delimited field."""
    return _write_varint(number << 3 | WIRE_LENGTH_DELIMITED) + _write_varint(len(value)) + value


def _write_varint(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])


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

"""Which other files an ONNX graph wants to read: the external data of its tensors, found without loading anything.

A graph may name any path of the machine as the place of its numbers, so this is asked before a runtime sees it.
Walks the protobuf encoding of onnx.proto by hand, only where tensors can be; knows nothing of cards or runtimes.
"""

from __future__ import annotations

from collections.abc import Iterator

from mattebox.errors import ModelError

# message -> field number -> the message found there
SUBMESSAGE_FIELDS = {
    "Model": {7: "Graph", 20: "Training", 25: "Function"},
    "Training": {1: "Graph", 2: "Graph"},
    "Function": {7: "Node"},
    "Graph": {1: "Node", 5: "Tensor", 15: "Sparse"},
    "Node": {5: "Attribute"},
    "Attribute": {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "Sparse", 23: "Sparse"},
    "Sparse": {1: "Tensor", 2: "Tensor"},
    "Tensor": {13: "Entry"},
}
WIRE_VARINT, WIRE_FIXED64, WIRE_LENGTH_DELIMITED, WIRE_FIXED32 = 0, 1, 2, 5


def list_external_files(content: bytes) -> set[str]:
    """The places, as the graph writes them, of all external data. ModelError when it is not ONNX."""
    if b"location" not in content:  # the key that every such entry must have
        return set()
    found: set[str] = set()
    todo = [("Model", memoryview(content))]
    try:
        while todo:
            message, body = todo.pop()
            parts = [(number, part) for number, part in parse_fields(body) if isinstance(part, memoryview)]
            if message == "Entry":
                facts = dict(parts)
                if bytes(facts.get(1, b"")) == b"location":
                    found.add(bytes(facts.get(2, b"")).decode())
                continue
            inside = SUBMESSAGE_FIELDS[message]
            todo += [(inside[number], part) for number, part in parts if number in inside]
    except (IndexError, ValueError) as error:
        raise ModelError(f"the graph is broken ({error})", "check that it is a valid ONNX file") from error
    return found


def parse_fields(body: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Number and content of the fields that have a length, and number and value of the whole numbers."""
    at, end = 0, len(body)
    while at < end:
        key, at = _read_varint(body, at)
        number, kind = key >> 3, key & 7
        if kind == WIRE_LENGTH_DELIMITED:
            length, at = _read_varint(body, at)
            if at + length > end:
                raise ValueError("a field is longer than the file")
            yield number, body[at : at + length]
            at += length
        elif kind == WIRE_VARINT:
            value, at = _read_varint(body, at)
            yield number, value
        elif kind in (WIRE_FIXED64, WIRE_FIXED32):
            at += 8 if kind == WIRE_FIXED64 else 4
        else:
            raise ValueError(f"field kind {kind}")


def _read_varint(body: memoryview, offset: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[offset]
        offset += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, offset
        shift += 7

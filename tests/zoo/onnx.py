"""Tiny ONNX files made by hand, so that tests need no onnx package: messages are lists of (field number, value)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Value = bytes | str | int
FLOAT, FLOAT16 = 1, 10


def message(*fields: tuple[int, Value]) -> bytes:
    """Protobuf's encoding of the fields, in their order."""
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts.append(varint(number << 3) + varint(value))
        else:
            body = value.encode() if isinstance(value, str) else value
            parts.append(varint(number << 3 | 2) + varint(len(body)) + body)
    return b"".join(parts)


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def tensor(name: str, values: np.ndarray) -> bytes:
    dims = [(1, size) for size in values.shape]
    return message(*dims, (2, FLOAT), (8, name), (9, values.astype(np.float32).tobytes()))


def external(name: str, shape: Sequence[int], location: str) -> bytes:
    """A tensor whose numbers lie in another file."""
    return message(*[(1, n) for n in shape], (2, FLOAT), (8, name), (13, entry("location", location)), (14, 1))


def entry(key: str, value: str) -> bytes:
    return message((1, key), (2, value))


def node(kind: str, inputs: Sequence[str], outputs: Sequence[str], *attributes: bytes) -> bytes:
    return message(*[(1, i) for i in inputs], *[(2, o) for o in outputs], (4, kind), *[(5, a) for a in attributes])


def value(name: str, rank: int, kind: int = FLOAT) -> bytes:
    """A graph's input or output of that many dimensions, none of them fixed."""
    shape = message(*[(1, message((2, f"{name}{i}"))) for i in range(rank)])
    return message((1, name), (2, message((1, message((1, kind), (2, shape))))))


def model(nodes: Sequence[bytes], inputs: Sequence[bytes], outputs: Sequence[bytes], tensors: Sequence[bytes]) -> bytes:
    graph = message(
        *[(1, n) for n in nodes], (2, "made"), *[(5, t) for t in tensors],
        *[(11, i) for i in inputs], *[(12, o) for o in outputs],
    )  # fmt: skip
    return message((1, 8), (7, graph), (8, message((1, ""), (2, 13))))


def colour_network(
    weights: np.ndarray,
    sigmoid: bool = True,
    extra: Sequence[tuple[str, int]] = (),
    outputs: Sequence[str] = ("output", "picture"),
    shrink: int = 1,
) -> bytes:
    """`output` = each pixel's colours times `weights` (channels x 3), through a sigmoid or not; `picture` = its input.

    `extra` are further inputs (name, rank) that it ignores. `shrink` takes means of blocks of so many pixels a side.
    """
    last = "product" if sigmoid else "output"
    steps = message((1, "strides"), (8, shrink), (8, shrink), (20, 7))
    nodes = [node("Conv", ["input", "weights"], [last], steps), node("Identity", ["input"], ["picture"])]
    if sigmoid:
        nodes.append(node("Sigmoid", ["product"], ["output"]))
    inputs = [value("input", 4), *[value(name, rank) for name, rank in extra]]
    kernel = tensor("weights", np.tile(weights[..., None, None] / shrink**2, (shrink, shrink)))
    return model(nodes, inputs, [value(name, 4) for name in outputs], [kernel])

"""Tiny ONNX files made by hand, so that tests need no onnx package: messages are lists of (field number, value)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Value = bytes | str | int
FLOAT, INT64, FLOAT16 = 1, 7, 10


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
    """A tensor whose values are in another file."""
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


def whole(name: str, values: Sequence[int]) -> bytes:
    """A tensor of int64."""
    numbers = np.array(values, np.int64)
    return message((1, len(values)), (2, INT64), (8, name), (9, numbers.tobytes()))


def number(name: str, value: int) -> bytes:
    """An attribute that is a whole number."""
    return message((1, name), (3, value), (20, 2))


def numbers(name: str, *values: int) -> bytes:
    """An attribute that is several."""
    return message((1, name), *[(8, v) for v in values], (20, 7))


def constants_network(outputs: dict[str, np.ndarray], rank: int = 3) -> bytes:
    """A network with constant outputs; its input has `rank` dimensions."""
    nodes = [node("Identity", [f"{name} itself"], [name]) for name in outputs]
    tensors = [
        whole_array(f"{name} itself", a) if a.dtype.kind == "i" else tensor(f"{name} itself", a)
        for name, a in outputs.items()
    ]
    told = [value(name, a.ndim, INT64 if a.dtype.kind == "i" else FLOAT) for name, a in outputs.items()]
    return model(nodes, [value("image", rank)], told, tensors)


def whole_array(name: str, values: np.ndarray) -> bytes:
    dims = [(1, size) for size in values.shape]
    return message(*dims, (2, INT64), (8, name), (9, values.astype(np.int64).tobytes()))


def clicked_decoder(embedding: str = "image_embeddings", extra: Sequence[bytes] = ()) -> bytes:
    """A decoder with the inputs and outputs of SAM's export. Its mask is where the embedding (1 x 3 x 256 x 256, the
    picture's colours) is like it is under a point to keep, and not as under one to drop; `extra` inputs are ignored.
    """
    axis2, last = number("axis", 2), numbers("perm", 0, 2, 3, 1)
    nodes = [
        node("Div", ["point_coords", "four"], ["cells"]),
        node("Cast", ["cells"], ["at"], number("to", INT64)),
        node("Gather", ["at", "turned"], ["rows first"], axis2),
        node("Squeeze", ["rows first", "first"], ["places"]),
        node("Transpose", [embedding], ["colours last"], last),
        node("Squeeze", ["colours last", "first"], ["colours"]),
        node("GatherND", ["colours", "places"], ["under"]),
        node("Unsqueeze", ["under", "middle"], ["under each"]),
        node("Sub", ["colours last", "under each"], ["apart"]),
        node("Mul", ["apart", "apart"], ["squared"]),
        node("ReduceSum", ["squared", "end"], ["distance"], number("keepdims", 0)),
        node("Mul", ["distance", "steep"], ["negative"]),
        node("Exp", ["negative"], ["like"]),
        *[node("Equal", ["point_labels", f"is {w}"], [f"eq {w}"]) for w in ("keep", "drop")],
        *[node("Cast", [f"eq {w}"], [f"label {w}"], number("to", FLOAT)) for w in ("keep", "drop")],
        node("Sub", ["label keep", "label drop"], ["signs"]),
        node("Transpose", ["signs"], ["signs down"], numbers("perm", 1, 0)),
        node("Unsqueeze", ["signs down", "end"], ["signs each"]),
        node("Mul", ["like", "signs each"], ["votes"]),
        node("ReduceSum", ["votes", "first"], ["sum"]),
        node("Sub", ["sum", "half"], ["over"]),
        node("Mul", ["over", "sharp"], ["sharpened"]),
        node("Unsqueeze", ["sharpened", "first"], ["good"]),
        node("Neg", ["good"], ["bad"]),
        node("Concat", ["bad", "good"], ["low_res_masks"], number("axis", 1)),
        node("Identity", ["low_res_masks"], ["masks"]),
        node("Identity", ["two scores"], ["iou_predictions"]),
    ]
    ranks = {"point_coords": 3, "point_labels": 2, "mask_input": 4, "has_mask_input": 1, "orig_im_size": 1}
    inputs = [value(embedding, 4), *extra, *[value(name, rank) for name, rank in ranks.items()]]
    outputs = [value("masks", 4), value("iou_predictions", 2), value("low_res_masks", 4)]
    real = {"four": [4.0], "steep": [-60.0], "half": [0.5], "sharp": [40.0], "is keep": [1.0], "is drop": [0.0]}
    tensors = [tensor(name, np.array(v)) for name, v in real.items()]
    tensors += [whole("turned", [1, 0]), whole("first", [0]), whole("middle", [1, 2]), whole("end", [-1])]
    return model(nodes, inputs, outputs, [*tensors, tensor("two scores", np.array([[0.2, 0.9]]))])

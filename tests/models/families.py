"""Networks of the published geometries, small enough to be made here, under cards otherwise the published ones."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import numpy as np

from mattebox.models.cards import registry
from mattebox.models.cards.card import Card
from mattebox.types import Picture
from tests.models.onnx import FLOAT, clicked_decoder, message, model, node, numbers, tensor, value

RED, GREEN, BLUE = (220, 40, 30), (30, 180, 60), (20, 60, 220)


def blocks() -> Picture:
    """A red and a green block on blue, 200 x 300: red at 30..150 x 40..160, green at 220..280 x 80..140."""
    rgb = np.full((200, 300, 3), BLUE, np.uint8)
    rgb[40:160, 30:150], rgb[80:140, 220:280] = RED, GREEN
    return Picture(rgb)


def stored(card: Card, folder: Path, content: bytes, decoder: bytes | None = None) -> Card:
    """The card, of networks made here that lie in the folder."""
    (folder / "made.onnx").write_bytes(content)
    second = card.decoder
    if second is not None and decoder is not None:
        (folder / "made.decoder.onnx").write_bytes(decoder)
        sha256 = hashlib.sha256(decoder).hexdigest()
        changes = {"weights": "made.decoder.onnx", "sha256": sha256, "md5": "", "url": "", "bytes": 0}
        second = msgspec.structs.replace(second, **changes)
    return msgspec.structs.replace(
        card, weights="made.onnx", sha256=hashlib.sha256(content).hexdigest(), md5="", bytes=0, url="",
        folder=str(folder), decoder=second,
    )  # fmt: skip


def shrinking(layout: str = "nchw", extra: int = 0) -> bytes:
    """An encoder: the means of blocks of 4 x 4 of what it sees, RGB / 255 where the card leaves bytes, and `extra`
    further outputs as SAM 2 has them."""
    steps = numbers("strides", 4, 4)
    kernel = np.zeros((3, 3, 4, 4))
    for i in range(3):
        kernel[i, i] = 1 / 16 / (255 if layout == "hwc" else 1)
    before = {"hwc": [node("Transpose", ["input"], ["turned"], numbers("perm", 2, 0, 1)),
                      node("Unsqueeze", ["turned", "first"], ["one"])],
              "nchw": [node("Identity", ["input"], ["one"])]}[layout]  # fmt: skip
    nodes = [*before, node("Conv", ["one", "kernel"], ["embedding"], steps)]
    names = ["embedding", *[f"feature {i}" for i in range(extra)]]
    nodes += [node("Identity", ["embedding"], [name]) for name in names[1:]]
    axes = message((1, 1), (2, 7), (8, "first"), (9, np.array([0], np.int64).tobytes()))
    inputs = [value("input", 3 if layout == "hwc" else 4)]
    return model(nodes, inputs, [value(n, 4, FLOAT) for n in names], [tensor("kernel", kernel), axes])


def mobile_sam(folder: Path) -> Card:
    return stored(registry.find_card("mobile-sam"), folder, shrinking("hwc"), clicked_decoder())

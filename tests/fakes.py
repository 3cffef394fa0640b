"""A deterministic session without a network, and pictures whose mattes are known exactly."""

from __future__ import annotations

import msgspec
import numpy as np

from mattebox.models.cards.card import Card, Licence
from mattebox.models.cards.registry import MODEL_PRESETS, find_card
from mattebox.models.cards.tensor_spec import Calibration, Input
from mattebox.models.matte_session import Session
from mattebox.types import Floats, ImageShape, Picture

FAKE = Card(
    name="fake",
    task="cutout",
    architecture="Threshold",
    summary="what is redder than blue is subject",
    weights="none.onnx",
    sha256="0" * 64,
    licence=Licence("Apache-2.0", commercial=True),
    input=Input(side=128, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)),
    calibration=Calibration(),
)

OURS = MODEL_PRESETS["balanced"]  # the embedded network
FLOAT = find_card(OURS).origin  # the one it was made of, which can be trained on


def fake_session(**changes: object) -> Session:
    """A session whose subject is where red exceeds blue by a fifth; `changes` are of the card's input."""
    card = msgspec.structs.replace(FAKE, input=msgspec.structs.replace(FAKE.input, **changes))

    def run(x: np.ndarray) -> np.ndarray:
        return (1 / (1 + np.exp(-40 * (x[:, :1] - x[:, 2:] - 0.2)))).astype(np.float32)

    return Session(card, run, "cpu")


def disc(size: ImageShape, softness: float = 1.0) -> Floats:
    """Alpha of a disc in the middle, its edge `softness` pixels wide."""
    height, width = size
    y, x = np.mgrid[:height, :width] + 0.5
    distance = np.hypot(y - height / 2, x - width / 2)
    return np.clip((0.3 * min(size) - distance) / softness + 0.5, 0, 1).astype(np.float32)


def hairy(size: ImageShape, seed: int = 0) -> Floats:
    """Alpha of a disc with a few hundred thin strands standing out of it."""
    rng = np.random.default_rng(seed)
    alpha = disc(size)
    height, width = size
    for _ in range(300):
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(0.02, 0.12) * min(size)
        steps = np.arange(0, length, 0.5)
        bend = angle + rng.normal(0, 0.02) * steps
        y = height / 2 + 0.29 * min(size) * np.sin(angle) + np.cumsum(0.5 * np.sin(bend))
        x = width / 2 + 0.29 * min(size) * np.cos(angle) + np.cumsum(0.5 * np.cos(bend))
        inside = (y >= 0) & (x >= 0) & (y < height - 1) & (x < width - 1)
        alpha[y[inside].astype(int), x[inside].astype(int)] = 1
    return alpha


def mosaic(rgb: np.ndarray, size: ImageShape) -> np.ndarray:
    """A photograph mirrored and repeated to a size: natural detail at native resolution."""
    double = np.concatenate([rgb, rgb[:, ::-1]], 1)
    whole = np.concatenate([double, double[::-1]], 0)
    repeats = -(-size[0] // whole.shape[0]), -(-size[1] // whole.shape[1])
    return np.tile(whole, (*repeats, 1))[: size[0], : size[1]]


def composite(alpha: Floats, front: np.ndarray, back: np.ndarray, depth: int = 8) -> Picture:
    """`front` over `back` (H x W x 3, 0..255, or one colour), exactly blended in encoded values."""
    peak = (1 << depth) - 1
    front, back = (np.broadcast_to(np.asarray(c, np.float64), (*alpha.shape, 3)) / 255 for c in (front, back))
    blended = alpha[..., None] * front + (1 - alpha[..., None]) * back
    return Picture(np.round(blended * peak).astype(np.uint8 if depth == 8 else np.uint16))

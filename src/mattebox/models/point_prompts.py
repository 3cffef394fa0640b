"""Points and boxes -> what the decoder of a model that is asked by points (SAM and its kin) is fed, and its answer.

Kirillov et al. 2023; Ravi et al. 2024. The names of the decoder's inputs are those of SAM's own export, which all
others keep. Arrays in, arrays out; knows nothing of pictures, files or runtimes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.models.cards.card import Decoder
from mattebox.models.instance_masks import within
from mattebox.types import Floats, Geometry

DROP, KEEP, CORNER, OTHER, NONE = 0, 1, 2, 3, -1  # SAM's labels of points
MASK = 256  # side of the mask that may be given as a hint; none is

Point = tuple[float, float]
"""How far right and how far down, 0..1 of the picture."""


@dataclass(frozen=True)
class Prompt:
    """One thing asked for: points on it, points beside it, and if wanted a box around it (two corners)."""

    keep: tuple[Point, ...] = ()
    drop: tuple[Point, ...] = ()
    box: tuple[Point, Point] | None = None


def feeds(prompt: Prompt, place: Geometry) -> dict[str, NDArray[Any]]:
    """The decoder's inputs but the picture's embedding; points in the input's pixels."""
    points = [*prompt.keep, *prompt.drop, *(prompt.box or ((0.0, 0.0),))]
    ends = (CORNER, OTHER) if prompt.box else (NONE,)  # without a box SAM wants a point that is none
    labels = [*(KEEP for _ in prompt.keep), *(DROP for _ in prompt.drop), *ends]
    scale = np.array([place.inner[1], place.inner[0]], np.float32)
    return {
        "point_coords": (np.array(points, np.float32) * scale)[None],
        "point_labels": np.array(labels, np.float32)[None],
        "mask_input": np.zeros((1, 1, MASK, MASK), np.float32),
        "has_mask_input": np.zeros(1, np.float32),
        "orig_im_size": np.array(place.inner, np.float32),
    }


def answer(outputs: Sequence[NDArray[Any]], decoder: Decoder, place: Geometry) -> Floats:
    """The alpha 0..1 of the mask that the decoder is surest of, of the picture without padding. ModelError."""
    if len(outputs) <= max(decoder.masks, decoder.scores) or outputs[decoder.masks].ndim != 4:
        raise ModelError(
            f"the decoder's outputs have the shapes {[o.shape for o in outputs]}",
            "correct masks and scores in the card",
        )
    masks, scores = outputs[decoder.masks][0], outputs[decoder.scores].reshape(-1)
    logits = masks[int(scores[: len(masks)].argmax())].astype(np.float32)
    height, width = within(place, logits.shape)
    alpha: Floats = 1 / (1 + np.exp(-np.clip(logits[:height, :width], -80, 80)))
    return alpha.astype(np.float32)

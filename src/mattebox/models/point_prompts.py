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
from mattebox.models.instance_masks import unpadded_grid_size
from mattebox.types import Floats, LetterboxGeometry

BACKGROUND_LABEL, FOREGROUND_LABEL, BOX_TOP_LEFT_LABEL, BOX_BOTTOM_RIGHT_LABEL, PADDING_LABEL = (
    0,
    1,
    2,
    3,
    -1,
)  # SAM's labels of points
MASK_PROMPT_SIDE_PIXELS = 256  # side of the mask that may be given as a hint; none is

RelativePoint = tuple[float, float]
"""How far right and how far down, 0..1 of the picture."""


@dataclass(frozen=True)
class PointPrompt:
    """One thing asked for: points on it, points beside it, and if wanted a box around it (two corners)."""

    foreground_points: tuple[RelativePoint, ...] = ()
    background_points: tuple[RelativePoint, ...] = ()
    box: tuple[RelativePoint, RelativePoint] | None = None


def decoder_inputs(prompt: PointPrompt, geometry: LetterboxGeometry) -> dict[str, NDArray[Any]]:
    """The decoder's inputs but the picture's embedding; points in the input's pixels."""
    points = [*prompt.foreground_points, *prompt.background_points, *(prompt.box or ((0.0, 0.0),))]
    ends = (
        (BOX_TOP_LEFT_LABEL, BOX_BOTTOM_RIGHT_LABEL) if prompt.box else (PADDING_LABEL,)
    )  # without a box SAM wants a point that is none
    labels = [
        *(FOREGROUND_LABEL for _ in prompt.foreground_points),
        *(BACKGROUND_LABEL for _ in prompt.background_points),
        *ends,
    ]
    scale = np.array([geometry.content_shape[1], geometry.content_shape[0]], np.float32)
    return {
        "point_coords": (np.array(points, np.float32) * scale)[None],
        "point_labels": np.array(labels, np.float32)[None],
        "mask_input": np.zeros((1, 1, MASK_PROMPT_SIDE_PIXELS, MASK_PROMPT_SIDE_PIXELS), np.float32),
        "has_mask_input": np.zeros(1, np.float32),
        "orig_im_size": np.array(geometry.content_shape, np.float32),
    }


def decode_best_mask(outputs: Sequence[NDArray[Any]], decoder: Decoder, geometry: LetterboxGeometry) -> Floats:
    """The alpha 0..1 of the mask that the decoder is surest of, of the picture without padding. ModelError."""
    if len(outputs) <= max(decoder.masks, decoder.scores) or outputs[decoder.masks].ndim != 4:
        raise ModelError(
            f"the decoder's outputs have the shapes {[o.shape for o in outputs]}",
            "correct masks and scores in the card",
        )
    masks, scores = outputs[decoder.masks][0], outputs[decoder.scores].reshape(-1)
    logits = masks[int(scores[: len(masks)].argmax())].astype(np.float32)
    height, width = unpadded_grid_size(geometry, logits.shape)
    alpha: Floats = 1 / (1 + np.exp(-np.clip(logits[:height, :width], -80, 80)))
    return alpha.astype(np.float32)

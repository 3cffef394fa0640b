"""Point and box prompts of promptable models (SAM): inputs of the mask decoder, and decoding of its masks.

Kirillov et al. 2023; Ravi et al. 2024. The decoder's inputs have the names of SAM's own export, which others keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.activations import sigmoid
from mattebox.errors import ModelError
from mattebox.models.cards.card import Decoder
from mattebox.models.preprocess import unpadded_grid_shape
from mattebox.types import Floats, LetterboxGeometry

# SAM's labels of points
BACKGROUND_LABEL, FOREGROUND_LABEL, BOX_TOP_LEFT_LABEL, BOX_BOTTOM_RIGHT_LABEL, PADDING_LABEL = 0, 1, 2, 3, -1
MASK_PROMPT_SIDE_PIXELS = 256  # of the mask prompt, which is not used

RelativePoint = tuple[float, float]
"""x and y, 0..1 of the picture's width and height."""


@dataclass(frozen=True)
class PointPrompt:
    """A prompt for one object: points on it, points beside it, and an optional box around it (two corners)."""

    foreground_points: tuple[RelativePoint, ...] = ()
    background_points: tuple[RelativePoint, ...] = ()
    box: tuple[RelativePoint, RelativePoint] | None = None


def decoder_inputs(prompt: PointPrompt, geometry: LetterboxGeometry) -> dict[str, NDArray[Any]]:
    """Convert a prompt to the decoder's inputs by name, all but the picture's embedding."""
    points = [*prompt.foreground_points, *prompt.background_points, *(prompt.box or ((0.0, 0.0),))]
    # without a box SAM expects one point labelled as padding
    box_labels = (BOX_TOP_LEFT_LABEL, BOX_BOTTOM_RIGHT_LABEL) if prompt.box else (PADDING_LABEL,)
    labels = [
        *(FOREGROUND_LABEL for _ in prompt.foreground_points),
        *(BACKGROUND_LABEL for _ in prompt.background_points),
        *box_labels,
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
    """Decode the mask with the highest score.

    Parameters
    ----------
    outputs : sequence of arrays
        Among them mask logits 1 x N x h x w and scores 1 x N, at the places that the card's `decoder` names.
    geometry : LetterboxGeometry
        Place of the picture in the input of the image encoder.

    Returns
    -------
    h x w float32
        Alpha 0..1 of the picture, without padding.

    Raises
    ------
    ModelError
        The outputs have other shapes.
    """
    if len(outputs) <= max(decoder.masks, decoder.scores) or outputs[decoder.masks].ndim != 4:
        raise ModelError(
            f"the decoder's outputs have the shapes {[o.shape for o in outputs]}",
            "correct masks and scores in the card",
        )
    masks, scores = outputs[decoder.masks][0], outputs[decoder.scores].reshape(-1)
    logits = masks[int(scores[: len(masks)].argmax())].astype(np.float32)
    height, width = unpadded_grid_shape(geometry, logits.shape)
    return sigmoid(logits[:height, :width])

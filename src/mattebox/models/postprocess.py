"""Postprocessing: a network's output tensor -> alpha, as the card's `Output` describes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.activations import sigmoid
from mattebox.errors import ModelError
from mattebox.io import resampling
from mattebox.models.cards.tensor_spec import Output
from mattebox.types import Floats, ImageShape, LetterboxGeometry


def enlarge_output(spec: Output, y: NDArray[np.float32], input_shape: ImageShape, model: str) -> NDArray[np.float32]:
    """Enlarge an output to the input's size.

    Parameters
    ----------
    spec : Output
        The card's description of the output.
    y : 1 x C x h x w float32
        The output, at 1 / `spec.scale` of the input's size.
    input_shape : (int, int)
        Height and width of the input.
    model : str
        Name of the model, for the error message.

    Raises
    ------
    ModelError
        The output has another shape.
    """
    height, width = input_shape
    shape = (1, spec.plane_count, height // spec.scale, width // spec.scale)
    if y.shape != shape:
        raise ModelError(f"model {model} gave {y.shape}", f"it must give {shape}; correct its card")
    if spec.scale == 1:
        return y
    return np.stack([resampling.enlarge(plane, input_shape, "bilinear") for plane in y[0]])[None]


def output_to_alpha(spec: Output, y: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convert an output of the input's size to alpha.

    Returns
    -------
    1 x 1 x H x W float32
        Alpha 0..1; with `spec.presence` a second plane with the presence, the same everywhere.
    """
    if spec.values == "alpha":
        return y
    if spec.values == "logits":
        return sigmoid(y)
    subject_classes = [spec.classes.index(name) for name in spec.subject]
    if spec.values == "shares":
        probability: NDArray[np.float32] = y[:, subject_classes].sum(axis=1, keepdims=True)
        return probability
    return np.isin(y.argmax(axis=1, keepdims=True), subject_classes).astype(np.float32)


def crop_alpha(y: NDArray[np.float32], geometry: LetterboxGeometry) -> Floats:
    """Cut the padding off the alpha plane of 1 x C x H x W, and clip it to 0..1; returns h x w."""
    height, width = geometry.content_shape
    return np.clip(y[0, 0, :height, :width], 0.0, 1.0).astype(np.float32)

"""Normalisation of a network's input by the mean and standard deviation of ImageNet's colours.

Needs no torch by itself, so that ONNX networks can be evaluated without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # sRGB, 0..1


def normalise_rgb(rgb: Tensor) -> Tensor:
    """Normalise pictures N x 3 x H x W, sRGB 0..1."""
    mean, std = (rgb.new_tensor(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
    return (rgb - mean) / std

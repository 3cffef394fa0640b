"""Instances: the subjects that a network tells apart, each with its class, score, box and coarse alpha."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Box, Floats, ImageShape

MASK_THRESHOLD = 0.5  # alpha above which a pixel belongs to the instance
MAX_QUANTISED_ALPHA = 65535  # alphas are rounded to this many steps, so that cached and fresh ones are equal


@dataclass(frozen=True, eq=False)
class Instance:
    """One instance.

    Attributes
    ----------
    label : str
        Name of its class.
    score : float
        The network's confidence, 0..1.
    box : (int, int, int, int)
        Left, top, right, bottom in pixels of the picture.
    alpha : h x w float32
        0..1, of the full picture, at a lower resolution.
    """

    label: str
    score: float
    box: Box
    alpha: Floats = field(repr=False)

    @property
    def area_share(self) -> float:
        """Share of the picture that it covers, 0..1."""
        return float((self.alpha > MASK_THRESHOLD).mean())


def union_alpha(instances: Sequence[Instance], shape: ImageShape) -> Floats:
    """Alpha of all instances together; zeros of `shape` where there are none."""
    return np.maximum.reduce([i.alpha for i in instances]) if instances else np.zeros(shape, np.float32)


def pack_instances(instances: Sequence[Instance]) -> dict[str, NDArray[Any]]:
    """Convert instances to named arrays, for the result cache."""
    alphas = [quantise_alpha(i.alpha) for i in instances]
    return {
        "alphas": np.stack(alphas) if alphas else np.zeros((0, 1, 1), np.uint16),
        "boxes": np.array([i.box for i in instances], np.uint32).reshape(-1, 4),
        "scores": np.array([round(i.score * MAX_QUANTISED_ALPHA) for i in instances], np.uint16),
        "labels": np.frombuffer("\n".join(i.label for i in instances).encode(), np.uint8),
    }


def unpack_instances(arrays: Mapping[str, NDArray[Any]]) -> list[Instance]:
    """Convert the arrays of `pack_instances` back to instances."""
    labels = arrays["labels"].tobytes().decode().split("\n")
    instances = []
    for i, alpha in enumerate(arrays["alphas"]):
        left, top, right, bottom = (int(v) for v in arrays["boxes"][i])
        score = int(arrays["scores"][i]) / MAX_QUANTISED_ALPHA
        instances.append(Instance(labels[i], score, (left, top, right, bottom), dequantise_alpha(alpha)))
    return instances


def quantise_alpha(alpha: Floats) -> NDArray[np.uint16]:
    """Round alpha, 0..1, to uint16."""
    return np.rint(alpha * MAX_QUANTISED_ALPHA).astype(np.uint16)


def dequantise_alpha(alpha: NDArray[Any]) -> Floats:
    """Convert uint16 alpha back to 0..1."""
    return np.asarray(alpha / np.float32(MAX_QUANTISED_ALPHA), np.float32)

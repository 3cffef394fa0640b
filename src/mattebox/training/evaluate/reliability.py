"""Does confidence mean what it says? Expected calibration error and the diagram's bins.

Guo et al., On Calibration of Modern Neural Networks (2017), with the IoU reached in place of being right. Knows
nothing of pictures or networks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Pictures whose confidence lies in one tenth: how many, their mean confidence and mean IoU."""

    count: int
    confidence: float
    reached: float


def bins(confidence: NDArray[np.float64], reached: NDArray[np.float64]) -> list[Bin]:
    """The occupied tenths of 0..1, in order."""
    tenth = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        Bin(int((tenth == k).sum()), float(confidence[tenth == k].mean()), float(reached[tenth == k].mean()))
        for k in np.unique(tenth)
    ]


def calibration_error(diagram: list[Bin]) -> float:
    """Mean gap between confidence and IoU, weighted by pictures: 0 is perfect."""
    return sum(b.count * abs(b.confidence - b.reached) for b in diagram) / sum(b.count for b in diagram)

"""Does confidence mean what it says? Expected calibration error and the diagram's bins.

Guo et al., On Calibration of Modern Neural Networks (2017), with the IoU reached in place of being right. Knows
nothing of pictures or networks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BIN_COUNT = 10


@dataclass(frozen=True)
class ReliabilityBin:
    """Pictures whose confidence lies in one tenth: how many, their mean confidence and mean IoU."""

    count: int
    confidence: float
    reached: float


def bin_by_confidence(confidence: NDArray[np.float64], actual_iou: NDArray[np.float64]) -> list[ReliabilityBin]:
    """The occupied tenths of 0..1, in order."""
    tenth = np.minimum((confidence * BIN_COUNT).astype(int), BIN_COUNT - 1)
    return [
        ReliabilityBin(
            int((tenth == k).sum()), float(confidence[tenth == k].mean()), float(actual_iou[tenth == k].mean())
        )
        for k in np.unique(tenth)
    ]


def calibration_error(diagram: list[ReliabilityBin]) -> float:
    """Mean gap between confidence and IoU, weighted by pictures: 0 is perfect."""
    return sum(b.count * abs(b.confidence - b.reached) for b in diagram) / sum(b.count for b in diagram)

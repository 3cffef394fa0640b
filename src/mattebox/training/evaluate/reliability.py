"""Reliability of the confidence: reliability diagram and expected calibration error.

After Guo et al. (2017), On Calibration of Modern Neural Networks, with the IoU reached in place of the accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BIN_COUNT = 10


@dataclass(frozen=True)
class ReliabilityBin:
    """Pictures whose confidence lies in one tenth of 0..1: their number, mean confidence and mean IoU."""

    count: int
    confidence: float
    reached: float


def bin_by_confidence(confidence: NDArray[np.float64], actual_iou: NDArray[np.float64]) -> list[ReliabilityBin]:
    """Bins of a reliability diagram, without empty ones, in order."""
    tenth = np.minimum((confidence * BIN_COUNT).astype(int), BIN_COUNT - 1)
    members = [tenth == k for k in np.unique(tenth)]
    return [ReliabilityBin(int(m.sum()), float(confidence[m].mean()), float(actual_iou[m].mean())) for m in members]


def calibration_error(diagram: list[ReliabilityBin]) -> float:
    """Expected calibration error: mean gap between confidence and IoU, weighted by pictures."""
    return sum(b.count * abs(b.confidence - b.reached) for b in diagram) / sum(b.count for b in diagram)

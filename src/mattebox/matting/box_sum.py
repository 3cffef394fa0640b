"""Sums over square windows around every pixel."""

from __future__ import annotations

import numpy as np

from mattebox.types import Floats


def box_sum(planes: Floats, radius: int) -> Floats:
    """Sums of ... x H x W planes over windows of side 2 * radius + 1, zeros outside."""
    for axis in (planes.ndim - 2, planes.ndim - 1):
        padded = np.pad(planes, [(radius, radius) if a == axis else (0, 0) for a in range(planes.ndim)])
        length = planes.shape[axis]
        shifts = (*range(1, 2 * radius + 1), 0)
        planes = np.asarray(sum(np.take(padded, range(i, i + length), axis) for i in shifts), np.float32)
    return planes

"""Ramps between 0 and 1, by which effects and confidences fade."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", np.float32, np.float64)


def fade_out(value: float, start: float, stop: float) -> float:
    """1 up to `start`, 0 from `stop` on, linear in between."""
    return float(np.clip((stop - value) / (stop - start), 0, 1))


def smoothstep(x: NDArray[F], width: float) -> NDArray[F]:
    """0 below 0, 1 above `width`, with the slope 0 at both ends."""
    t = np.clip(x / width, 0, 1)
    ramp: NDArray[F] = t * t * (3 - 2 * t)
    return ramp

"""Shapes of an aperture as convolution kernels: a disc, 5 to 9 straight blades, and an anamorphic ellipse."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats, Mask

SUPERSAMPLING = 8  # samples of a pixel along each axis
ANAMORPHIC_SQUEEZE = 0.5  # width of an anamorphic lens's ellipse, of its height
BLADE_COUNTS = {"5": 5, "6": 6, "7": 7, "8": 8, "9": 9}
Coordinates: TypeAlias = NDArray[np.float64]
APERTURE_SHAPES = ("disc", *BLADE_COUNTS, "anamorphic")


@lru_cache(maxsize=64)
def aperture_kernel(shape: str, radius: float) -> Floats:
    """The image of a point that is out of focus.

    Parameters
    ----------
    shape : str
        One of APERTURE_SHAPES; a number is a regular polygon with so many straight blades, one corner up.
    radius : float
        Of the circle around it, in pixels.

    Returns
    -------
    (2 n + 1, 2 n + 1) float32
        Sums to 1; the shares of border pixels are their covered areas.
    """
    reach = int(np.ceil(radius - 0.5)) if radius > 0.5 else 0
    count = (2 * reach + 1) * SUPERSAMPLING
    positions = (np.arange(count) + 0.5) / SUPERSAMPLING - reach - 0.5
    y, x = positions[:, None], positions[None, :]
    inside = _is_inside(shape, x, y, max(radius, 0.5)).astype(np.float64)
    side = 2 * reach + 1
    covered = inside.reshape(side, SUPERSAMPLING, side, SUPERSAMPLING).mean((1, 3))
    kernel: Floats = (covered / covered.sum()).astype(np.float32)
    kernel.flags.writeable = False
    return kernel


def _is_inside(shape: str, x: Coordinates, y: Coordinates, radius: float) -> Mask:
    """Which of the points lie inside the aperture."""
    inside: Mask
    if shape == "disc":
        inside = x**2 + y**2 <= radius**2
    elif shape == "anamorphic":
        inside = (x / ANAMORPHIC_SQUEEZE) ** 2 + y**2 <= radius**2
    else:
        sector = 2 * np.pi / BLADE_COUNTS[shape]
        from_middle = np.arctan2(x, -y) % sector - sector / 2  # angle from the middle of a blade; 0 is up, a corner
        inside = np.hypot(x, y) * np.cos(from_middle) <= radius * np.cos(sector / 2)
    return inside

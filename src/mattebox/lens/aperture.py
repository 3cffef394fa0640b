"""Shapes of an aperture as convolution kernels, of which some change over the frame.

A disc, 5 to 9 straight blades, and an anamorphic ellipse are the same everywhere. Towards the corners a lens's barrel
cuts the disc to a cat's eye (the overlap of two discs), and an old portrait lens squeezes it until the background
swirls around the middle.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats, Mask

SUPERSAMPLING = 8  # samples of a pixel along each axis
ANAMORPHIC_SQUEEZE = 0.5  # width of an anamorphic lens's ellipse, of its height
CATS_EYE_SHIFT = 0.9  # of the two discs in the corners, in radii
SWIRL_SQUEEZE = 0.65  # by how much the ellipse is narrower along the radius in the corners
BLADE_COUNTS = {"5": 5, "6": 6, "7": 7, "8": 8, "9": 9}
VARYING_SHAPES = ("cats-eye", "swirl")
APERTURE_SHAPES = ("disc", *BLADE_COUNTS, "anamorphic", *VARYING_SHAPES)

Coordinates: TypeAlias = NDArray[np.float64]


class FramePlace(NamedTuple):
    """A place in the frame, from its middle: (0, 0), to its corners, which lie at a distance of 1."""

    x: float
    y: float


MIDDLE_OF_FRAME = FramePlace(0, 0)


@lru_cache(maxsize=256)
def aperture_kernel(shape: str, radius: float, place: FramePlace = MIDDLE_OF_FRAME) -> Floats:
    """The image of a point that is out of focus.

    Parameters
    ----------
    shape : str
        One of APERTURE_SHAPES; a number is a regular polygon with so many straight blades, one corner up.
    radius : float
        Of the circle around it, in pixels.
    place : FramePlace
        Where the point lies; it matters to VARYING_SHAPES only.

    Returns
    -------
    (2 n + 1, 2 n + 1) float32
        Sums to 1; the shares of border pixels are their covered areas.
    """
    reach = int(np.ceil(radius - 0.5)) if radius > 0.5 else 0
    count = (2 * reach + 1) * SUPERSAMPLING
    positions = (np.arange(count) + 0.5) / SUPERSAMPLING - reach - 0.5
    y, x = positions[:, None], positions[None, :]
    inside = _is_inside(shape, x, y, max(radius, 0.5), place).astype(np.float64)
    side = 2 * reach + 1
    covered = inside.reshape(side, SUPERSAMPLING, side, SUPERSAMPLING).mean((1, 3))
    kernel: Floats = (covered / covered.sum()).astype(np.float32)
    kernel.flags.writeable = False
    return kernel


def _is_inside(shape: str, x: Coordinates, y: Coordinates, radius: float, place: FramePlace) -> Mask:
    """Which of the points lie inside the aperture."""
    inside: Mask
    if shape == "disc":
        inside = x**2 + y**2 <= radius**2
    elif shape == "anamorphic":
        inside = (x / ANAMORPHIC_SQUEEZE) ** 2 + y**2 <= radius**2
    elif shape == "cats-eye":
        shift = CATS_EYE_SHIFT / 2 * radius
        inside = np.hypot(x - shift * place.x, y - shift * place.y) <= radius
        inside &= np.hypot(x + shift * place.x, y + shift * place.y) <= radius
    elif shape == "swirl":
        distance, angle = float(np.hypot(*place)), np.arctan2(place.y, place.x)
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        inside = (along / (1 - SWIRL_SQUEEZE * min(1.0, distance))) ** 2 + across**2 <= radius**2
    else:
        sector = 2 * np.pi / BLADE_COUNTS[shape]
        from_middle = np.arctan2(x, -y) % sector - sector / 2  # angle from the middle of a blade; 0 is up, a corner
        inside = np.hypot(x, y) * np.cos(from_middle) <= radius * np.cos(sector / 2)
    return inside

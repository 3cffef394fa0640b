"""Lights by temperature, and the matrix that makes one light's white another's: Planck's locus and Bradford's cones.

A light is the linear RGB of a white sheet in it, green = 1, in a picture's own space. Knows nothing of pixels.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.linear_light import Matrix, Space
from mattebox.errors import UsageError

COOLEST, HOTTEST = 2000, 25000  # kelvin
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
DAY = 6504  # kelvin of sRGB's white
PAPER = np.array([0.96422, 1, 0.82521])  # XYZ of a profile's white, D50


def of_temperature(kelvin: float, space: Space) -> Matrix:
    """The light of a black body (locus by Kim et al. 2002), relative to one of DAY, which is
    white. UsageError outside COOLEST..HOTTEST."""
    if not COOLEST <= kelvin <= HOTTEST:
        raise UsageError(
            f"{kelvin:g}K is no usable temperature of light", f"give {COOLEST}K to {HOTTEST}K, such as 5500K"
        )
    cones = (BRADFORD @ _locus(kelvin)) / (BRADFORD @ _locus(DAY)) * (BRADFORD @ PAPER)
    xyz = np.linalg.inv(BRADFORD) @ cones
    rgb = np.maximum(np.linalg.solve(space.matrix, xyz), 0.01)
    return np.asarray(rgb / rgb[1])


def adaptation(light: Matrix, space: Space) -> Matrix:
    """Linear RGB -> the same surfaces under the space's own white (Bradford); the light's luminance is kept."""
    cones = BRADFORD @ space.matrix
    light = light / (space.matrix[1] @ light) * space.matrix[1].sum()
    before, after = cones @ light, cones @ np.ones(3)
    return np.asarray(np.linalg.inv(cones) @ np.diag(after / np.maximum(before, 1e-3)) @ cones)


def degrees(one: Matrix, other: Matrix) -> float:
    """The angle between two lights: how colour constancy is measured."""
    cosine = one @ other / (np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _locus(kelvin: float) -> Matrix:
    t = 1000 / kelvin
    warm, cool = (-0.2661239, -0.2343589, 0.8776956, 0.17991), (-3.0258469, 2.1070379, 0.2226347, 0.24039)
    x = float(np.polyval(warm if kelvin < 4000 else cool, t))
    low, mid = (-1.1063814, -1.3481102, 2.18555832, -0.20219683), (-0.9549476, -1.37418593, 2.09137015, -0.16748867)
    high = (3.081758, -5.8733867, 3.75112997, -0.37001483)
    y = float(np.polyval(low if kelvin < 2222 else mid if kelvin < 4000 else high, x))
    return np.array([x / y, 1, (1 - x - y) / y])

"""Lights by temperature, and the matrix that makes one light's white another's: Planck's locus and Bradford's cones.

A light is the linear RGB of a white sheet in it, green = 1, in a picture's own space. Knows nothing of pixels.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.linear_light import ColourSpace, Float64Array
from mattebox.errors import UsageError

MIN_KELVIN, MAX_KELVIN = 2000, 25000  # kelvin
BRADFORD_MATRIX = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
SRGB_WHITE_KELVIN = 6504  # kelvin of sRGB's white
D50_WHITE_XYZ = np.array([0.96422, 1, 0.82521])  # XYZ of a profile's white, D50


def light_from_kelvin(kelvin: float, space: ColourSpace) -> Float64Array:
    """The light of a black body (locus by Kim et al. 2002), relative to one of DAY, which is
    white. UsageError outside COOLEST..HOTTEST."""
    if not MIN_KELVIN <= kelvin <= MAX_KELVIN:
        raise UsageError(
            f"{kelvin:g}K is no usable temperature of light", f"give {MIN_KELVIN}K to {MAX_KELVIN}K, such as 5500K"
        )
    cones = (
        (BRADFORD_MATRIX @ _planckian_locus_xyz(kelvin))
        / (BRADFORD_MATRIX @ _planckian_locus_xyz(SRGB_WHITE_KELVIN))
        * (BRADFORD_MATRIX @ D50_WHITE_XYZ)
    )
    xyz = np.linalg.inv(BRADFORD_MATRIX) @ cones
    rgb = np.maximum(np.linalg.solve(space.rgb_to_xyz, xyz), 0.01)
    return np.asarray(rgb / rgb[1])


def bradford_adaptation_matrix(light: Float64Array, space: ColourSpace) -> Float64Array:
    """Linear RGB -> the same surfaces under the space's own white (Bradford); the light's luminance is kept."""
    cones = BRADFORD_MATRIX @ space.rgb_to_xyz
    light = light / (space.rgb_to_xyz[1] @ light) * space.rgb_to_xyz[1].sum()
    before, after = cones @ light, cones @ np.ones(3)
    return np.asarray(np.linalg.inv(cones) @ np.diag(after / np.maximum(before, 1e-3)) @ cones)


def angular_error_degrees(one: Float64Array, other: Float64Array) -> float:
    """The angle between two lights: how colour constancy is measured."""
    cosine = one @ other / (np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _planckian_locus_xyz(kelvin: float) -> Float64Array:
    t = 1000 / kelvin
    warm, cool = (-0.2661239, -0.2343589, 0.8776956, 0.17991), (-3.0258469, 2.1070379, 0.2226347, 0.24039)
    x = float(np.polyval(warm if kelvin < 4000 else cool, t))
    low, mid = (-1.1063814, -1.3481102, 2.18555832, -0.20219683), (-0.9549476, -1.37418593, 2.09137015, -0.16748867)
    high = (3.081758, -5.8733867, 3.75112997, -0.37001483)
    y = float(np.polyval(low if kelvin < 2222 else mid if kelvin < 4000 else high, x))
    return np.array([x / y, 1, (1 - x - y) / y])

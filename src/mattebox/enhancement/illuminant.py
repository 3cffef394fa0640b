"""Illuminants: colours of light by temperature and by log chromaticity, and chromatic adaptation between them.

An illuminant is the linear RGB of a white sheet in its light, green = 1, in a picture's own colour space.
"""

from __future__ import annotations

import numpy as np

from mattebox.enhancement.colour_space import ColourSpace, Float64Array
from mattebox.errors import UsageError

NEUTRAL_LIGHT = np.ones(3)
MIN_KELVIN, MAX_KELVIN = 2000, 25000
SRGB_WHITE_KELVIN = 6504
D50_WHITE_XYZ = np.array([0.96422, 1, 0.82521])  # the white of ICC profiles
BRADFORD_MATRIX = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
MAX_LOG_CHROMATICITY = 1.2  # no illuminant is farther from white


def check_kelvin(kelvin: float) -> None:
    """UsageError for a temperature outside the usable range."""
    if not MIN_KELVIN <= kelvin <= MAX_KELVIN:
        raise UsageError(
            f"{kelvin:g}K is not a usable colour temperature", f"give {MIN_KELVIN}K to {MAX_KELVIN}K, such as 5500K"
        )


def light_from_kelvin(kelvin: float, space: ColourSpace) -> Float64Array:
    """The illuminant of a black body, relative to daylight at 6504 K, which is white (Planckian locus by Kim et al.
    2002). UsageError outside the usable range."""
    check_kelvin(kelvin)
    cones = (
        (BRADFORD_MATRIX @ _planckian_locus_xyz(kelvin))
        / (BRADFORD_MATRIX @ _planckian_locus_xyz(SRGB_WHITE_KELVIN))
        * (BRADFORD_MATRIX @ D50_WHITE_XYZ)
    )
    xyz = np.linalg.inv(BRADFORD_MATRIX) @ cones
    rgb = np.maximum(np.linalg.solve(space.rgb_to_xyz, xyz), 0.01)
    return np.asarray(rgb / rgb[1])


def bradford_adaptation_matrix(light: Float64Array, space: ColourSpace) -> Float64Array:
    """3 x 3: linear RGB under an illuminant -> the same surfaces under the space's own white; luminance is kept."""
    cones = BRADFORD_MATRIX @ space.rgb_to_xyz
    light = light / (space.rgb_to_xyz[1] @ light) * space.rgb_to_xyz[1].sum()
    source, target = cones @ light, cones @ np.ones(3)
    return np.asarray(np.linalg.inv(cones) @ np.diag(target / np.maximum(source, 1e-3)) @ cones)


def angular_error_degrees(estimate: Float64Array, reference: Float64Array) -> float:
    """The angle between two illuminants, the usual measure of colour constancy."""
    cosine = estimate @ reference / (np.linalg.norm(estimate) * np.linalg.norm(reference))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def log_chromaticity(light: Float64Array) -> Float64Array:
    """(log red/green, log blue/green), clipped to what illuminants have."""
    light = np.maximum(light, 1e-4)
    return np.asarray(np.clip(np.log(light[[0, 2]] / light[1]), -MAX_LOG_CHROMATICITY, MAX_LOG_CHROMATICITY))


def light_from_log_chromaticity(chromaticity: Float64Array) -> Float64Array:
    """The inverse of `log_chromaticity`."""
    return np.array([np.exp(chromaticity[0]), 1, np.exp(chromaticity[1])])


def _planckian_locus_xyz(kelvin: float) -> Float64Array:
    t = 1000 / kelvin
    warm, cool = (-0.2661239, -0.2343589, 0.8776956, 0.17991), (-3.0258469, 2.1070379, 0.2226347, 0.24039)
    x = float(np.polyval(warm if kelvin < 4000 else cool, t))
    low, mid = (-1.1063814, -1.3481102, 2.18555832, -0.20219683), (-0.9549476, -1.37418593, 2.09137015, -0.16748867)
    high = (3.081758, -5.8733867, 3.75112997, -0.37001483)
    y = float(np.polyval(low if kelvin < 2222 else mid if kelvin < 4000 else high, x))
    return np.array([x / y, 1, (1 - x - y) / y])

"""Tone curves and primaries of matrix/TRC RGB profiles, read from their tags.

Profiles of monitors, cameras and photo software hold three curves and a 3 x 3 matrix to XYZ under D50 (ICC.1:2022,
9.2 and 10.18). Profiles that hold only lookup tables have no matrix shaper.
"""

from __future__ import annotations

import functools
import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.core.srgb import decode_srgb

CURVE_SAMPLES = 4096
SRGB_TO_XYZ_D50 = np.array([
    [0.4360747, 0.3850649, 0.1430804],
    [0.2225045, 0.7168786, 0.0606169],
    [0.0139322, 0.0971045, 0.7141733],
])  # fmt: skip


class MatrixShaper(NamedTuple):
    """`matrix` (3 x 3) takes linear RGB to XYZ under D50; `tone_curves` (3 x CURVE_SAMPLES) is linear light, 0..1, at
    equally spaced encoded values."""

    matrix: NDArray[np.float64]
    tone_curves: NDArray[np.float64]


@functools.lru_cache(maxsize=16)
def read_matrix_shaper(profile: bytes | None) -> MatrixShaper | None:
    """The matrix shaper of an RGB profile (None = sRGB); None when the profile has none that can be read."""
    if profile is None:
        return srgb_matrix_shaper()
    try:
        tags = _read_tags(profile)
        columns = [_parse_xyz(tags[f"{c}XYZ".encode()]) for c in "rgb"]
        curves = np.stack([_sample_curve(tags[f"{c}TRC".encode()]) for c in "rgb"])
    except (KeyError, struct.error, IndexError, ValueError, OverflowError):
        return None
    matrix = np.stack(columns, axis=1)
    rising = (np.diff(curves, axis=1) >= 0).all() and (curves[:, -1] > curves[:, 0]).all()
    if not rising or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-4:
        return None
    return MatrixShaper(matrix, curves)


@functools.lru_cache(maxsize=1)
def srgb_matrix_shaper() -> MatrixShaper:
    """The matrix shaper of sRGB."""
    curve = decode_srgb(np.linspace(0, 1, CURVE_SAMPLES))
    return MatrixShaper(SRGB_TO_XYZ_D50, np.stack([curve] * 3))


def _read_tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    tags = {}
    for i in range(min(count, 100)):
        name, at, length = struct.unpack_from(">4sII", profile, 132 + 12 * i)
        tags[name] = profile[at : at + length]
    return tags


def _parse_xyz(tag: bytes) -> NDArray[np.float64]:
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _sample_curve(tag: bytes) -> NDArray[np.float64]:
    """Sample a curveType or parametricCurveType (ICC.1:2022, 10.6 and 10.18)."""
    x = np.linspace(0, 1, CURVE_SAMPLES)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count <= 1:
            return x if count == 0 else np.asarray(x ** (struct.unpack_from(">H", tag, 12)[0] / 256))
        table = np.frombuffer(tag, ">u2", count, 12) / 65535
        return np.interp(x, np.linspace(0, 1, count), table)
    if tag[:4] != b"para":
        raise ValueError(f"a curve of type {tag[:4]!r}")
    (kind,) = struct.unpack_from(">H", tag, 8)
    g, *rest = (v / 65536 for v in struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}i", tag, 12))
    a, b, c, d, e, f = _expand_parametric(kind, rest)
    power = np.maximum(a * x + b, 0) ** g + e
    return np.clip(np.where(x >= d, power, c * x + f), 0, 1)


def _expand_parametric(function_type: int, parameters: list[float]) -> tuple[float, ...]:
    """Parameters of any parametric curve in its most general form: (a x + b)^g + e from d on, c x + f below."""
    if function_type == 0:
        return 1, 0, 0, 0, 0, 0
    a, b = parameters[:2]
    if function_type == 1:
        return a, b, 0, -b / a, 0, 0
    if function_type == 2:
        return a, b, 0, -b / a, parameters[2], parameters[2]
    c, d = parameters[2:4]
    return (a, b, c, d, 0, 0) if function_type == 3 else (a, b, c, d, parameters[4], parameters[5])

"""ICC profiles built from primaries, a white point and a tone curve (ICC.1:2022, 7 and 10).

Matrix/TRC profiles of version 4.4, under D50 by the Bradford transform. Files that describe their colours in another
way than by ICC, such as PNG cICP and gAMA, get one on reading (`io.colour_signalling`).
"""

from __future__ import annotations

import functools
import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

D65 = (0.3127, 0.3290)
D50_XYZ = (0.9642, 1.0, 0.8249)
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])

# g, a, b, c, d of (a x + b)^g from d on, c x below (IEC 61966-2-1)
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


class Primaries(NamedTuple):
    """Chromaticities x, y of red, green, blue and white."""

    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]
    white: tuple[float, float] = D65


class CodingPoints(NamedTuple):
    """Colour primaries and transfer characteristics by their numbers in ITU-T H.273."""

    primaries: int
    transfer: int


BT709 = Primaries((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ACES_WHITE = (0.32168, 0.33767)
AP0 = Primaries((0.7347, 0.2653), (0.0, 1.0), (0.0001, -0.0770), ACES_WHITE)  # SMPTE ST 2065-1
AP1 = Primaries((0.713, 0.293), (0.165, 0.830), (0.128, 0.044), ACES_WHITE)  # of ACEScg, S-2014-004
ADOBE_RGB = Primaries((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
ADOBE_RGB_GAMMA = 2 + 51 / 256


def build_rgb_profile(
    description: str, primaries: Primaries, curve: bytes, signal: CodingPoints | None = None
) -> bytes:
    """Build an RGB profile.

    Parameters
    ----------
    description
        The name that programs show, in ASCII.
    primaries
        Chromaticities of the colorants and the white point.
    curve
        A curve tag of `gamma_curve`, `srgb_curve` or `sampled_curve`.
    signal
        Coding points for programs that show high dynamic range; they take precedence over the curve.

    Raises
    ------
    ValueError
        The primaries span no triangle.
    """
    matrix = rgb_to_xyz_d50(primaries)
    colorants = {f"{c}XYZ".encode(): _xyz_tag(matrix[:, i]) for i, c in enumerate("rgb")}
    tags = {b"desc": _text_tag(description), b"cprt": _text_tag("CC0"), b"wtpt": _xyz_tag(np.array(D50_XYZ))}
    tags |= {b"chad": _fixed_tag(b"sf32", adaptation_matrix(primaries.white))}
    tags |= colorants | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    if signal is not None:
        tags[b"cicp"] = b"cicp" + struct.pack(">I4B", 0, *signal, 0, 1)
    return build_profile(b"RGB ", tags)


def build_profile(colour_space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Build a display profile from its tags: a header of 128 bytes, the tag table, and each different content once."""
    start = 132 + 12 * len(tags)
    table, body, offsets = struct.pack(">I", len(tags)), b"", dict[bytes, int]()
    for name, content in tags.items():
        if content not in offsets:
            offsets[content] = start + len(body)
            body += content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", offsets[content], len(content))
    head = struct.pack(">I4xI4s4s4s", start + len(body), 0x04400000, b"mntr", colour_space, b"XYZ ")
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp")
    white = struct.pack(">3i", *(round(v * 65536) for v in D50_XYZ))
    return head.ljust(68, b"\0") + white.ljust(60, b"\0") + table + body


def gamma_curve(exponent: float) -> bytes:
    """A curve tag of a power function."""
    return b"para" + struct.pack(">IHHi", 0, 0, 0, round(exponent * 65536))


def srgb_curve() -> bytes:
    """A curve tag of sRGB's tone curve."""
    return b"para" + struct.pack(">IHH5i", 0, 3, 0, *(round(v * 65536) for v in SRGB_CURVE))


def sampled_curve(light: NDArray[np.float64]) -> bytes:
    """A curve tag of linear light, 0 to 1, at equally spaced encoded values."""
    return b"curv" + struct.pack(">II", 0, len(light)) + np.rint(light * 65535).astype(">u2").tobytes()


@functools.lru_cache(maxsize=32)
def rgb_to_xyz_d50(primaries: Primaries) -> NDArray[np.float64]:
    """3 x 3 from linear RGB to XYZ under D50. ValueError when the primaries span no triangle."""
    colorants = np.stack([_xyz_of_chromaticity(xy) for xy in primaries[:3]], 1)
    if not np.isfinite(colorants).all() or abs(np.linalg.det(colorants)) < 1e-3:
        raise ValueError("the primaries span no triangle")
    scale = np.linalg.solve(colorants, _xyz_of_chromaticity(primaries.white))
    matrix: NDArray[np.float64] = adaptation_matrix(primaries.white) @ (colorants * scale)
    return matrix


def adaptation_matrix(white: tuple[float, float]) -> NDArray[np.float64]:
    """Bradford's chromatic adaptation from a white point to D50, 3 x 3 on XYZ."""
    gain = (BRADFORD @ np.array(D50_XYZ)) / (BRADFORD @ _xyz_of_chromaticity(white))
    adapted: NDArray[np.float64] = np.linalg.inv(BRADFORD) @ np.diag(gain) @ BRADFORD
    return adapted


def _xyz_of_chromaticity(xy: tuple[float, float]) -> NDArray[np.float64]:
    x, y = xy
    if y <= 0:
        raise ValueError("a chromaticity without luminance")
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _xyz_tag(values: NDArray[np.float64]) -> bytes:
    return _fixed_tag(b"XYZ ", values)


def _fixed_tag(kind: bytes, values: NDArray[np.float64]) -> bytes:
    numbers = [round(float(v) * 65536) for v in values.reshape(-1)]
    return kind + struct.pack(f">I{len(numbers)}i", 0, *numbers)


def _text_tag(text: str) -> bytes:
    content = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">III2s2sII", 0, 1, 12, b"en", b"US", len(content), 28) + content

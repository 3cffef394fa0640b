"""High dynamic range signals: the PQ and HLG curves, and ICC profiles for them.

Light is relative to diffuse white, 203 cd/m2 (ITU-R BT.2408), so that 1.0 is the white of a standard picture. A profile
of such a signal carries its coding points for programs that show high dynamic range (ICC.1:2022, 9.2.17), and a tone
curve for all others: linear up to most of diffuse white, then compressed to the signal's peak (Reinhard et al.,
Photographic tone reproduction for digital images, 2002). PQ and HLG: ITU-R BT.2100-3; HLG for a peak of 1000 cd/m2.
"""

from __future__ import annotations

import functools
import struct

import numpy as np
from numpy.typing import NDArray

from mattebox.core.icc_builder import BT709, CodingPoints, Primaries, build_rgb_profile, rgb_to_xyz_d50, sampled_curve
from mattebox.core.srgb import decode_srgb

PQ_TRANSFER, HLG_TRANSFER = 16, 18  # of ITU-T H.273
HDR_NAMES = {PQ_TRANSFER: "PQ", HLG_TRANSFER: "HLG"}
DIFFUSE_WHITE_NITS, PQ_PEAK_NITS, HLG_PEAK_NITS = 203.0, 10000.0, 1000.0
TONE_MAPPING_KNEE = 0.8  # light up to which the tone curve is linear
CURVE_SAMPLES = 4096

_PQ_M1, _PQ_M2, _PQ_C1, _PQ_C2, _PQ_C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
_HLG_A, _HLG_GAMMA = 0.17883277, 1.2
_HLG_B, _HLG_C = 1 - 4 * _HLG_A, 0.5 - _HLG_A * np.log(4 * _HLG_A)

# Chromaticities by their numbers in ITU-T H.273, table 2.
_WHITE_C, _WHITE_DCI = (0.310, 0.316), (0.314, 0.351)
PRIMARIES_BY_CODE = {
    1: BT709,
    4: Primaries((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _WHITE_C),
    5: Primaries((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    8: Primaries((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _WHITE_C),
    9: Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _WHITE_DCI),
    12: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: Primaries((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}


def decode_signal(signal: NDArray[np.float64], transfer: int) -> NDArray[np.float64]:
    """Light relative to diffuse white of a PQ or HLG signal, 0 to 1."""
    if transfer == PQ_TRANSFER:
        power = np.clip(signal, 0, 1) ** (1 / _PQ_M2)
        light = (np.maximum(power - _PQ_C1, 0) / (_PQ_C2 - _PQ_C3 * power)) ** (1 / _PQ_M1)
        return np.asarray(light * (PQ_PEAK_NITS / DIFFUSE_WHITE_NITS))
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - _HLG_C) / _HLG_A) + _HLG_B) / 12)
    return np.asarray(scene**_HLG_GAMMA * (HLG_PEAK_NITS / DIFFUSE_WHITE_NITS))


def encode_signal(light: NDArray[np.float64], transfer: int) -> NDArray[np.float64]:
    """The PQ or HLG signal, 0 to 1, of light relative to diffuse white."""
    relative = np.maximum(light, 0) * DIFFUSE_WHITE_NITS
    if transfer == PQ_TRANSFER:
        power = np.minimum(relative / PQ_PEAK_NITS, 1) ** _PQ_M1
        return np.asarray(((_PQ_C1 + _PQ_C2 * power) / (1 + _PQ_C3 * power)) ** _PQ_M2)
    scene = np.minimum(relative / HLG_PEAK_NITS, 1) ** (1 / _HLG_GAMMA)
    logarithm = _HLG_A * np.log(np.maximum(12 * scene - _HLG_B, 1e-9)) + _HLG_C
    return np.asarray(np.where(scene <= 1 / 12, np.sqrt(3 * scene), logarithm))


def tone_map(light: NDArray[np.float64], peak: float) -> NDArray[np.float64]:
    """Compress light from 0 to `peak` into 0 to 1, rising throughout; unchanged up to TONE_MAPPING_KNEE."""
    span = 1 - TONE_MAPPING_KNEE
    over = np.maximum(light - TONE_MAPPING_KNEE, 0) / span
    highest = (peak - TONE_MAPPING_KNEE) / span
    return np.asarray(np.minimum(light, TONE_MAPPING_KNEE) + span * over * (1 + over / highest**2) / (1 + over))


@functools.lru_cache(maxsize=8)
def build_hdr_profile(signal: CodingPoints) -> bytes:
    """The ICC profile of a PQ or HLG signal. KeyError for primaries that are not in PRIMARIES_BY_CODE."""
    light = decode_signal(np.linspace(0, 1, CURVE_SAMPLES), signal.transfer)
    curve = sampled_curve(tone_map(light, float(light[-1])))
    name = f"{HDR_NAMES[signal.transfer]}, primaries {signal.primaries} of H.273"
    return build_rgb_profile(name, PRIMARIES_BY_CODE[signal.primaries], curve, signal)


@functools.lru_cache(maxsize=16)
def hdr_signal(profile: bytes | None) -> CodingPoints | None:
    """The coding points of a PQ or HLG profile; None for all others."""
    if profile is None or len(profile) < 132:
        return None
    (count,) = struct.unpack_from(">I", profile, 128)
    for at in range(132, min(132 + 12 * min(count, 100), len(profile) - 11), 12):
        name, start, length = struct.unpack_from(">4sII", profile, at)
        if name == b"cicp" and length >= 12 and profile[start : start + 4] == b"cicp" and start + 12 <= len(profile):
            signal = CodingPoints(*profile[start + 8 : start + 10])
            return signal if signal.transfer in HDR_NAMES and signal.primaries in PRIMARIES_BY_CODE else None
    return None


def signal_from_srgb(colours: NDArray[np.uint8], signal: CodingPoints) -> NDArray[np.uint8]:
    """N x 3 uint8 sRGB colours as a PQ or HLG signal: white is diffuse white, not the signal's peak."""
    matrix = np.linalg.inv(rgb_to_xyz_d50(PRIMARIES_BY_CODE[signal.primaries])) @ rgb_to_xyz_d50(BT709)
    light = decode_srgb(colours / 255) @ matrix.T
    return np.rint(encode_signal(light, signal.transfer) * 255).astype(np.uint8)

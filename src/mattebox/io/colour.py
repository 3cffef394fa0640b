"""Colour conversion: to and from sRGB through ICC profiles, other colour models to RGB, and colours by name.

RGB pixels keep their values and their profile; CMYK, Lab and grey with a profile are converted to sRGB on reading.
Without an embedded profile, colours are taken as sRGB.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.core import hdr_transfer, icc_profiles
from mattebox.core.colour_signals import expand_narrow_range
from mattebox.core.srgb import encode_srgb
from mattebox.errors import InputUnreadable, UsageError
from mattebox.io import icc_matrix_shaper
from mattebox.io.pillow_arrays import STRIP_ROWS, PixelData
from mattebox.types import BitDepth, Pixels

RgbColour = tuple[int, int, int]

LMS_TO_LINEAR_SRGB = np.array([
    [4.0767416621, -3.3077115913, 0.2309699292],
    [-1.2684380046, 2.6097574011, -0.3413193965],
    [-0.0041960863, -0.7034186147, 1.7076147010],
])  # cones to linear sRGB  # fmt: skip


class RgbConversion(NamedTuple):
    """H x W x 3 pixels, their RGB profile (None = sRGB), and notes for the user."""

    rgb: Pixels
    profile: bytes | None
    notes: tuple[str, ...] = ()


def to_srgb(rgb: NDArray[np.uint8], profile: bytes | None) -> NDArray[np.uint8]:
    """Convert H x W x 3 uint8 pixels from a profile to sRGB; the same array if they are sRGB already.

    Raises InputUnreadable when the profile is not a usable RGB profile (`read` refuses those).
    """
    if is_srgb(profile):
        return rgb
    assert profile is not None
    return icc_profiles.transform_to_srgb(rgb, profile, "RGB")


def sixteen_bit_to_srgb(rgb: Pixels, profile: bytes | None) -> NDArray[np.uint16] | None:
    """Convert H x W x 3 uint16 pixels to sRGB by a profile's curves and primaries; None when it has only tables."""
    shaper = icc_matrix_shaper.read_matrix_shaper(profile)
    if shaper is None:
        return None
    steps = np.linspace(0, 1, icc_matrix_shaper.CURVE_SAMPLES)
    levels = np.linspace(0, 1, 65536)
    light = np.stack([np.interp(levels, steps, curve) for curve in shaper.tone_curves]).astype(np.float32)
    matrix = (np.linalg.inv(icc_matrix_shaper.SRGB_TO_XYZ_D50) @ shaper.matrix).astype(np.float32)
    converted = np.empty(rgb.shape, np.uint16)
    for top in range(0, len(rgb), STRIP_ROWS):
        rows = rgb[top : top + STRIP_ROWS]
        linear = np.stack([light[c][rows[..., c]] for c in range(3)], -1) @ matrix.T
        converted[top : top + STRIP_ROWS] = np.rint(encode_srgb(linear) * np.float32(65535)).astype(np.uint16)
    return converted


def is_srgb(profile: bytes | None) -> bool:
    """Whether an RGB profile equals sRGB within 1/255. Raises InputUnreadable when it is not usable."""
    return profile is None or icc_profiles.is_srgb_profile(_require_rgb_profile(profile))


def colour_from_srgb(colour: RgbColour, profile: bytes | None, depth: BitDepth = BitDepth.EIGHT) -> RgbColour:
    """Convert one sRGB colour (0..255) to a profile, scaled to a bit depth's peak.

    Exact without a profile; through one, accurate to 8 bits at either depth. Raises InputUnreadable.
    """
    red, green, blue = (int(v) for v in pixels_from_srgb(np.array([[colour]], np.uint8), profile, depth)[0, 0])
    return red, green, blue


def pixels_from_srgb(rgb: NDArray[np.uint8], profile: bytes | None, depth: BitDepth = BitDepth.EIGHT) -> Pixels:
    """Convert H x W x 3 uint8 sRGB pixels to a profile at a bit depth, accurate to 8 bits. Raises InputUnreadable.

    In high dynamic range, white becomes diffuse white, not the signal's peak.
    """
    if (signal := hdr_transfer.hdr_signal(profile)) is not None:
        values = hdr_transfer.signal_from_srgb(rgb.reshape(-1, 3), signal).reshape(rgb.shape)
        return np.rint(values * depth.peak).astype(depth.dtype)
    if not is_srgb(profile):
        assert profile is not None
        rgb = icc_profiles.transform_from_srgb(rgb.reshape(-1, 3), profile).reshape(rgb.shape)
    return rgb if depth is BitDepth.EIGHT else rgb.astype(np.uint16) * np.uint16(257)


def convert_to_rgb(decoded: PixelData, profile: bytes | None) -> RgbConversion:
    """Convert decoded pixels of any colour model to RGB. A profile of another model is ignored, with a note."""
    usable_modes = {"rgb": ("RGB",), "grey": ("L", "RGB"), "cmyk": ("CMYK",), "lab": ()}[decoded.colour_model]
    kind = icc_profiles.profile_mode(profile) if profile else None
    notes: tuple[str, ...] = ()
    if profile and usable_modes and kind not in usable_modes:
        what = "is broken" if kind is None else f"is for {kind} colours"
        profile, notes = None, (f"its colour profile {what} and was ignored",)
    if decoded.colour_model == "rgb":
        return RgbConversion(decoded.pixels, profile or None, notes)
    if decoded.colour_model == "grey":
        return _grey_to_rgb(decoded.pixels, profile, kind, notes)
    notes += (f"{decoded.colour_model.upper() if decoded.colour_model == 'cmyk' else 'Lab'} colours converted to sRGB",)
    if decoded.colour_model == "lab":
        return RgbConversion(icc_profiles.transform_to_srgb(decoded.pixels, None, "LAB"), None, notes)
    if profile:
        return RgbConversion(icc_profiles.transform_to_srgb(decoded.pixels, profile, "CMYK"), None, notes)
    return RgbConversion(naive_cmyk_to_rgb(decoded.pixels), None, notes)


def expand_range(decoded: PixelData) -> PixelData:
    """Expand colours from the narrow range to the full one."""
    return decoded._replace(pixels=expand_narrow_range(decoded.pixels))


def naive_cmyk_to_rgb(cmyk: Pixels) -> NDArray[np.uint8]:
    """Convert H x W x 4 inks (255 = full) to RGB without a profile: R = (1 - C)(1 - K), and so on."""
    rgb = np.empty((*cmyk.shape[:2], 3), np.uint8)
    for top in range(0, len(cmyk), STRIP_ROWS):
        paper = 255 - cmyk[top : top + STRIP_ROWS].astype(np.uint16)
        rgb[top : top + STRIP_ROWS] = (paper[..., :3] * paper[..., 3:] + 127) // 255
    return rgb


def parse_colour(text: str) -> RgbColour | None:
    """Parse a colour as users write it.

    Parameters
    ----------
    text
        "transparent", a CSS name, #rgb, #rrggbb, r,g,b, rgb(r, g, b) or oklch(L C H).

    Returns
    -------
    tuple of int or None
        sRGB values 0..255; None for "transparent".

    Raises
    ------
    UsageError
        The text is none of these.
    """
    from PIL import ImageColor

    lowered = text.strip().lower()
    if lowered == "transparent":
        return None
    spelled = ImageColor.colormap.get(lowered, lowered)
    if isinstance(spelled, tuple):
        return spelled[0], spelled[1], spelled[2]
    digits = re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", spelled)
    if digits:
        pairs = digits[1] if len(digits[1]) == 6 else "".join(d * 2 for d in digits[1])
        return int(pairs[:2], 16), int(pairs[2:4], 16), int(pairs[4:], 16)
    numbers = re.fullmatch(r"(?:rgb\()?\s*([0-9]{1,3})[\s,]+([0-9]{1,3})[\s,]+([0-9]{1,3})\s*\)?", spelled)
    if numbers and all(int(n) <= 255 for n in numbers.groups()):
        return int(numbers[1]), int(numbers[2]), int(numbers[3])
    polar = re.fullmatch(r"oklch\(\s*([0-9.]+)(%?)[\s,]+([0-9.]+)[\s,]+(-?[0-9.]+)(?:deg)?\s*\)", spelled)
    if polar:
        return oklch_to_srgb(float(polar[1]) / (100 if polar[2] else 1), float(polar[3]), float(polar[4]))
    raise UsageError(
        f"{text!r} is not a colour",
        'give "transparent", a CSS name such as white, #rgb, #rrggbb, r,g,b from 0 to 255, or oklch(L C H)',
    )


def css_colour_names() -> list[str]:
    """Names of the CSS colours."""
    from PIL import ImageColor

    return list(ImageColor.colormap)


def oklch_to_srgb(lightness: float, chroma: float, hue: float) -> RgbColour:
    """Convert Oklch (lightness 0..1, chroma from 0 to about 0.4, hue in degrees) to sRGB, clipped to its gamut.

    Ottosson, A perceptual color space for image processing, 2020.
    """
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    cones = np.array([
        lightness + 0.3963377774 * a + 0.2158037573 * b,
        lightness - 0.1055613458 * a - 0.0638541728 * b,
        lightness - 0.0894841775 * a - 1.2914855480 * b,
    ]) ** 3  # fmt: skip
    light = LMS_TO_LINEAR_SRGB @ cones
    red, green, blue = (int(v) for v in np.rint(encode_srgb(light) * 255))
    return red, green, blue


def _grey_to_rgb(
    grey: Pixels, profile: bytes | None, profile_mode: str | None, notes: tuple[str, ...]
) -> RgbConversion:
    """Replicate grey to three channels, converting it from its grey profile's tone curve to sRGB's."""
    if profile and profile_mode == "L":
        grey, profile = icc_profiles.grey_to_srgb(grey, profile), None
    rgb = np.empty((*grey.shape, 3), grey.dtype)
    rgb[...] = grey[..., None]
    return RgbConversion(rgb, profile or None, notes)


def _require_rgb_profile(profile: bytes) -> bytes:
    kind = icc_profiles.profile_mode(profile)
    if kind != "RGB":
        what = "broken" if kind is None else f"for {kind} colours"
        raise InputUnreadable(f"the picture's colour profile is {what}", "give an RGB profile, or none for sRGB")
    return profile

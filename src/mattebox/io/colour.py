"""Colours in and out: to and from sRGB through ICC profiles, other colour spaces into RGB, and colours by name.

RGB pixels keep their values and their profile; CMYK, Lab and grey with a profile become sRGB on the way in. PNG's gAMA
and cHRM chunks are ignored, as by most viewers: without an embedded profile, colours are sRGB.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import InputUnreadable, UsageError
from mattebox.io import icc_profiles
from mattebox.io.pillow_arrays import STRIP_ROWS, PixelData
from mattebox.types import BitDepth, Pixels

RgbColour = tuple[int, int, int]

LMS_TO_LINEAR_SRGB = np.array([
    [4.0767416621, -3.3077115913, 0.2309699292],
    [-1.2684380046, 2.6097574011, -0.3413193965],
    [-0.0041960863, -0.7034186147, 1.7076147010],
])  # cones to linear sRGB  # fmt: skip


class RgbConversion(NamedTuple):
    """H x W x 3 pixels, the RGB profile they are in (None = sRGB), and remarks for the user."""

    rgb: Pixels
    profile: bytes | None
    notes: tuple[str, ...] = ()


def to_srgb(rgb: NDArray[np.uint8], profile: bytes | None) -> NDArray[np.uint8]:
    """H x W x 3 uint8 in a profile -> the same colours in sRGB; the same array when it is sRGB already.

    InputUnreadable when the profile is no usable RGB profile (`read` lets none through).
    """
    if is_srgb(profile):
        return rgb
    assert profile is not None
    return icc_profiles.transform_to_srgb(rgb, profile, "RGB")


def is_srgb(profile: bytes | None) -> bool:
    """Whether colours in this RGB profile are sRGB's, within one 255th. InputUnreadable when it is not usable."""
    return profile is None or icc_profiles.is_srgb_profile(_require_rgb_profile(profile))


def colour_from_srgb(colour: RgbColour, profile: bytes | None, depth: BitDepth = BitDepth.EIGHT) -> RgbColour:
    """An sRGB colour (0..255) as the profile encodes it, from 0 to the depth's peak.

    Exact without a profile; through one, to 8 bits at either depth. InputUnreadable when the profile is not usable.
    """
    if not is_srgb(profile):
        assert profile is not None
        converted = icc_profiles.transform_from_srgb(np.array([colour], np.uint8), profile)[0]
        colour = (int(converted[0]), int(converted[1]), int(converted[2]))
    scale = depth.peak // 255
    return colour[0] * scale, colour[1] * scale, colour[2] * scale


def pixels_from_srgb(rgb: NDArray[np.uint8], profile: bytes | None, depth: BitDepth = BitDepth.EIGHT) -> Pixels:
    """H x W x 3 uint8 sRGB colours as the profile encodes them, at a depth; to 8 bits. InputUnreadable."""
    if not is_srgb(profile):
        assert profile is not None
        rgb = icc_profiles.transform_from_srgb(rgb.reshape(-1, 3), profile).reshape(rgb.shape)
    return rgb if depth is BitDepth.EIGHT else rgb.astype(np.uint16) * np.uint16(257)


def convert_to_rgb(decoded: PixelData, profile: bytes | None) -> RgbConversion:
    """Decoded pixels of any colour space as RGB. A profile that does not fit is ignored, and said so in the notes."""
    wanted = {"rgb": ("RGB",), "grey": ("L", "RGB"), "cmyk": ("CMYK",), "lab": ()}[decoded.colour_model]
    kind = icc_profiles.profile_mode(profile) if profile else None
    notes: tuple[str, ...] = ()
    if profile and wanted and kind not in wanted:
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


def naive_cmyk_to_rgb(cmyk: Pixels) -> NDArray[np.uint8]:
    """H x W x 4 inks (255 = full) -> RGB where each ink only takes its own light away: all that can be said without
    a profile."""
    made = np.empty((*cmyk.shape[:2], 3), np.uint8)
    for top in range(0, len(cmyk), STRIP_ROWS):
        paper = 255 - cmyk[top : top + STRIP_ROWS].astype(np.uint16)
        made[top : top + STRIP_ROWS] = (paper[..., :3] * paper[..., 3:] + 127) // 255
    return made


def parse_colour(text: str) -> RgbColour | None:
    """A colour as users write it: a CSS name, #rgb, #rrggbb, r,g,b, rgb(r, g, b) or oklch(L C H). None for
    "transparent". UsageError."""
    from PIL import ImageColor

    plain = text.strip().lower()
    if plain == "transparent":
        return None
    spelled = ImageColor.colormap.get(plain, plain)
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
    """The colours CSS has names for."""
    from PIL import ImageColor

    return list(ImageColor.colormap)


def oklch_to_srgb(lightness: float, chroma: float, hue: float) -> RgbColour:
    """Lightness 0..1, chroma (0..0.4 or so), hue in degrees -> the sRGB colour, what lies outside of sRGB clipped
    (Ottosson, A perceptual color space for image processing, 2020)."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    cones = np.array([
        lightness + 0.3963377774 * a + 0.2158037573 * b,
        lightness - 0.1055613458 * a - 0.0638541728 * b,
        lightness - 0.0894841775 * a - 1.2914855480 * b,
    ]) ** 3  # fmt: skip
    light = LMS_TO_LINEAR_SRGB @ cones
    x = np.clip(light, 0, 1)
    values = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    red, green, blue = (int(v) for v in np.rint(values * 255))
    return red, green, blue


def _grey_to_rgb(
    grey: Pixels, profile: bytes | None, profile_mode: str | None, notes: tuple[str, ...]
) -> RgbConversion:
    """Grey replicated; through its own tone curve to sRGB's if it has a grey profile."""
    if profile and profile_mode == "L":
        table = icc_profiles.grey_to_srgb_table(profile)
        if grey.dtype == np.uint8:
            table = ((table[::257].astype(np.uint32) + 128) // 257).astype(np.uint8)
        grey, profile = table[grey], None
    rgb = np.empty((*grey.shape, 3), grey.dtype)
    rgb[...] = grey[..., None]
    return RgbConversion(rgb, profile or None, notes)


def _require_rgb_profile(profile: bytes) -> bytes:
    kind = icc_profiles.profile_mode(profile)
    if kind != "RGB":
        what = "broken" if kind is None else f"for {kind} colours"
        raise InputUnreadable(f"the picture's colour profile is {what}", "give an RGB profile, or none for sRGB")
    return profile

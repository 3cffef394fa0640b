"""Pillow images as pixels and back, for callers that hold an image rather than a file.

Pillow is imported inside the functions only: without a Pillow image at hand, nothing here loads it. Files are decoded
in `mattebox.io`, which keeps 16 bits a channel and metadata; this module takes what Pillow's own modes can hold.
"""

from __future__ import annotations

import struct
import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeGuard

import numpy as np

from mattebox.core import icc_profiles
from mattebox.core.array_conversion import PixelArray, array_from_pixels, array_remedy, pixels_from_array, type_name
from mattebox.core.colour_signals import expand_narrow_range
from mattebox.core.pillow_colour import read_pillow_signal
from mattebox.errors import InputUnreadable, UsageError

if TYPE_CHECKING:
    from PIL import Image

PilImage: TypeAlias = "Image.Image"

MAX_PREVIEW_SIDE_PIXELS = 1024  # longer side of what a notebook shows
EXPANDED_MODES = {"1": "L", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB"}
ALPHA_MODES = {"L": "LA", "RGB": "RGBA"}  # with the one colour that is transparent, as Pillow has it in `info`
# Modes whose pixels are used as they are, and the kinds of ICC profile that fit them.
COLOUR_MODES = {"RGB": ("RGB",), "L": ("L", "RGB"), "CMYK": ("CMYK",), "LAB": ()}


class PillowPixels(NamedTuple):
    """H x W x 3 colours and H x W alpha (or None), the RGB profile the colours are in (None = sRGB), the resolution in
    dots per inch if known, and remarks for the user."""

    rgb: PixelArray
    alpha: PixelArray | None
    profile: bytes | None
    dpi: tuple[float, float] | None
    notes: tuple[str, ...]


class _Planes(NamedTuple):
    """H x W or H x W x C pixels in a mode of COLOUR_MODES, and H x W alpha."""

    mode: str
    pixels: PixelArray
    alpha: PixelArray | None


def is_pil_image(value: object) -> TypeGuard[PilImage]:
    """Whether it is an image of Pillow's; where Pillow was never imported, nothing is."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(value, module.Image)


def pixels_from_pil(image: PilImage) -> PillowPixels:
    """Any mode of Pillow's, upright by its EXIF orientation; CMYK, Lab and grey with a profile become sRGB.

    Integer modes give 16 bits (I holds 0 to 65535), F is taken from 0 to 1. UsageError for what is no Pillow image or
    out of range, InputUnreadable for a file that cannot be decoded.
    """
    if not is_pil_image(image):
        raise UsageError(f"this is not a Pillow image but {type_name(image)}", array_remedy(image))
    if 0 in image.size:
        raise UsageError(f"the Pillow image is {image.width} x {image.height}, without pixels", "give at least 1 x 1")
    dpi, signal = _dpi(image), read_pillow_signal(image)
    image = _load_upright(image)
    is_wide = image.mode.startswith("I") or image.mode == "F"
    planes = _split_wide(image) if is_wide else _split(image)
    if signal.is_narrow_range:
        planes = planes._replace(pixels=expand_narrow_range(planes.pixels))
    rgb, profile, notes = _convert_to_rgb(planes, signal.profile)
    return PillowPixels(rgb, planes.alpha, profile, dpi, signal.notes + notes)


def pil_from_pixels(rgb: PixelArray, alpha: PixelArray | None, info: dict[str, Any]) -> PilImage:
    """An RGB or RGBA image with `info` (`icc_profile`, `dpi`); 16 bits become 8, since Pillow has no wider colour."""
    from PIL import Image

    planes = array_from_pixels(rgb, alpha)
    if planes.dtype == np.uint16:
        planes = ((planes.astype(np.uint32) + 128) // 257).astype(np.uint8)
    image = Image.fromarray(planes)
    image.info.update(info)
    return image


def encode_preview(image: PilImage, max_side: int = MAX_PREVIEW_SIDE_PIXELS) -> bytes:
    """A PNG for display, with a longer side of at most `max_side` pixels."""
    preview, file = image.copy(), BytesIO()
    preview.thumbnail((max_side, max_side))
    preview.save(file, "png", icc_profile=image.info.get("icc_profile"))
    return file.getvalue()


def _load_upright(image: PilImage) -> PilImage:
    """Decoded, and turned as its EXIF data say. InputUnreadable."""
    from PIL import ImageOps

    try:
        image.load()
    except Exception as error:  # decoders raise anything
        reason = (str(error).splitlines() or [""])[0][:160] or type(error).__name__
        raise InputUnreadable(
            f"the Pillow image cannot be decoded ({reason})", "open it again, or give its path"
        ) from error
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error, Warning):
        return image  # damaged EXIF data say nothing about the orientation


def _dpi(image: PilImage) -> tuple[float, float] | None:
    try:
        x, y = (float(value) for value in image.info.get("dpi", ()))
    except (TypeError, ValueError):
        return None
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else None


def _split_wide(image: PilImage) -> _Planes:
    """The modes I, I;16 and F as 16-bit grey. UsageError for values out of range."""
    plane = np.asarray(image)
    if image.mode == "I":
        low, high = int(plane.min()), int(plane.max())
        if low < 0 or high > 65535:
            raise UsageError(
                f"the Pillow image of mode I has values from {low} to {high}", "scale them to 0 to 65535, or convert it"
            )
        plane = plane.astype(np.uint16)
    grey = np.ascontiguousarray(pixels_from_array(plane)[0][..., 0])
    key = image.info.get("transparency")
    return _Planes("L", grey, np.where(grey == key, 0, 65535).astype(np.uint16) if isinstance(key, int) else None)


def _split(image: PilImage) -> _Planes:
    """The 8-bit modes, with palettes and transparent colours written out. UsageError for other modes."""
    has_key = image.info.get("transparency") is not None
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image = image.convert(EXPANDED_MODES[image.mode]) if image.mode in EXPANDED_MODES else image
    if image.mode in ALPHA_MODES and has_key and not isinstance(image.info.get("transparency"), bytes):
        image = image.convert(ALPHA_MODES[image.mode])
    if image.mode in ALPHA_MODES.values():
        mode = image.mode.removesuffix("A")
        return _Planes(mode, np.asarray(image.convert(mode)), np.asarray(image.getchannel("A")))
    if image.mode not in COLOUR_MODES:
        raise UsageError(f"the Pillow image has the mode {image.mode}", 'give image.convert("RGB")')
    return _Planes(image.mode, np.asarray(image), None)


def _convert_to_rgb(planes: _Planes, profile: bytes | None) -> tuple[PixelArray, bytes | None, tuple[str, ...]]:
    """The colours as RGB, their profile (None = sRGB), and remarks."""
    from PIL import Image

    mode, pixels, _ = planes
    if mode == "LAB":
        return icc_profiles.transform_to_srgb(pixels, None, "LAB"), None, ("Lab colours converted to sRGB",)
    kind = icc_profiles.profile_mode(profile) if profile else None
    notes: tuple[str, ...] = ()
    if profile and kind not in COLOUR_MODES[mode]:
        fault = "is broken" if kind is None else f"is for {kind} colours"
        profile, notes = None, (f"its colour profile {fault} and was ignored",)
    if mode == "CMYK":
        notes += ("CMYK colours converted to sRGB",)
        if profile:
            return icc_profiles.transform_to_srgb(pixels, profile, "CMYK"), None, notes
        image = Image.frombytes("CMYK", (pixels.shape[1], pixels.shape[0]), pixels.tobytes())
        return np.asarray(image.convert("RGB")), None, notes
    if mode == "L":
        if profile and kind == "L":
            pixels, profile = icc_profiles.grey_to_srgb(pixels, profile), None
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    return pixels, profile or None, notes

"""Pillow images as pixels and back, for callers that hold an image rather than a file.

Pillow is imported inside the functions only: without a Pillow image at hand, nothing here loads it. Files are decoded
in `mattebox.io`, which keeps 16 bits a channel and metadata; this module takes what Pillow's own modes can hold.
"""

from __future__ import annotations

import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeGuard

import numpy as np

from mattebox.core.array_conversion import PixelArray, array_remedy, pixels_from_array, type_name
from mattebox.errors import InputUnreadable, UsageError

if TYPE_CHECKING:
    from PIL import Image

PilImage: TypeAlias = "Image.Image"

MAX_PREVIEW_SIDE_PIXELS = 1024  # longer side of what a notebook shows
EXPANDED_MODES = {"1": "L", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB"}
ALPHA_MODES = {"L": "LA", "RGB": "RGBA"}  # with the one colour that is transparent, as Pillow has it in `info`
PROFILE_MODES = {"RGB ": "RGB", "CMYK": "CMYK", "GRAY": "L", "Lab ": "LAB"}
FITTING_PROFILES = {"RGB": ("RGB",), "L": ("L", "RGB"), "CMYK": ("CMYK",), "LAB": ()}


class PillowPixels(NamedTuple):
    """H x W x 3 colours and H x W alpha (or None), the RGB profile the colours are in (None = sRGB), the resolution in
    dots per inch if known, and remarks for the user."""

    rgb: PixelArray
    alpha: PixelArray | None
    profile: bytes | None
    dpi: tuple[float, float] | None
    notes: tuple[str, ...]


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
        raise UsageError(f"this is no Pillow image but {type_name(image)}", array_remedy(image))
    dpi = _dpi(image)
    image = _load_upright(image)
    profile: bytes | None = image.info.get("icc_profile") or None
    notes: tuple[str, ...] = ()
    if image.mode.startswith("I") or image.mode == "F":
        rgb, _ = pixels_from_array(_wide_plane(image))
        key = image.info.get("transparency")
        alpha = np.where(rgb[..., 0] == key, 0, 65535).astype(np.uint16) if isinstance(key, int) else None
        if profile and _profile_mode(profile) != "RGB":
            profile, notes = None, ("its colour profile was ignored: it does not fit the pixels",)
        return PillowPixels(rgb, alpha, profile, dpi, notes)
    image = _expand_mode(image)
    rgb_image, profile, notes = _convert_to_rgb(image, profile)
    alpha = np.asarray(image.getchannel("A")) if image.mode in ALPHA_MODES.values() else None
    return PillowPixels(np.asarray(rgb_image), alpha, profile, dpi, notes)


def pil_from_pixels(rgb: PixelArray, alpha: PixelArray | None, info: dict[str, Any]) -> PilImage:
    """An RGB or RGBA image with `info` (`icc_profile`, `dpi`); 16 bits become 8, since Pillow has no wider colour."""
    from PIL import Image

    planes = rgb if alpha is None else np.concatenate([rgb, alpha[..., None]], axis=2)
    if planes.dtype == np.uint16:
        planes = ((planes.astype(np.uint32) + 128) // 257).astype(np.uint8)
    image = Image.fromarray(planes)
    image.info.update(info)
    return image


def encode_preview(image: PilImage) -> bytes:
    """A PNG for display, with a longer side of at most MAX_PREVIEW_SIDE_PIXELS."""
    preview, file = image.copy(), BytesIO()
    preview.thumbnail((MAX_PREVIEW_SIDE_PIXELS, MAX_PREVIEW_SIDE_PIXELS))
    preview.save(file, "png", icc_profile=image.info.get("icc_profile"))
    return file.getvalue()


def _load_upright(image: PilImage) -> PilImage:
    """Decoded, and turned as its EXIF data say. InputUnreadable."""
    from PIL import ImageOps

    try:
        image.load()
        return ImageOps.exif_transpose(image)
    except Exception as error:  # decoders raise anything
        reason = (str(error).splitlines() or [""])[0][:160] or type(error).__name__
        raise InputUnreadable(
            f"the Pillow image cannot be decoded ({reason})", "open it again, or give its path"
        ) from error


def _dpi(image: PilImage) -> tuple[float, float] | None:
    try:
        x, y = (float(value) for value in image.info.get("dpi", ()))
    except (TypeError, ValueError):
        return None
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else None


def _wide_plane(image: PilImage) -> PixelArray:
    """The one channel of the modes I, I;16 and F, as uint16 or floating point. UsageError."""
    plane = np.asarray(image)
    if image.mode != "I":
        return plane
    low, high = int(plane.min()), int(plane.max())
    if low < 0 or high > 65535:
        raise UsageError(
            f"the Pillow image of mode I has values from {low} to {high}", "scale them to 0 to 65535, or convert it"
        )
    return plane.astype(np.uint16)


def _expand_mode(image: PilImage) -> PilImage:
    """The image in one of the modes L, LA, RGB, RGBA, CMYK and LAB. UsageError for modes that Pillow cannot convert."""
    has_key = image.info.get("transparency") is not None
    if image.mode in ("P", "PA"):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    image = image.convert(EXPANDED_MODES[image.mode]) if image.mode in EXPANDED_MODES else image
    if image.mode in ALPHA_MODES and has_key and not isinstance(image.info.get("transparency"), bytes):
        return image.convert(ALPHA_MODES[image.mode])
    if image.mode not in (*ALPHA_MODES, *ALPHA_MODES.values(), "CMYK", "LAB"):
        raise UsageError(f"the Pillow image has the mode {image.mode}", 'give image.convert("RGB")')
    return image


def _convert_to_rgb(image: PilImage, profile: bytes | None) -> tuple[PilImage, bytes | None, tuple[str, ...]]:
    """The colours as an RGB image, their profile (None = sRGB), and remarks."""
    from PIL import ImageCms

    model = image.mode.removesuffix("A") if image.mode in ALPHA_MODES.values() else image.mode
    kind = _profile_mode(profile) if profile else None
    notes: tuple[str, ...] = ()
    if profile and kind not in FITTING_PROFILES[model] and model != "LAB":
        fault = "is broken" if kind is None else f"is for {kind} colours"
        profile, kind, notes = None, None, (f"its colour profile {fault} and was ignored",)
    if model == "LAB":
        return _transform(image, ImageCms.createProfile("LAB")), None, ("Lab colours converted to sRGB",)
    if model == "CMYK":
        rgb = image.convert("RGB") if profile is None else _transform(image, _open_profile(profile))
        return rgb, None, (*notes, "CMYK colours converted to sRGB")
    if profile and model == "L" and kind == "L":
        return _transform(image.convert("L"), _open_profile(profile)), None, notes
    return image.convert("RGB"), profile, notes


def _transform(image: PilImage, profile: Any) -> PilImage:
    """The image in sRGB: relative colorimetric, with black point compensation, as in `mattebox.io`."""
    from PIL import ImageCms

    converted = ImageCms.profileToProfile(
        image,
        profile,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert converted is not None
    return converted


def _open_profile(profile: bytes) -> Any:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(BytesIO(profile))


def _profile_mode(profile: bytes) -> str | None:
    """The mode whose colours a profile describes; None when it is broken or of another kind."""
    from PIL import ImageCms

    try:
        opened = _open_profile(profile)
        mode = PROFILE_MODES.get(opened.profile.xcolor_space)
        if mode is not None:  # a header alone is no profile: the transform is what must work
            ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return mode

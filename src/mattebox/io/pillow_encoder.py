"""Encoding by Pillow (JPEG, WebP, AVIF, BMP, TIFF), and of 16-bit TIFF by tifffile."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mattebox.io import ultra_hdr
from mattebox.io.file_formats import FileFormat
from mattebox.io.metadata import embed_exif_in_tiff
from mattebox.io.resampling import to_eight_bit
from mattebox.types import GainMap, Picture

HiddenColours = Literal["zero", "keep"]
EXIF_PREFIX = b"Exif\0\0"
TIFF_XMP_TAG = 700
ONE_CHANNEL_FORMATS = ("jpeg", "tiff", "bmp")  # of those that Pillow writes; WebP and AVIF have only colours


def encode_with_pillow(picture: Picture, file_format: FileFormat, quality: int | None, hidden: HiddenColours) -> bytes:
    if picture.gain_map is not None and file_format.has_gain_map:
        return _encode_with_gain_map(picture, picture.gain_map, file_format, quality)
    metadata, file = picture.metadata, io.BytesIO()
    options: dict[str, Any] = {"icc_profile": picture.profile} if picture.profile else {}
    is_tiff = file_format.name == "tiff"
    if metadata.exif and not is_tiff:
        options["exif"] = EXIF_PREFIX + metadata.exif
    if metadata.xmp and file_format.name in ("jpeg", "webp", "avif"):
        options["xmp"] = metadata.xmp
    elif metadata.xmp and is_tiff:
        options["tiffinfo"] = {TIFF_XMP_TAG: metadata.xmp}
    if metadata.dpi:
        options["dpi"] = metadata.dpi
    options |= _pillow_options(file_format.name, quality or file_format.default_quality, hidden)
    pixels = _eight_bit_pixels(picture, hidden)
    if file_format.name in ONE_CHANNEL_FORMATS and has_one_channel(picture):
        pixels = pixels[..., 0]
    Image.fromarray(pixels).save(file, file_format.name, **options)
    return embed_exif_in_tiff(file.getvalue(), metadata.exif) if metadata.exif and is_tiff else file.getvalue()


def encode_tiff16(picture: Picture, hidden: HiddenColours) -> bytes:
    """Encode 16-bit colour with tifffile, since Pillow cannot. Alpha is declared unassociated (straight)."""
    import tifffile

    is_one_channel = has_one_channel(picture)
    stack = picture.rgb if picture.alpha is None else np.dstack([picture.rgb, picture.alpha])
    stack = stack[..., 0] if is_one_channel else stack
    if picture.alpha is not None and hidden == "zero":
        stack[picture.alpha == 0] = 0
    xmp = picture.metadata.xmp
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        stack,
        photometric="minisblack" if is_one_channel else "rgb",
        extrasamples=() if picture.alpha is None else ("unassalpha",),
        compression="zlib",
        predictor=True,
        iccprofile=picture.profile,
        resolution=picture.metadata.dpi,
        resolutionunit="INCH" if picture.metadata.dpi else None,
        metadata=None,
        software=False,
        extratags=[(TIFF_XMP_TAG, "B", len(xmp), xmp, True)] if xmp else (),
    )
    exif = picture.metadata.exif
    return embed_exif_in_tiff(file.getvalue(), exif) if exif else file.getvalue()


def has_one_channel(picture: Picture) -> bool:
    """Whether the file holds one channel: of an opaque grey picture that is still grey, without an RGB profile."""
    if not picture.is_grey or picture.alpha is not None or picture.profile is not None:
        return False
    grey = picture.rgb[..., :1]
    return bool((picture.rgb[..., 1:] == grey).all())


def _eight_bit_pixels(picture: Picture, hidden: HiddenColours) -> NDArray[np.uint8]:
    """The picture as H x W x 3 or 4 uint8."""
    rgb = to_eight_bit(picture.rgb)
    if picture.alpha is None:
        return rgb
    rgba = np.empty((*picture.shape, 4), np.uint8)
    rgba[..., :3], rgba[..., 3] = rgb, to_eight_bit(picture.alpha)
    if hidden == "zero":
        packed = rgba.view(np.uint32)[..., 0]
        packed *= picture.alpha > 0
    return rgba


def _encode_with_gain_map(picture: Picture, gain_map: GainMap, file_format: FileFormat, quality: int | None) -> bytes:
    """A JPEG with its gain map behind it; without one where its XMP has no place for it."""
    encoded = ultra_hdr.encode_gain_map(gain_map)
    packet = ultra_hdr.add_container(picture.metadata.xmp, encoded)
    if packet is None:
        return encode_with_pillow(replace(picture, gain_map=None), file_format, quality, "zero")
    listed = replace(picture, metadata=replace(picture.metadata, xmp=packet), gain_map=None)
    return ultra_hdr.append_gain_map(encode_with_pillow(listed, file_format, quality, "zero"), encoded)


def _pillow_options(format_name: str, quality: int | None, hidden: HiddenColours) -> dict[str, Any]:
    """Pillow's options for one format."""
    if format_name == "jpeg":
        return {"quality": quality, "subsampling": "4:4:4"}
    if format_name == "webp":
        # Alpha quality 90 keeps 0 and 255 and errs by at most 1; with method 1 it halves the time for 6 % more bytes.
        alpha = 100 if quality == 100 else 90
        return {
            "quality": quality, "method": 1, "alpha_quality": alpha, "lossless": quality == 100,
            "exact": hidden == "keep",
        }  # fmt: skip
    if format_name == "avif":
        return {"quality": quality, "speed": 8}
    if format_name == "tiff":
        return {"compression": "tiff_adobe_deflate"}
    return {}

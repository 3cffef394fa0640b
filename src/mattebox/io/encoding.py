"""Encoding of pictures to the bytes of a file, with the checks whether a format can hold them.

PNG has an encoder of its own; `pillow_encoder` writes most others. 16 bits stay 16 in PNG and TIFF and are rounded to
8 elsewhere. Colours are written straight beside alpha; formats without alpha refuse a transparent picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mattebox.core import hdr_transfer
from mattebox.core.interface import name_parameter
from mattebox.errors import OutputError
from mattebox.io import layered_formats, png_encoder
from mattebox.io.file_formats import FileFormat, find_format
from mattebox.io.output_profile import convert_for_output
from mattebox.io.pillow_encoder import HiddenColours, encode_tiff16, encode_with_pillow, has_one_channel
from mattebox.types import BitDepth, Layer, Picture, Pixels

MIN_QUALITY = 40  # blocks are visible below it


class EncodedOutput(NamedTuple):
    """An encoded picture, and the bytes of a second file that belongs beside it."""

    content: bytes
    sidecar: bytes | None = None


def encode(picture: Picture, format: str, *, quality: int | None = None, hidden: HiddenColours = "zero") -> bytes:
    """Encode a picture.

    Parameters
    ----------
    picture
        The picture, 8 or 16 bits, with or without alpha.
    format
        A name or suffix such as "png" or ".jpg".
    quality
        1 to 100 for JPEG, WebP (100 = lossless) and AVIF; None is the format's default.
    hidden
        "zero" sets colours under alpha 0 to black, which halves a PNG; "keep" writes them.

    Raises
    ------
    OutputError
        The format cannot hold the picture.
    """
    kind = find_format(format)
    _check_encodable(picture, kind, quality)
    picture = _fit_colour_space(picture, kind)
    if kind.name == "png":
        colour = picture.rgb[..., 0] if has_one_channel(picture) else picture.rgb
        return png_encoder.encode_png(colour, picture.alpha, _png_chunks(picture), zero_hidden=hidden == "zero")
    if kind.has_layers:
        return encode_layers([Layer("cutout", picture)], format)
    if kind.name == "zip":
        return layered_formats.zip_colour_and_alpha(*_encode_colour_and_alpha(picture, quality))
    if kind.name == "tiff" and picture.bit_depth is BitDepth.SIXTEEN:
        return encode_tiff16(picture, hidden)
    return encode_with_pillow(picture, kind, quality, hidden)


def encode_layers(layers: Sequence[Layer], format: str) -> bytes:
    """Encode layers, the last on top, to a format that has layers (PSD, EXR). Raises OutputError."""
    kind = find_format(format)
    if not kind.has_layers:
        raise OutputError(f"{kind.name.upper()} has no layers", "choose psd, exr or exr-straight")
    for layer in layers:
        _check_encodable(layer.picture, kind, None)
    return (
        layered_formats.encode_psd(layers)
        if kind.name == "psd"
        else layered_formats.encode_exr(layers, straight_alpha=kind.name == "exr-straight")
    )


def encode_scene_zip(layers: Sequence[Layer], quality: int | None = None) -> bytes:
    """Encode a scene with a shadow as a ZIP: color.jpg and alpha.png of the subject, shadow.png and background.png.

    Raises OutputError.
    """
    parts = {f"{layer.name}.png": encode(layer.picture, "png") for layer in layers[:-1]}
    return layered_formats.zip_colour_and_alpha(*_encode_colour_and_alpha(layers[-1].picture, quality), **parts)


def encode_within_limit(
    picture: Picture, format: str, max_bytes: int, *, quality: int | None = None, hidden: HiddenColours = "zero"
) -> bytes:
    """Like `encode`, with the best quality from `quality` down that fits into `max_bytes`. Raises OutputError."""
    kind = find_format(format)
    content = encode(picture, format, quality=quality, hidden=hidden)
    if len(content) <= max_bytes:
        return content
    best: bytes | None = None
    if kind.default_quality is not None:
        low, high = MIN_QUALITY, (quality or kind.default_quality) - 1
        while low <= high:
            middle = (low + high) // 2
            candidate = encode(picture, format, quality=middle, hidden=hidden)
            if len(candidate) <= max_bytes:
                best, low = candidate, middle + 1
            else:
                high = middle - 1
    if best is None:
        raise OutputError(
            f"{kind.name.upper()} takes {len(content) / 1e6:.2f} MB, the limit is {max_bytes / 1e6:.2f} MB",
            f"give a smaller {name_parameter('size')}, a larger {name_parameter('file_limit')}, "
            f"or another {name_parameter('format')} (jpg, webp)",
        )
    return best


def encode_plane(plane: Pixels, format: str = "png", *, quality: int | None = None) -> bytes:
    """Encode a grey H x W plane such as a matte; PNG and TIFF keep 16 bits."""
    if find_format(format).name == "png":
        return png_encoder.encode_png(plane)
    return encode(Picture(np.repeat(plane[..., None], 3, 2), is_grey=True), format, quality=quality)


def _check_encodable(picture: Picture, file_format: FileFormat, quality: int | None) -> None:
    height, width = picture.shape
    if picture.alpha is not None and not file_format.has_alpha:
        raise OutputError(
            f"{file_format.name.upper()} has no transparency",
            f"choose png, webp, avif or tiff, or give a colour with {name_parameter('background')}",
        )
    if max(height, width) > file_format.max_side_pixels:
        raise OutputError(
            f"{width} x {height} is more than {file_format.name.upper()} can hold "
            f"({file_format.max_side_pixels} a side)",
            "choose png or tiff",
        )
    if quality is not None and not 1 <= quality <= 100:
        raise OutputError(f"quality {quality} is outside 1..100", "give a whole number from 1 to 100")


def _fit_colour_space(picture: Picture, file_format: FileFormat) -> Picture:
    """Convert to sRGB what a format cannot state: any profile, or high dynamic range (8 bits of PQ show steps)."""
    is_hdr = hdr_transfer.hdr_signal(picture.profile) is not None
    if file_format.has_profile and (file_format.has_high_dynamic_range or not is_hdr):
        return picture
    return convert_for_output(picture, srgb=True)


def _png_chunks(picture: Picture) -> list[tuple[bytes, bytes]]:
    """Ancillary PNG chunks of the profile, resolution and metadata."""
    metadata, chunks = picture.metadata, []
    if (signal := hdr_transfer.hdr_signal(picture.profile)) is not None:
        chunks.append((b"cICP", bytes([*signal, 0, 1])))
    chunks.append((b"sRGB", b"\0") if picture.profile is None else png_encoder.profile_chunk(picture.profile))
    if metadata.dpi:
        chunks.append(png_encoder.resolution_chunk(metadata.dpi))
    if metadata.exif:
        chunks.append((b"eXIf", metadata.exif))
    if metadata.xmp:
        chunks.append(png_encoder.xmp_chunk(metadata.xmp))
    return chunks


def _encode_colour_and_alpha(picture: Picture, quality: int | None) -> tuple[bytes, bytes]:
    """The colours as a JPEG and the alpha as a PNG."""
    opaque = np.full(picture.shape, picture.bit_depth.peak, picture.rgb.dtype)
    alpha = opaque if picture.alpha is None else picture.alpha
    return encode(picture.with_pixels(picture.rgb, None), "jpeg", quality=quality), encode_plane(alpha)

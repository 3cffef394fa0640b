"""Encoding of pictures to the bytes of a file: the formats that can be written, and what each can hold.

PNG has an encoder of its own; Pillow writes the rest. 16 bits stay 16 in PNG and TIFF and are rounded to 8 elsewhere.
Colours are written straight beside alpha; formats without alpha refuse a transparent picture.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mattebox.core import hdr_transfer
from mattebox.core.interface import name_parameter
from mattebox.errors import OutputError
from mattebox.io import layered_formats, png_encoder, ultra_hdr
from mattebox.io.metadata import embed_exif_in_tiff
from mattebox.io.output_profile import convert_for_output
from mattebox.io.resampling import to_eight_bit
from mattebox.types import BitDepth, GainMap, Layer, Picture, Pixels

HiddenColours = Literal["zero", "keep"]
MIN_QUALITY = 40  # blocks are visible below it
EXIF_PREFIX = b"Exif\0\0"
TIFF_XMP_TAG = 700
ONE_CHANNEL_FORMATS = ("jpeg", "tiff", "bmp")  # of those that Pillow writes; WebP and AVIF have only colours


class EncodedOutput(NamedTuple):
    """An encoded picture, and the bytes of a second file that belongs beside it."""

    content: bytes
    sidecar: bytes | None = None


@dataclass(frozen=True)
class FileFormat:
    """A file format: suffixes (the first is the default), MIME type, capabilities and default quality."""

    name: str
    suffixes: tuple[str, ...]
    mime_type: str
    has_alpha: bool
    has_sixteen_bits: bool = False
    max_side_pixels: int = 1 << 31
    default_quality: int | None = None
    has_layers: bool = False
    has_profile: bool = True
    has_high_dynamic_range: bool = False
    has_gain_map: bool = False


EXR = FileFormat(
    "exr", (".exr",), "image/x-exr",
    has_alpha=True, has_sixteen_bits=True, has_layers=True, has_high_dynamic_range=True,
)  # fmt: skip
FORMATS = {
    f.name: f
    for f in (
        FileFormat("png", (".png",), "image/png", has_alpha=True, has_sixteen_bits=True, has_high_dynamic_range=True),
        # 4:4:4 at 92: chroma subsampling shows as coloured steps where a subject meets a flat background
        FileFormat(
            "jpeg",
            (".jpg", ".jpeg", ".jpe"),
            "image/jpeg",
            has_alpha=False,
            max_side_pixels=65535,
            default_quality=92,
            has_gain_map=True,
        ),
        FileFormat("webp", (".webp",), "image/webp", has_alpha=True, max_side_pixels=16383, default_quality=90),
        FileFormat("avif", (".avif",), "image/avif", has_alpha=True, max_side_pixels=65535, default_quality=80),
        FileFormat(
            "tiff",
            (".tif", ".tiff"),
            "image/tiff",
            has_alpha=True,
            has_sixteen_bits=True,
            has_high_dynamic_range=True,
        ),
        FileFormat("bmp", (".bmp",), "image/bmp", has_alpha=False, has_profile=False),
        FileFormat(
            "psd",
            (".psd",),
            "image/vnd.adobe.photoshop",
            has_alpha=True,
            has_sixteen_bits=True,
            max_side_pixels=30000,
            has_layers=True,
            has_high_dynamic_range=True,
        ),
        EXR,
        replace(EXR, name="exr-straight"),
        FileFormat("zip", (".zip",), "application/zip", has_alpha=True, max_side_pixels=65535, default_quality=92),
    )
}


def find_format(name: str) -> FileFormat:
    """Find a format by name ("png") or suffix (".jpg"). Raises OutputError that lists the known ones."""
    lowered = name.lower()
    for known in FORMATS.values():
        if lowered in (known.name, *known.suffixes, *(s[1:] for s in known.suffixes)):
            return known
    suffixes = ", ".join(dict.fromkeys(s for f in FORMATS.values() for s in f.suffixes))
    raise OutputError(f"{name!r} is not a format that can be written", f"choose one of: {suffixes}")


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
        colour = picture.rgb[..., 0] if _has_one_channel(picture) else picture.rgb
        return png_encoder.encode_png(colour, picture.alpha, _png_chunks(picture), zero_hidden=hidden == "zero")
    if kind.has_layers:
        return encode_layers([Layer("cutout", picture)], format)
    if kind.name == "zip":
        return layered_formats.zip_colour_and_alpha(*_encode_colour_and_alpha(picture, quality))
    if kind.name == "tiff" and picture.bit_depth is BitDepth.SIXTEEN:
        return _encode_tiff16(picture, hidden)
    return _encode_with_pillow(picture, kind, quality, hidden)


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


def _has_one_channel(picture: Picture) -> bool:
    """Whether the file holds one channel: of an opaque grey picture that is still grey, without an RGB profile."""
    if not picture.is_grey or picture.alpha is not None or picture.profile is not None:
        return False
    grey = picture.rgb[..., :1]
    return bool((picture.rgb[..., 1:] == grey).all())


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
        return _encode_with_pillow(replace(picture, gain_map=None), file_format, quality, "zero")
    listed = replace(picture, metadata=replace(picture.metadata, xmp=packet), gain_map=None)
    return ultra_hdr.append_gain_map(_encode_with_pillow(listed, file_format, quality, "zero"), encoded)


def _encode_with_pillow(picture: Picture, file_format: FileFormat, quality: int | None, hidden: HiddenColours) -> bytes:
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
    if file_format.name in ONE_CHANNEL_FORMATS and _has_one_channel(picture):
        pixels = pixels[..., 0]
    Image.fromarray(pixels).save(file, file_format.name, **options)
    return embed_exif_in_tiff(file.getvalue(), metadata.exif) if metadata.exif and is_tiff else file.getvalue()


def _encode_colour_and_alpha(picture: Picture, quality: int | None) -> tuple[bytes, bytes]:
    """The colours as a JPEG and the alpha as a PNG."""
    opaque = np.full(picture.shape, picture.bit_depth.peak, picture.rgb.dtype)
    alpha = opaque if picture.alpha is None else picture.alpha
    return encode(picture.with_pixels(picture.rgb, None), "jpeg", quality=quality), encode_plane(alpha)


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


def _encode_tiff16(picture: Picture, hidden: HiddenColours) -> bytes:
    """Encode 16-bit colour with tifffile, since Pillow cannot. Alpha is declared unassociated (straight)."""
    import tifffile

    is_one_channel = _has_one_channel(picture)
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

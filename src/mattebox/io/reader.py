"""Reading of photographs: bytes -> header check -> decoding -> colour -> orientation -> metadata -> Picture."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import BinaryIO, Literal

from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.io import (
    colour,
    colour_signalling,
    content_credentials,
    dynamic_depth,
    file_mattes,
    gain_map,
    gdepth,
    header_check,
    heif_depth,
    metadata,
    sources,
)
from mattebox.io.decoding import DecodedImage, decode, translate_decoder_errors
from mattebox.io.orientation import apply_orientation, orient_metadata
from mattebox.types import DepthMap, GainMap, Picture, Pixels

FileSource = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO


def read(
    source: FileSource,
    *,
    max_pixels: int = MAX_INPUT_PIXELS,
    metadata: Literal["safe", "all", "none"] = "safe",
    name: str | None = None,
) -> Picture:
    """Read a photograph.

    Parameters
    ----------
    source
        A path, "-" for standard input, the bytes of a file, or a binary file object.
    max_pixels
        Limit of width x height x frames, checked before decoding.
    metadata
        "safe" drops position, serial numbers, owner names, thumbnails, and all XMP but authorship; "all" keeps
        everything that is true of the pixels; "none" keeps only the colour profile.
    name
        What error messages call the source.

    Returns
    -------
    Picture
        Upright, 8 or 16 bits as in the file, in the file's RGB profile; CMYK, Lab and grey profiles are converted to
        sRGB.

    Raises
    ------
    InputMissing, InputUnreadable, InputTooLarge

    Examples
    --------
    >>> picture = mb.read("photo.jpg")
    """
    label = name or sources.source_display_name(source)
    data = sources.read_bytes(source, name=label)
    header = header_check.read_header(data, label)
    header_check.check_pixel_limit(header, max_pixels, label)
    return _build_picture(data, header, max_pixels, metadata, label)


def read_cached(path: str) -> Picture:
    """Read a picture that many others use, such as a background; the last two are cached until their file changes."""
    try:
        status = os.stat(path)
    except OSError:
        return read(path)
    return _read_cached_version(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=2)
def _read_cached_version(path: str, modified_ns: int, size_bytes: int) -> Picture:
    return read(path)


def _build_picture(
    data: bytes, file_header: header_check.ImageHeader, max_pixels: int, policy: metadata.MetadataPolicy, name: str
) -> Picture:
    decoded = decode(data, file_header, max_pixels, name)
    with translate_decoder_errors(name, file_header.format):
        signal = colour_signalling.read_colour_signal(data, file_header.format, decoded.info)
        pixel_data = colour.expand_range(decoded.pixel_data) if signal.is_narrow_range else decoded.pixel_data
        converted = colour.convert_to_rgb(pixel_data, signal.profile)
        rgb = apply_orientation(converted.rgb, decoded.orientation)
        alpha = decoded.pixel_data.alpha
        gains = _read_gain_map(data, file_header.format, decoded)
        gain_map_notes = (gain_map.KEPT_NOTE,) if gains is not None else ()
        if gains is None and gain_map.has_gain_map(data, file_header.format):
            gain_map_notes = (gain_map.GAIN_MAP_NOTE,)
        has_credentials = content_credentials.has_content_credentials(data)
        credentials_notes = (content_credentials.CREDENTIALS_NOTE,) if has_credentials else ()
        file = data if file_header.format == "tiff" else None
        upright_metadata = orient_metadata(
            metadata.collect_metadata(decoded.info, policy, tiff_bytes=file), decoded.orientation
        )
        return Picture(
            rgb,
            None if alpha is None else apply_orientation(alpha, decoded.orientation),
            converted.profile,
            upright_metadata,
            decoded.notes + gain_map_notes + credentials_notes + signal.notes + converted.notes,
            depth=read_depth(data, file_header.format, decoded),
            mattes=_read_mattes(data, file_header.format, decoded),
            gain_map=gains,
        )


def _read_mattes(data: bytes, format: str, decoded: DecodedImage) -> Mapping[str, Pixels]:
    """The mattes that a file holds, upright."""
    mattes = file_mattes.read_jpeg_mattes(data) if format == "jpeg" else decoded.info.get("mattes") or {}
    return {name: apply_orientation(matte, decoded.orientation) for name, matte in mattes.items()}


def _read_gain_map(data: bytes, format: str, decoded: DecodedImage) -> GainMap | None:
    """The gain map that a file holds, upright."""
    found = gain_map.read_gain_map(data, format, decoded.info)
    if found is None:
        return None
    return replace(found, log2_gains=apply_orientation(found.log2_gains, decoded.orientation))


def read_depth(data: bytes, format: str, decoded: DecodedImage) -> DepthMap | None:
    """The depth that a file holds, upright."""
    if format == "jpeg":
        depth = gdepth.read_gdepth(data) or dynamic_depth.read_dynamic_depth(data)
    else:
        depth = decoded.info.get("depth") if format == "exr" else heif_depth.read_heif_depth(decoded.info)
    if depth is None:
        return None
    return replace(depth, inverse_depth=apply_orientation(depth.inverse_depth, decoded.orientation))

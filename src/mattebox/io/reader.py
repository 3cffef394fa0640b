"""The front door: bytes -> header check -> decode -> colour -> orientation -> metadata -> Picture.

Only the order of the steps lives here. Knows nothing of what happens to the picture afterwards.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import BinaryIO, Literal

from mattebox.io import colour, header_check, metadata, sources
from mattebox.io.decoding import decode, translate_decoder_errors
from mattebox.io.orientation import apply_orientation, orient_metadata
from mattebox.types import Picture

FileSource = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO


def read(
    source: FileSource,
    *,
    max_pixels: int = 100_000_000,
    metadata: Literal["safe", "all", "none"] = "safe",
    name: str | None = None,
) -> Picture:
    """Read a photograph: a path, "-" for standard input, the bytes of a file, or a binary file object.

    The Picture is upright, 8 or 16 bits as the file is, in the file's RGB profile (CMYK, Lab and grey profiles become
    sRGB). `max_pixels` limits width x height x frames, checked before decoding. `metadata` "safe" drops place, serial
    numbers, names of owners and thumbnails; "all" keeps what the file has; "none" keeps only the colour profile.
    `name` stands for the source in error messages. Raises InputMissing, InputUnreadable, InputTooLarge.
    """
    label = name or sources.source_display_name(source)
    data = sources.read_bytes(source, name=label)
    found = header_check.read_header(data, label)
    header_check.check_pixel_limit(found, max_pixels, label)
    return _build_picture(data, found, max_pixels, metadata, label)


def read_cached(path: str) -> Picture:
    """Read a picture that many others need, such as a background; the last few are kept until their file changes."""
    try:
        seen = os.stat(path)
    except OSError:
        return read(path)
    return _read_cached_version(path, seen.st_mtime_ns, seen.st_size)


@lru_cache(maxsize=2)
def _read_cached_version(path: str, modified_ns: int, size_bytes: int) -> Picture:
    return read(path)


def _build_picture(
    data: bytes, file_header: header_check.ImageHeader, max_pixels: int, policy: metadata.MetadataPolicy, name: str
) -> Picture:
    decoded = decode(data, file_header, max_pixels, name)
    with translate_decoder_errors(name, file_header.format):
        entered = colour.convert_to_rgb(decoded.pixel_data, decoded.info.get("icc_profile"))
        rgb = apply_orientation(entered.rgb, decoded.orientation)
        alpha = decoded.pixel_data.alpha
        file = data if file_header.format == "tiff" else None
        kept = orient_metadata(metadata.collect_metadata(decoded.info, policy, tiff_bytes=file), decoded.orientation)
        return Picture(
            rgb,
            None if alpha is None else apply_orientation(alpha, decoded.orientation),
            entered.profile,
            kept,
            decoded.notes + entered.notes,
        )

"""The front door: bytes -> header check -> decode -> colour -> orientation -> metadata -> Picture.

Only the order of the steps lives here. Knows nothing of what happens to the picture afterwards.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import BinaryIO, Literal

from mattebox.io import colour, header_check, metadata, sources
from mattebox.io.decoding import boundary, decode
from mattebox.io.orientation import turned, upright
from mattebox.types import Picture

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO


def read(
    source: Source,
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
    label = name or sources.name_of(source)
    data = sources.read_bytes(source, name=label)
    found = header_check.sniff(data, label)
    header_check.check_size(found, max_pixels, label)
    return _picture(data, found, max_pixels, metadata, label)


def read_once(path: str) -> Picture:
    """Read a picture that many others need, such as a background; the last few are kept until their file changes."""
    try:
        seen = os.stat(path)
    except OSError:
        return read(path)
    return _kept(path, seen.st_mtime_ns, seen.st_size)


@lru_cache(maxsize=2)
def _kept(path: str, changed: int, size: int) -> Picture:
    return read(path)


def _picture(data: bytes, found: header_check.Header, max_pixels: int, policy: metadata.Policy, name: str) -> Picture:
    decoded = decode(data, found, max_pixels, name)
    with boundary(name, found.format):
        entered = colour.enter(decoded.planes, decoded.info.get("icc_profile"))
        rgb = upright(entered.rgb, decoded.orientation)
        alpha = decoded.planes.alpha
        file = data if found.format == "tiff" else None
        kept = turned(metadata.gather(decoded.info, policy, file=file), decoded.orientation)
        return Picture(
            rgb,
            None if alpha is None else upright(alpha, decoded.orientation),
            entered.profile,
            kept,
            decoded.notes + entered.notes,
        )

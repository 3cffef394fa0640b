"""Colour spaces that a file states otherwise than by an embedded ICC profile, as ICC profiles.

PNG cICP, and gAMA with cHRM (PNG, third edition, 11.3.2: cICP overrules iCCP, that sRGB, that gAMA and cHRM); `nclx` in
HEIC and AVIF (ISO/IEC 23008-12), which an ICC profile overrules; the EXIF interoperability index "R03", by which
cameras mark Adobe RGB (DCF 2.0). Code numbers: ITU-T H.273.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

from mattebox.core.colour_signals import (
    ColourSignal,
    adobe_rgb_profile,
    profile_of_gamma,
    signal_of_coding_points,
)
from mattebox.core.icc_builder import CodingPoints
from mattebox.io.dimensions import iter_boxes, iter_png_chunks
from mattebox.io.metadata import extract_exif, is_adobe_rgb_exif
from mattebox.io.parsing_budget import ParsingBudget

COLOUR_CHUNKS = (b"cICP", b"gAMA", b"cHRM", b"sRGB")


def read_colour_signal(data: bytes, format: str, info: Mapping[Any, Any]) -> ColourSignal:
    """The colour space of a file, from whichever of its statements takes precedence.

    Parameters
    ----------
    data
        The file.
    format
        Its format, as in `header_check`.
    info
        Pillow's `info` dictionary, with the embedded profile and EXIF.
    """
    embedded = info.get("icc_profile") or None
    if format == "png":
        chunks = _colour_chunks(data)
        if len(content := chunks.get(b"cICP", b"")) == 4:
            return signal_of_coding_points(CodingPoints(*content[:2]), is_narrow_range=content[3] == 0)
        if embedded is None and b"sRGB" not in chunks and chunks.keys() & {b"gAMA", b"cHRM"}:
            return ColourSignal(_profile_of_gamma(chunks))
        if b"sRGB" in chunks:
            return ColourSignal(embedded)
    if embedded is None and format in ("heif", "avif") and (points := _nclx_coding_points(data)) is not None:
        return signal_of_coding_points(points)
    if format == "jpeg2000":
        return ColourSignal(embedded or _jpeg2000_profile(data))
    if embedded is None and is_adobe_rgb_exif(data if format == "tiff" else extract_exif(info)):
        return ColourSignal(adobe_rgb_profile())
    return ColourSignal(embedded)


def _colour_chunks(data: bytes) -> dict[bytes, bytes]:
    """The first chunk of each kind that describes a PNG's colours."""
    found: dict[bytes, bytes] = {}
    for kind, start, end in iter_png_chunks(data):
        if kind in COLOUR_CHUNKS and kind not in found:
            found[kind] = data[start:end]
    return found


def _profile_of_gamma(chunks: Mapping[bytes, bytes]) -> bytes | None:
    gamma, white = chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    exponent = struct.unpack(">I", gamma)[0] if len(gamma) == 4 else None
    return profile_of_gamma(exponent, struct.unpack(">8I", white) if len(white) == 32 else None)


def _jpeg2000_profile(data: bytes) -> bytes | None:
    """The restricted or any ICC profile of a JP2 file's colour box (ITU-T T.800, I.5.3.3)."""
    if data[4:8] != b"jP  ":
        return None
    try:
        headers = [(start, end) for kind, start, end in iter_boxes(data, 0, len(data), is_flat=True) if kind == b"jp2h"]
        for kind, start, end in iter_boxes(data, *headers[0], is_flat=True):
            if kind == b"colr" and data[start] in (2, 3):
                return bytes(data[start + 3 : end]) or None
    except (struct.error, IndexError, ValueError, OverflowError):
        return None
    return None


def _nclx_coding_points(data: bytes) -> CodingPoints | None:
    """The coding points of the primary picture of a HEIC or AVIF file; of a sequence, of its track."""
    try:
        boxes = list(iter_boxes(data, 0, len(data)))
        properties = _primary_properties(data, boxes)
        candidates = boxes if properties is None else properties
        for kind, start, end in candidates:
            if kind == b"colr" and data[start : start + 4] == b"nclx" and end >= start + 10:
                return CodingPoints(*struct.unpack_from(">HH", data, start + 4))
    except (struct.error, IndexError, ValueError, OverflowError):
        return None
    return None


Box = tuple[bytes, int, int]


def _primary_properties(data: bytes, boxes: list[Box]) -> list[Box] | None:
    """The property boxes of the primary item; None when the file has no item properties."""
    places = {kind: (start, end) for kind, start, end in reversed(boxes)}
    if not {b"pitm", b"ipco", b"ipma"} <= places.keys():
        return None
    start, _ = places[b"pitm"]
    primary = struct.unpack_from(">H" if data[start] == 0 else ">I", data, start + 4)[0]
    properties = list(iter_boxes(data, *places[b"ipco"], is_flat=True))
    for item, indices in _property_associations(data, places[b"ipma"][0]):
        if item == primary:
            return [properties[i - 1] for i in indices if 0 < i <= len(properties)]
    return None


def _property_associations(data: bytes, start: int) -> Iterator[tuple[int, list[int]]]:
    """Items and the numbers (from 1) of their properties, of an `ipma` box."""
    version, is_wide = data[start], data[start + 3] & 1
    (count,) = struct.unpack_from(">I", data, start + 4)
    budget, at = ParsingBudget(), start + 8
    for _ in range(count):
        budget.spend_parts()
        item = struct.unpack_from(">H" if version < 1 else ">I", data, at)[0]
        at += 2 if version < 1 else 4
        length = data[at]
        code, mask = (f">{length}H", 0x7FFF) if is_wide else (f">{length}B", 0x7F)
        yield item, [value & mask for value in struct.unpack_from(code, data, at + 1)]
        at += 1 + struct.calcsize(code)

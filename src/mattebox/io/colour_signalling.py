"""Colour spaces that a file states otherwise than by an embedded ICC profile, as ICC profiles.

PNG cICP, and gAMA with cHRM (PNG, third edition, 11.3.2: cICP overrules iCCP, that sRGB, that gAMA and cHRM); `nclx` in
HEIC and AVIF (ISO/IEC 23008-12), which an ICC profile overrules; the EXIF interoperability index "R03", by which
cameras mark Adobe RGB (DCF 2.0). Code numbers: ITU-T H.273.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mattebox.core.hdr_transfer import HDR_NAMES, PRIMARIES_BY_CODE, build_hdr_profile
from mattebox.core.icc_builder import (
    ADOBE_RGB,
    ADOBE_RGB_GAMMA,
    BT709,
    CodingPoints,
    Primaries,
    build_rgb_profile,
    gamma_curve,
    srgb_curve,
)
from mattebox.io.dimensions import iter_boxes, iter_png_chunks
from mattebox.io.metadata import extract_exif, is_adobe_rgb_exif
from mattebox.io.parsing_budget import ParsingBudget

SRGB_GAMMA_RANGE = (45000, 46000)  # x 100000; writers state sRGB's curve as 45455
GAMMA_RANGE = (15000, 250000)  # beyond, the value is a mistake
SRGB_CHROMATICITIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
MAX_CHROMATICITY_ERROR = 150  # x 100000; writers round
COLOUR_CHUNKS = (b"cICP", b"gAMA", b"cHRM", b"sRGB")
UNSPECIFIED = 2
# BT.709 and its kin state a camera's curve; displays show them much as sRGB, which browsers do, too.
SRGB_TRANSFERS = {1, 2, 6, 7, 11, 12, 13, 14, 15}
GAMMA_BY_TRANSFER = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}


class ColourSignal(NamedTuple):
    """The ICC profile (None = sRGB), whether RGB runs from 16 to 235 rather than 0 to 255, and notes for the user."""

    profile: bytes | None = None
    is_narrow_range: bool = False
    notes: tuple[str, ...] = ()


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
        return ColourSignal(build_rgb_profile("Adobe RGB (1998) by EXIF", ADOBE_RGB, gamma_curve(ADOBE_RGB_GAMMA)))
    return ColourSignal(embedded)


def signal_of_coding_points(points: CodingPoints, *, is_narrow_range: bool = False) -> ColourSignal:
    """The colour space of primaries and a transfer function by their numbers; unknown ones are ignored, with a note."""
    primaries, transfer = points
    if primaries == UNSPECIFIED:
        primaries = 1
    if primaries not in PRIMARIES_BY_CODE or transfer not in {*SRGB_TRANSFERS, *GAMMA_BY_TRANSFER, *HDR_NAMES}:
        note = f"its colour space (primaries {primaries}, transfer {transfer}) is not supported and was taken as sRGB"
        return ColourSignal(None, is_narrow_range, (note,))
    if transfer in HDR_NAMES:
        note = (
            f"high dynamic range ({HDR_NAMES[transfer]}): PNG, TIFF and PSD keep it, other formats get standard range"
        )
        return ColourSignal(build_hdr_profile(CodingPoints(primaries, transfer)), is_narrow_range, (note,))
    if primaries == 1 and transfer in SRGB_TRANSFERS:
        return ColourSignal(None, is_narrow_range)
    curve = srgb_curve() if transfer in SRGB_TRANSFERS else gamma_curve(GAMMA_BY_TRANSFER[transfer])
    name = "Display P3" if primaries == 12 and transfer == 13 else f"H.273 primaries {primaries}, transfer {transfer}"
    return ColourSignal(build_rgb_profile(name, PRIMARIES_BY_CODE[primaries], curve), is_narrow_range)


def _colour_chunks(data: bytes) -> dict[bytes, bytes]:
    """The first chunk of each kind that describes a PNG's colours."""
    found: dict[bytes, bytes] = {}
    for kind, start, end in iter_png_chunks(data):
        if kind in COLOUR_CHUNKS and kind not in found:
            found[kind] = data[start:end]
    return found


def _profile_of_gamma(chunks: Mapping[bytes, bytes]) -> bytes | None:
    """A profile of a PNG's gAMA and cHRM; None when they state sRGB or make no sense."""
    gamma, white = chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    exponent = struct.unpack(">I", gamma)[0] if len(gamma) == 4 else 45455
    values = struct.unpack(">8I", white) if len(white) == 32 else SRGB_CHROMATICITIES
    if not GAMMA_RANGE[0] <= exponent <= GAMMA_RANGE[1]:
        exponent = 45455
    has_srgb_curve = SRGB_GAMMA_RANGE[0] <= exponent <= SRGB_GAMMA_RANGE[1]
    if all(abs(a - b) <= MAX_CHROMATICITY_ERROR for a, b in zip(values, SRGB_CHROMATICITIES, strict=True)):
        primaries = BT709
        if has_srgb_curve:
            return None
    else:
        x, y = [v / 100000 for v in values[::2]], [v / 100000 for v in values[1::2]]
        primaries = Primaries((x[1], y[1]), (x[2], y[2]), (x[3], y[3]), (x[0], y[0]))
    curve = srgb_curve() if has_srgb_curve else gamma_curve(100000 / exponent)
    try:
        return build_rgb_profile("PNG gAMA and cHRM", primaries, curve)
    except (ValueError, struct.error):
        return None


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

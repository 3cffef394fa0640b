"""Metadata that results keep: EXIF filtered by an allow-list of tags (EXIF 3.0, TIFF 6.0), XMP, resolution.

"safe" keeps camera, lens, exposure, dates, authorship, description and resolution; it drops GPS, thumbnails, maker
notes, serial numbers, owner names and all XMP but authorship, since XMP may repeat any of these.
Authorship in IPTC-IIM becomes XMP.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Collection, Mapping
from typing import Any, Literal

from mattebox.io import iptc_iim, xmp
from mattebox.io.tiff_ifd import Ifd, TiffStructure, build_tiff, convert_byte_order
from mattebox.types import Metadata

MetadataPolicy = Literal["safe", "all", "none"]

ORIENTATION_TAG, EXIF_IFD_TAG, GPS_IFD_TAG, INTEROP_IFD_TAG = 0x0112, 0x8769, 0x8825, 0xA005
COLOUR_SPACE_TAG, EXIF_SRGB = 0xA001, 1

# Description, make, model, resolution, software, date, artist, copyright, rating; title, comment, keywords, subject.
SAFE_MAIN_TAGS = {0x10E, 0x10F, 0x110, 0x11A, 0x11B, 0x128, 0x131, 0x132, 0x13B, 0x8298, 0x4746, *range(0x9C9B, 0x9CA0)}
SAFE_MAIN_TAGS -= {0x9C9D}  # XPAuthor: the account's name, filled in by the system

SAFE_EXIF_TAGS = {
    *(0x829A, 0x829D, 0x8822, 0x8827, *range(0x8830, 0x8836)),  # exposure time, aperture, program, sensitivity
    *(0x9000, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9290, 0x9291, 0x9292),  # version, dates and their zones
    *(0x9201, 0x9202, 0x9203, 0x9204, 0x9205, 0x9206, 0x9207, 0x9208, 0x9209, 0x920A),  # how it was exposed
    *(0xA20E, 0xA20F, 0xA210, 0xA217, 0xA300, 0xA301, 0xA401, 0xA402, 0xA403, 0xA404, 0xA405, 0xA406),
    *(0xA407, 0xA408, 0xA409, 0xA40A, 0xA40C, 0xA460),  # how it was processed
    *(0xA432, 0xA433, 0xA434),  # lens
}

# Tags that describe the pixels and layout of a TIFF file, not the photograph.
PIXEL_LAYOUT_TAGS = {
    *(0xFE, 0xFF, *range(0x100, 0x104), 0x106, *range(0x107, 0x10B), 0x111, *range(0x115, 0x11A), 0x11C),
    *(*range(0x120, 0x126), 0x129, 0x12D, 0x13D, *range(0x13E, 0x148), 0x14A, 0x14C, 0x150, 0x152, 0x153, 0x154),
    *(0x155, 0x156, 0x157, 0x158, 0x15B, *range(0x200, 0x20A), *range(0x211, 0x215), 0x2BC, 0x83BB, 0x8649, 0x8773),
}


def collect_metadata(info: Mapping[Any, Any], policy: MetadataPolicy, *, tiff_bytes: bytes | None = None) -> Metadata:
    """Collect the metadata that `policy` allows from Pillow's `info`; `tiff_bytes` is the file if it is a TIFF.

    Broken metadata is left out and never an error.
    """
    if policy == "none":
        return Metadata()
    block = tiff_bytes if tiff_bytes is not None else extract_exif(info)
    exif = _filter_exif(block, policy, is_file=tiff_bytes is not None)
    authorship = iptc_iim.parse_authorship(iptc_iim.find_iptc(info, tiff_bytes))
    return Metadata(exif, iptc_iim.add_authorship(_extract_xmp(info, policy), authorship), _extract_dpi(info))


def keep_safe_metadata(metadata: Metadata) -> Metadata:
    """What the policy "safe" keeps of metadata that were read with any policy."""
    packet = None if metadata.xmp is None else xmp.extract_authorship(metadata.xmp)
    return Metadata(_filter_exif(metadata.exif, "safe", is_file=False), packet, metadata.dpi)


def extract_exif(info: Mapping[Any, Any]) -> bytes | None:
    """The EXIF block (a TIFF structure) from Pillow's `info`."""
    block = info.get("exif")
    if block is None and isinstance(text := info.get("Raw profile type exif"), str):
        try:  # ImageMagick's PNG form: three heading lines, then hexadecimal
            block = bytes.fromhex("".join(text.split("\n")[3:]))
        except ValueError:
            return None
    if not isinstance(block, bytes):
        return None
    while block.startswith(b"Exif\0\0"):
        block = block[6:]
    return block or None


def read_orientation(exif_block: bytes | None) -> int:
    """The EXIF orientation, 1 to 8; 1 when it is absent or the block is broken."""
    try:
        file = TiffStructure(exif_block or b"")
        found = file.integer_value(file.read_ifd(file.first_ifd_offset, {ORIENTATION_TAG})[0].get(ORIENTATION_TAG))
    except (ValueError, struct.error):
        return 1
    return found if found is not None and 1 <= found <= 8 else 1


def is_adobe_rgb_exif(exif_block: bytes | None) -> bool:
    """Whether EXIF says Adobe RGB: interoperability index "R03", and no colour space of sRGB (DCF 2.0)."""
    try:
        return _adobe_rgb_ifd_offset(TiffStructure(exif_block or b"")) is not None
    except (ValueError, struct.error):
        return False


def _adobe_rgb_ifd_offset(tiff: TiffStructure) -> int | None:
    """The offset of an interoperability directory that says Adobe RGB. Raises ValueError, struct.error."""
    top = tiff.read_ifd(tiff.first_ifd_offset, {EXIF_IFD_TAG})[0]
    exif_at = tiff.integer_value(top.get(EXIF_IFD_TAG))
    exif = tiff.read_ifd(exif_at, {COLOUR_SPACE_TAG, INTEROP_IFD_TAG})[0] if exif_at else {}
    at = tiff.integer_value(exif.get(INTEROP_IFD_TAG))
    if not at or tiff.integer_value(exif.get(COLOUR_SPACE_TAG)) == EXIF_SRGB:
        return None
    index = tiff.read_ifd(at, {1})[0].get(1)
    return at if index is not None and index.raw_bytes.startswith(b"R03") else None


def filter_safe_tags(exif_block: bytes) -> bytes | None:
    """Rebuild an EXIF block with the safe tags only; None when none is left. Raises ValueError, struct.error."""
    return _rebuild_exif(TiffStructure(exif_block), SAFE_MAIN_TAGS, SAFE_EXIF_TAGS)


def embed_exif_in_tiff(tiff_bytes: bytes, exif_block: bytes) -> bytes:
    """Add the tags and sub-directories of an EXIF block to a TIFF file, whose own tags stay.

    Pillow cannot write sub-directories into a compressed TIFF. A broken block is left out, and so is any in BigTIFF.
    """
    try:
        file, source = TiffStructure(tiff_bytes), TiffStructure(exif_block)
        if file.is_big_tiff or source.is_big_tiff:
            return tiff_bytes
        own_tags, _ = file.read_ifd(file.first_ifd_offset)
        top, _ = source.read_ifd(source.first_ifd_offset)
        pointers = {}
        for tag in (EXIF_IFD_TAG, GPS_IFD_TAG):
            sub_ifd = _drop_bigtiff_entries(_read_sub_ifd(source, top, tag, None))
            sub_ifd.pop(INTEROP_IFD_TAG, None)
            if sub_ifd:
                converted = convert_byte_order(sub_ifd, source.byte_order, file.byte_order)
                body, pointers[tag] = file.with_sub_ifd(converted)
                file = TiffStructure(body)
        dropped = {EXIF_IFD_TAG, GPS_IFD_TAG, ORIENTATION_TAG, *PIXEL_LAYOUT_TAGS}
        added = _drop_bigtiff_entries({tag: entry for tag, entry in top.items() if tag not in dropped})
        return file.with_ifd(convert_byte_order(added, source.byte_order, file.byte_order) | own_tags | pointers)
    except (ValueError, struct.error):
        return tiff_bytes


def _filter_exif(exif_block: bytes | None, policy: MetadataPolicy, is_file: bool) -> bytes | None:
    if exif_block is None:
        return None
    try:
        if policy == "safe":
            return filter_safe_tags(exif_block)
        return _rebuild_exif(TiffStructure(exif_block)) if is_file else _reset_orientation(exif_block)
    except (ValueError, struct.error):
        return None


def _rebuild_exif(
    tiff: TiffStructure, main_tags: Collection[int] | None = None, exif_tags: Collection[int] | None = None
) -> bytes | None:
    """Rebuild an EXIF block with the given tags (None = all) of the main and EXIF directories; GPS only with all."""
    top, _ = tiff.read_ifd(tiff.first_ifd_offset, main_tags and {*main_tags, EXIF_IFD_TAG})
    sub_ifds = {
        tag: _read_sub_ifd(tiff, top, tag, exif_tags)
        for tag in ((EXIF_IFD_TAG,) if main_tags else (EXIF_IFD_TAG, GPS_IFD_TAG))
    }
    sub_ifds[EXIF_IFD_TAG].pop(INTEROP_IFD_TAG, None)
    main_ifd = _drop_bigtiff_entries(
        {tag: top[tag] for tag in top if tag not in {EXIF_IFD_TAG, GPS_IFD_TAG, ORIENTATION_TAG, *PIXEL_LAYOUT_TAGS}}
    )
    sub_ifds = {tag: _drop_bigtiff_entries(directory) for tag, directory in sub_ifds.items() if directory}
    return build_tiff(tiff.byte_order, main_ifd, sub_ifds) if main_ifd or sub_ifds else None


def _read_sub_ifd(tiff: TiffStructure, main_ifd: Ifd, tag: int, allowed_tags: Collection[int] | None) -> Ifd:
    at = tiff.integer_value(main_ifd.get(tag))
    if not at:
        return {}
    try:
        return tiff.read_ifd(at, allowed_tags)[0]
    except (ValueError, struct.error):
        return {}


def _drop_bigtiff_entries(ifd: Ifd) -> Ifd:
    """Drop entries with the 8-byte integers of BigTIFF, which EXIF does not have."""
    return {tag: entry for tag, entry in ifd.items() if entry.field_type <= 13}


def _reset_orientation(exif_block: bytes) -> bytes:
    """Set the orientation to 1 in place; nothing moves, so offsets inside maker notes stay valid."""
    file = TiffStructure(exif_block)
    count = struct.unpack_from(file.byte_order + "H", exif_block, file.first_ifd_offset)[0]
    changed = bytearray(exif_block)
    for at in range(file.first_ifd_offset + 2, min(file.first_ifd_offset + 2 + 12 * count, len(exif_block) - 11), 12):
        if struct.unpack_from(file.byte_order + "H", exif_block, at)[0] == ORIENTATION_TAG:
            struct.pack_into(file.byte_order + "HIHH", changed, at + 2, 3, 1, 1, 0)
    _clear_adobe_rgb(file, changed)
    return bytes(changed)


def _clear_adobe_rgb(file: TiffStructure, exif_block: bytearray) -> None:
    """Replace the index "R03" by "R98": results have an ICC profile instead, or have become sRGB."""
    try:
        at = _adobe_rgb_ifd_offset(file)
    except (ValueError, struct.error):
        return
    if at is not None:
        (count,) = struct.unpack_from(file.byte_order + "H", exif_block, at)
        for entry in range(at + 2, min(at + 2 + 12 * count, len(exif_block) - 11), 12):
            if exif_block[entry + 8 : entry + 11] == b"R03":
                exif_block[entry + 8 : entry + 11] = b"R98"


def _extract_xmp(info: Mapping[Any, Any], policy: MetadataPolicy) -> bytes | None:
    packet = info.get("xmp")
    if not isinstance(packet, bytes) or not packet:
        return None
    packet = xmp.extract_authorship(packet) if policy == "safe" else xmp.remove_stale_properties(packet)
    if packet is None:
        return None
    return re.sub(rb"(tiff:Orientation(?:>|=[\"']))[2-8]", rb"\g<1>1", packet)


def _extract_dpi(info: Mapping[Any, Any]) -> tuple[float, float] | None:
    try:
        x, y = (float(v) for v in info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return (x, y) if all(math.isfinite(v) and 1 < v < 1e6 for v in (x, y)) else None

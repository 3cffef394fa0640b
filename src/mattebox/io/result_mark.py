"""The mark in results by which a later run recognises them: EXIF's tag ProcessingSoftware (Exif 2.3, 0x000B)."""

from __future__ import annotations

import struct
from pathlib import Path

from mattebox._version import __version__
from mattebox.io import metadata
from mattebox.io.pillow_guard import suppress_pillow_checks
from mattebox.io.tiff_ifd import IfdEntry, TiffStructure, build_tiff

PROCESSING_SOFTWARE_TAG = 0x000B
SOFTWARE_NAME = b"mattebox"
ASCII_FIELD_TYPE = 2
MAX_EXIF_BYTES = 65_000  # a JPEG segment holds 65533
MARKABLE_FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF")  # Pillow's names of those that are written with EXIF


def mark_exif(exif: bytes | None) -> bytes | None:
    """Add the mark to an EXIF block; a block that is broken or full is returned as it is.

    Parameters
    ----------
    exif : bytes or None
        A TIFF structure without the prefix ``Exif\\0\\0``.

    Returns
    -------
    bytes or None
        The same with the mark; what it holds does not move, so that offsets inside maker notes stay valid.
    """
    value = SOFTWARE_NAME + f" {__version__}".encode() + b"\0"
    entry = IfdEntry(ASCII_FIELD_TYPE, len(value), value)
    if exif is None:
        return build_tiff("<", {PROCESSING_SOFTWARE_TAG: entry}, {})
    try:
        structure = TiffStructure(exif)
        ifd, next_offset = structure.read_ifd(structure.first_ifd_offset)
        if structure.is_big_tiff:
            return exif
        marked = bytearray(structure.with_ifd(ifd | {PROCESSING_SOFTWARE_TAG: entry}))
        directory = len(exif) + len(exif) % 2
        count = struct.unpack_from(structure.byte_order + "H", marked, directory)[0]
        struct.pack_into(structure.byte_order + "I", marked, directory + 2 + 12 * count, next_offset)
    except (ValueError, struct.error):
        return exif
    return bytes(marked) if len(marked) <= MAX_EXIF_BYTES else exif


def has_mark(exif: bytes | None) -> bool:
    """Whether an EXIF block has the mark."""
    try:
        structure = TiffStructure(exif or b"")
        ifd, _ = structure.read_ifd(structure.first_ifd_offset, {PROCESSING_SOFTWARE_TAG})
    except (ValueError, struct.error):
        return False
    entry = ifd.get(PROCESSING_SOFTWARE_TAG)
    return entry is not None and entry.raw_bytes.startswith(SOFTWARE_NAME)


def is_marked_file(path: Path) -> bool:
    """Whether a file is a picture with the mark; only its header is read. False where it cannot be read."""
    from PIL import Image, TiffImagePlugin

    try:
        with suppress_pillow_checks(), Image.open(path, formats=MARKABLE_FORMATS) as image:
            if isinstance(image, TiffImagePlugin.TiffImageFile):
                return str(image.tag_v2.get(PROCESSING_SOFTWARE_TAG, "")).startswith(SOFTWARE_NAME.decode())
            return has_mark(metadata.extract_exif(image.info))
    except Exception:  # noqa: BLE001  whatever a broken file makes a decoder raise: it is no result
        return False

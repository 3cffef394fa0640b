"""The colour space of a Pillow image, as far as Pillow or the file that it was opened from states one.

PNG's cICP is in no `info`: it is read from the file while that is still open, or by its name. The rest is in `info`,
which conversions of the image keep: the profile, gAMA and cHRM, and, by pillow-heif, the numbers of `nclx`.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

from mattebox.core.colour_signals import (
    ColourSignal,
    adobe_rgb_profile,
    profile_of_gamma,
    signal_of_coding_points,
)
from mattebox.core.icc_builder import CodingPoints

PNG_SIGNATURE_BYTES = 8
MAX_CHUNKS_BEFORE_PIXELS = 1000
EXIF_INTEROPERABILITY_IFD = 0xA005
ADOBE_RGB_INDEX = "R03"


def read_pillow_signal(image: Any) -> ColourSignal:
    """The colour space that an image states; call it before the image is loaded, which closes its file."""
    info: dict[Any, Any] = image.info
    if image.format == "PNG" and (chunk := _read_cicp_chunk(image)) is not None:
        return signal_of_coding_points(CodingPoints(chunk[0], chunk[1]), is_narrow_range=chunk[3] == 0)
    embedded = info.get("icc_profile") or None
    if embedded is not None:
        return ColourSignal(embedded)
    if isinstance(nclx := info.get("nclx_profile"), dict):
        return signal_of_coding_points(CodingPoints(nclx["color_primaries"], nclx["transfer_characteristics"]))
    if "srgb" not in info and info.keys() & {"gamma", "chromaticity"}:
        exponent = round(100000 * float(info["gamma"])) if "gamma" in info else None
        chromaticities = [round(100000 * v) for v in info.get("chromaticity", ())]
        return ColourSignal(profile_of_gamma(exponent, chromaticities if len(chromaticities) == 8 else None))
    return ColourSignal(adobe_rgb_profile() if _is_adobe_rgb(image) else None)


def _read_cicp_chunk(image: Any) -> bytes | None:
    """The four bytes of cICP; None without it, or where the file cannot be read any more."""
    file, name = getattr(image, "fp", None), getattr(image, "filename", "")
    try:
        if file is not None:
            position = file.tell()
            try:
                return _find_chunk(file, b"cICP")
            finally:
                file.seek(position)
        if name:
            with open(name, "rb") as named_file:
                return _find_chunk(named_file, b"cICP")
    except (OSError, ValueError, struct.error):
        return None
    return None


def _find_chunk(file: BinaryIO, kind: bytes) -> bytes | None:
    """The content of a chunk of four bytes that stands before a PNG's pixels."""
    file.seek(PNG_SIGNATURE_BYTES)
    for _ in range(MAX_CHUNKS_BEFORE_PIXELS):
        length, found = struct.unpack(">I4s", file.read(8))
        if found == kind and length == 4:
            return file.read(4)
        if found == b"IDAT":
            return None
        file.seek(length + 4, 1)
    return None


def _is_adobe_rgb(image: Any) -> bool:
    """Whether EXIF has the interoperability index by which cameras mark Adobe RGB."""
    if ADOBE_RGB_INDEX.encode() not in (image.info.get("exif") or b""):
        return False
    try:
        return str(image.getexif().get_ifd(EXIF_INTEROPERABILITY_IFD).get(1, "")).strip("\0 ") == ADOBE_RGB_INDEX
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error, Warning):
        return False  # damaged EXIF data state nothing

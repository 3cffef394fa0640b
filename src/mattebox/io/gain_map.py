"""Detection of gain maps, which turn a standard picture into one of high dynamic range (ISO 21496-1).

Ultra HDR JPEG (Adobe's and ISO's), Apple's JPEG and HEIC, and the `tmap` item of AVIF and HEIC. The main picture is
read; the map is neither read nor written.
"""

from __future__ import annotations

from mattebox.io.xmp import GAIN_MAP_NAMESPACES

GAIN_MAP_NOTE = "its gain map (high dynamic range) was dropped; the standard picture was read"
JPEG_MARKERS = (b"urn:iso:std:iso:ts:21496:-1", *(namespace.encode() for namespace in GAIN_MAP_NAMESPACES))
APPLE_AUXILIARY_TYPE = b"urn:com:apple:photo:2020:aux:hdrgainmap"
MAX_BRANDS_BYTES = 256


def has_gain_map(data: bytes, format: str) -> bool:
    """Whether a JPEG, HEIC or AVIF file holds a gain map beside its main picture."""
    if format == "jpeg":
        return any(marker in data for marker in JPEG_MARKERS)
    if format in ("heif", "avif"):
        brands = data[8 : min(int.from_bytes(data[:4], "big"), MAX_BRANDS_BYTES)]
        return b"tmap" in brands or APPLE_AUXILIARY_TYPE in data
    return False

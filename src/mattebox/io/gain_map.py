"""Gain maps, which turn a standard picture into one of high dynamic range (ISO 21496-1): detection and reading.

Ultra HDR JPEG (Adobe's and ISO's numbers) and Apple's JPEG and HEIC are read; the `tmap` item of AVIF and HEIC is only
detected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.errors import InputError
from mattebox.io import header_check
from mattebox.io.decoding import decode
from mattebox.io.gain_map_metadata import (
    ISO_MARK,
    GainMapNumbers,
    read_adobe_numbers,
    read_apple_headroom,
    read_iso_numbers,
)
from mattebox.io.jpeg_segments import further_pictures, iter_segments, xmp_of
from mattebox.io.metadata import extract_exif
from mattebox.io.xmp import GAIN_MAP_NAMESPACES
from mattebox.types import BitDepth, Floats, GainMap, Pixels

KEPT_NOTE = "its gain map (high dynamic range) goes into results in JPEG only"
GAIN_MAP_NOTE = "its gain map (high dynamic range) was dropped; the standard picture was read"
JPEG_MARKERS = (ISO_MARK[:-1], *(namespace.encode() for namespace in GAIN_MAP_NAMESPACES))
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


def read_gain_map(data: bytes, format: str, info: Mapping[Any, Any]) -> GainMap | None:
    """The gain map of a file, as stored, not yet upright; None where it has none that can be read.

    `info` is that of the decoded file.
    """
    if format == "jpeg" and has_gain_map(data, format):
        maps = (_read_jpeg_map(picture, extract_exif(info)) for picture in further_pictures(data))
        return next((found for found in maps if found is not None), None)
    plane = info.get("gain_map_plane")
    if format != "heif" or plane is None:
        return None
    headroom = read_apple_headroom(info.get("xmp") or b"", extract_exif(info))
    return None if headroom is None else _apple_map(plane[..., None], headroom)


def _read_jpeg_map(picture: bytes, exif: bytes | None) -> GainMap | None:
    """The gain map in one of a JPEG's further pictures; None where it is another."""
    packet = xmp_of(picture)
    iso = next((s.content[len(ISO_MARK) :] for s in iter_segments(picture) if s.content.startswith(ISO_MARK)), b"")
    numbers = read_iso_numbers(iso) or read_adobe_numbers(packet)
    headroom = read_apple_headroom(packet, exif) if APPLE_AUXILIARY_TYPE in packet else None
    if numbers is None and headroom is None:
        return None
    try:
        header = header_check.read_header(picture, "the gain map")
        decoded = decode(picture, header, MAX_INPUT_PIXELS, "the gain map").pixel_data
    except InputError:
        return None
    pixels = decoded.pixels if decoded.pixels.ndim == 3 else decoded.pixels[..., None]
    return _scaled_map(pixels, numbers) if numbers is not None else _apple_map(pixels[..., :1], cast("float", headroom))


def _scaled_map(pixels: Pixels, numbers: GainMapNumbers) -> GainMap:
    """The gains of stored values, by ISO's or Adobe's numbers."""
    is_one_channel = pixels.shape[2] == 1 and all(len(set(column)) == 1 for column in numbers[:5])
    count = 1 if is_one_channel else 3
    smallest, largest, gamma = (np.array(column[:count], np.float32) for column in numbers[:3])
    shares = _shares(pixels) ** (1 / gamma)
    gains = np.ascontiguousarray(smallest + (largest - smallest) * shares, np.float32)
    offset, alternate = (sum(column) / 3 for column in (numbers.offset, numbers.alternate_offset))
    return GainMap(gains, numbers.headroom, offset, alternate)


def _apple_map(pixels: Pixels, headroom: float) -> GainMap:
    """The gains of Apple's map: light grows by 1 + (headroom - 1) x value, which the curve of Rec. 709 encodes."""
    values = _shares(pixels)
    linear = np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))
    gains = np.log2(1 + np.float32(headroom - 1) * linear).astype(np.float32)
    return GainMap(gains, (0.0, float(np.log2(headroom))))


def _shares(pixels: Pixels) -> Floats:
    shares: Floats = pixels.astype(np.float32) / np.float32(BitDepth.of_pixels(pixels).peak)
    return shares

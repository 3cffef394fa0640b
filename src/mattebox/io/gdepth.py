"""Depth maps that phones write into JPEGs as XMP: GDepth, whose picture lies in the extended packet.

Google's Depth Map Metadata (developers.google.com/depthmap-metadata) and Adobe's XMP specification, part 3, 1.1.3.1.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import numpy as np

from mattebox.errors import InputError
from mattebox.io import header_check
from mattebox.io.decoding import decode
from mattebox.types import BitDepth, DepthMap, Floats, Pixels

EXTENSION_MARK = b"http://ns.adobe.com/xmp/extension/\0"
XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"
NAMESPACE = b"http://ns.google.com/photos/1.0/depthmap/"
GUID_BYTES, LENGTH_BYTES = 32, 4
MAX_PACKET_BYTES = 30_000_000
MAX_SEGMENTS = 2000
MAX_DEPTH_PIXELS = 50_000_000
BASE64_PATTERN = re.compile(rb"[A-Za-z0-9+/=\s]+")


def read_gdepth(data: bytes) -> DepthMap | None:
    """The depth map of a JPEG file; None where there is none, or where it is damaged."""
    if NAMESPACE not in data:
        return None
    main, extension = xmp_packets(data)
    picture = _attribute(extension, b"Data") or _attribute(main, b"Data")
    if picture is None or BASE64_PATTERN.fullmatch(picture) is None:
        return None
    try:
        encoded = base64.b64decode(picture)
    except binascii.Error:
        return None
    return decode_depth(
        encoded, {name: _attribute(main, name) or b"" for name in (b"Near", b"Far", b"Units", b"Format")}
    )


def decode_depth(encoded: bytes, properties: Mapping[bytes, bytes]) -> DepthMap | None:
    """The depth map of a picture, by the properties `Near`, `Far`, `Units` and `Format`; None where it is damaged."""
    try:
        near, far = (float(properties[name] or b"nan") for name in (b"Near", b"Far"))
        header = header_check.read_header(encoded, "the depth map")
        header_check.check_pixel_limit(header, MAX_DEPTH_PIXELS, "the depth map")
        pixels = decode(encoded, header, MAX_DEPTH_PIXELS, "the depth map").pixel_data.pixels
    except (ValueError, InputError):
        return None
    is_metric = properties[b"Units"].strip().lower() in (b"m", b"meters", b"metres")
    inverse = _inverse_depth(_as_shares(pixels), properties[b"Format"].strip(), near, far)
    return None if inverse is None else DepthMap(inverse, "file", "1/m" if is_metric else "relative")


def _inverse_depth(values: Floats, layout: bytes, near: float, far: float) -> Floats | None:
    """Inverse depth of stored values 0..1: those of RangeInverse are linear in it, those of RangeLinear in depth."""
    if not (0 < near < far < float("inf")):
        return None
    is_linear = layout == b"RangeLinear"
    inverse: Any = 1 / (near + values * (far - near)) if is_linear else (1 - values) / near + values / far
    return cast("Floats", inverse.astype(np.float32))


def _as_shares(pixels: Pixels) -> Floats:
    plane = pixels if pixels.ndim == 2 else pixels[..., 0]
    shares: Floats = plane.astype(np.float32) / np.float32(BitDepth.of_pixels(plane).peak)
    return shares


def _attribute(packet: bytes, name: bytes) -> bytes | None:
    """The value of a GDepth property: an attribute, or an element."""
    match = re.search(rb'\bGDepth:%s\s*=\s*"([^"]*)"' % name, packet) or re.search(
        rb"<GDepth:%s>([^<]*)</GDepth:%s>" % (name, name), packet
    )
    return match[1] if match else None


def xmp_packets(data: bytes) -> tuple[bytes, bytes]:
    """The main packet, and the extended one, joined by the offsets of its parts."""
    main, parts, length = b"", dict[int, bytes](), 0
    for segment in _application_segments(data):
        if segment.startswith(XMP_MARK):
            main = main or segment[len(XMP_MARK) :]
        elif segment.startswith(EXTENSION_MARK):
            head = len(EXTENSION_MARK) + GUID_BYTES
            total, offset = (int.from_bytes(segment[at : at + LENGTH_BYTES], "big") for at in (head, head + 4))
            parts[offset] = segment[head + 2 * LENGTH_BYTES :]
            length = max(length, total)
    if length > MAX_PACKET_BYTES:
        return main, b""
    return main, b"".join(parts[offset] for offset in sorted(parts))[:length]


def _application_segments(data: bytes) -> Iterator[bytes]:
    """Contents of a JPEG's APP1 segments before its first scan."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        if data[at : at + 1] != b"\xff" or data[at + 1 : at + 2] in (b"\xda", b"\xd9", b""):
            return
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xE1:
            yield data[at + 4 : at + 2 + length]
        at += 2 + max(2, length)

"""Depth maps that phones append to JPEGs: Dynamic Depth 1.0, whose XMP lists what follows the photograph.

The pictures lie one after another at the file's end, in the order of the container's list (Android's specification,
sections 5 and 8).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mattebox.io.gdepth import decode_depth, xmp_packets
from mattebox.types import DepthMap

NAMESPACE = b"http://ns.google.com/photos/dd/1.0/depthmap/"
MAX_ITEMS = 100
ITEM_PATTERN = re.compile(rb"<[\w:]*Item\b[^<>]*>")
PROPERTIES = (b"Near", b"Far", b"Units", b"Format")


class _Item(NamedTuple):
    """A picture of the container: its address and its length in bytes."""

    address: bytes
    length: int


def read_dynamic_depth(data: bytes) -> DepthMap | None:
    """The depth map of a JPEG file; None where there is none, or where it is damaged."""
    if NAMESPACE not in data:
        return None
    packet = b" ".join(xmp_packets(data))
    address = _property(packet, b"DepthMap", b"DepthURI")
    picture = None if address is None else _find_item(data, packet, address)
    if picture is None:
        return None
    return decode_depth(picture, {name: _property(packet, b"DepthMap", name) or b"" for name in PROPERTIES})


def _find_item(data: bytes, packet: bytes, address: bytes) -> bytes | None:
    """The bytes of the picture at an address."""
    items = [_read_item(tag) for tag in ITEM_PATTERN.findall(packet)[:MAX_ITEMS]]
    for index, item in enumerate(items):
        if item.address == address and item.length > 0:
            start = len(data) - sum(following.length for following in items[index:])
            return data[start : start + item.length] if start > 0 else None
    return None


def _read_item(tag: bytes) -> _Item:
    length = (_property(tag, b"Item", b"Length") or b"0").strip()
    return _Item(_property(tag, b"Item", b"DataURI") or b"", int(length) if length.isdigit() else 0)


def _property(packet: bytes, prefix: bytes, name: bytes) -> bytes | None:
    """The value of an attribute or an element."""
    match = re.search(rb'\b%s:%s\s*=\s*"([^"]*)"' % (prefix, name), packet) or re.search(
        rb"<%s:%s>([^<]*)</" % (prefix, name), packet
    )
    return match[1].strip() if match else None

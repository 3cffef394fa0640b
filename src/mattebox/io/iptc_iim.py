"""Authorship in IPTC-IIM, the older form that photo agencies' programs write: creator, credit line and copyright.

It lies among Photoshop's resources of a JPEG (8BIM 0x0404) and in a tag of a TIFF. Results get it as XMP, which all
their formats hold. IPTC Information Interchange Model 4.2, chapters 3 and 6; its mapping: IPTC Photo Metadata 2025.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mattebox.io.tiff_ifd import TiffStructure
from mattebox.io.xmp import DUBLIN_CORE, PHOTOSHOP, XmpPacket

IPTC_RESOURCE, IPTC_TIFF_TAG = 0x0404, 0x83BB
MARKER, HEADER_BYTES, MAX_SHORT_LENGTH = 0x1C, 5, 0x7FFF
ENVELOPE_RECORD, APPLICATION_RECORD = 1, 2
CHARACTER_SET, BY_LINE, CREDIT, COPYRIGHT_NOTICE = 90, 80, 110, 116
UTF8_SEQUENCE = b"\x1b%G"


@dataclass(frozen=True)
class IptcAuthorship:
    """Who made a photograph, who is to be credited, and whose it is; "" where it is not said."""

    creators: tuple[str, ...] = ()
    credit: str = ""
    rights: str = ""


def find_iptc(info: Mapping[Any, Any], tiff_bytes: bytes | None = None) -> bytes:
    """The IPTC-IIM block of Pillow's `info`, or of a TIFF file; empty where there is none."""
    if tiff_bytes is not None:
        try:
            tiff = TiffStructure(tiff_bytes)
            entry = tiff.read_ifd(tiff.first_ifd_offset, {IPTC_TIFF_TAG})[0].get(IPTC_TIFF_TAG)
        except (ValueError, struct.error):
            return b""
        return b"" if entry is None else entry.raw_bytes
    resources = info.get("photoshop")
    block = resources.get(IPTC_RESOURCE) if isinstance(resources, dict) else None
    return block if isinstance(block, bytes) else b""


def parse_authorship(block: bytes) -> IptcAuthorship:
    """What an IPTC-IIM block says of authorship; a broken one says what stands before the fault."""
    fields = list(_iterate_fields(block))
    is_utf8 = (ENVELOPE_RECORD, CHARACTER_SET, UTF8_SEQUENCE) in fields
    texts: dict[int, list[str]] = {}
    for record, number, value in fields:
        if record == APPLICATION_RECORD and (text := _decode(value, is_utf8)):
            texts.setdefault(number, []).append(text)
    credit, rights = (texts.get(number, [""])[0] for number in (CREDIT, COPYRIGHT_NOTICE))
    return IptcAuthorship(tuple(texts.get(BY_LINE, ())), credit, rights)


def add_authorship(packet: bytes | None, authorship: IptcAuthorship) -> bytes | None:
    """An XMP packet that says it, too; what the packet itself says of it stays. The packet as it is if it is broken."""
    if authorship == IptcAuthorship():
        return packet
    parsed = XmpPacket.empty() if packet is None else XmpPacket.parse(packet)
    if parsed is None:
        return packet
    if authorship.creators and not parsed.has(DUBLIN_CORE, "creator"):
        parsed.add_list(DUBLIN_CORE, "dc", "creator", "Seq", authorship.creators)
    if authorship.rights and not parsed.has(DUBLIN_CORE, "rights"):
        parsed.add_list(DUBLIN_CORE, "dc", "rights", "Alt", (authorship.rights,))
    if authorship.credit and not parsed.has(PHOTOSHOP, "Credit"):
        parsed.set_text(PHOTOSHOP, "photoshop", "Credit", authorship.credit)
    return parsed.serialise()


def _iterate_fields(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Record, number and value of each field."""
    at = 0
    while len(block) - at >= HEADER_BYTES and block[at] == MARKER:
        length = int.from_bytes(block[at + 3 : at + HEADER_BYTES], "big")
        if length > MAX_SHORT_LENGTH:  # an extended length: no field of authorship has so many bytes
            return
        start = at + HEADER_BYTES
        yield block[at + 1], block[at + 2], block[start : start + length]
        at = start + length


def _decode(value: bytes, is_utf8: bool) -> str:
    """Text that XML can hold. Without a stated character set programs write UTF-8 or Latin-1."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("utf-8", "replace") if is_utf8 else value.decode("latin-1")
    return "".join(c for c in text if c.isprintable() or c == " ").strip()

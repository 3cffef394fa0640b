"""Writing of gain maps: a JPEG with a second one behind it, in Ultra HDR 1.0's form and in that of ISO 21496-1.

The first picture's XMP lists both (GContainer), its index (MPF) says where the second lies, and the second's XMP and
segment hold the numbers. Readers that know none of it show the first picture.
"""

from __future__ import annotations

import io
import re
import struct

import numpy as np
from PIL import Image

from mattebox.io.gain_map_metadata import (
    ADOBE_NAMESPACE,
    ISO_MARK,
    GainMapNumbers,
    write_adobe_attributes,
    write_iso_numbers,
)
from mattebox.io.jpeg_segments import (
    APP1,
    APP2,
    MP_ENTRIES_TAG,
    MP_ENTRY_BYTES,
    MPF_MARK,
    XMP_MARK,
    build_segment,
    insert_segments,
)
from mattebox.types import GainMap

MAP_QUALITY = 92
CONTAINER_NAMESPACE = "http://ns.google.com/photos/1.0/container/"
ITEM_NAMESPACE = "http://ns.google.com/photos/1.0/container/item/"
BASELINE_PRIMARY = 0x030000
RDF_END = re.compile(rb"</rdf:RDF\s*>")
PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b"</rdf:RDF></x:xmpmeta>"
)


def encode_gain_map(gain_map: GainMap) -> bytes:
    """A gain map as a JPEG with its numbers: grey for one channel, else RGB in 4:4:4."""
    smallest, largest = gain_map.limits()
    span = max(largest - smallest, 1e-6)
    stored = np.rint((gain_map.log2_gains - np.float32(smallest)) * np.float32(255 / span)).astype(np.uint8)
    image = Image.fromarray(stored[..., 0] if stored.shape[2] == 1 else stored)
    offset, alternate = (gain_map.offset,) * 3, (gain_map.alternate_offset,) * 3
    numbers = GainMapNumbers((smallest,) * 3, (smallest + span,) * 3, (1.0,) * 3, offset, alternate, gain_map.headroom)
    file = io.BytesIO()
    options = {"subsampling": "4:4:4"} if stored.shape[2] == 3 else {}
    image.save(file, "JPEG", quality=MAP_QUALITY, **options)
    description = f'<rdf:Description rdf:about="" xmlns:hdrgm="{ADOBE_NAMESPACE}" {write_adobe_attributes(numbers)}/>'
    segments = build_segment(APP1, XMP_MARK + _with_description(PACKET, description))
    segments += build_segment(APP2, ISO_MARK + write_iso_numbers(numbers))
    return insert_segments(file.getvalue(), segments)


def add_container(packet: bytes | None, encoded: bytes) -> bytes | None:
    """An XMP packet, or a new one, that lists a photograph and its gain map; None for a packet of unusual form."""
    items = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="{semantic}" Item:Mime="image/jpeg"{length}/>'
        "</rdf:li>"
        for semantic, length in (("Primary", ""), ("GainMap", f' Item:Length="{len(encoded)}"'))
    )
    description = (
        f'<rdf:Description rdf:about="" xmlns:Container="{CONTAINER_NAMESPACE}" xmlns:Item="{ITEM_NAMESPACE}" '
        f'xmlns:hdrgm="{ADOBE_NAMESPACE}" hdrgm:Version="1.0"><Container:Directory><rdf:Seq>{items}</rdf:Seq>'
        "</Container:Directory></rdf:Description>"
    )
    packet = packet or PACKET
    return _with_description(packet, description) if RDF_END.search(packet) else None


def append_gain_map(photograph: bytes, encoded: bytes) -> bytes:
    """A JPEG with the gain map behind it, and the segments that say so; its XMP is from `add_container`."""
    version = build_segment(APP2, ISO_MARK + bytes(4))
    index_bytes = len(build_segment(APP2, MPF_MARK + _build_index(0, 0, 0)))
    without_index = insert_segments(photograph, version)
    length = len(without_index) + index_bytes
    header_at = without_index.index(version) + len(version) + 4 + len(MPF_MARK)
    index = build_segment(APP2, MPF_MARK + _build_index(length, len(encoded), length - header_at))
    return insert_segments(photograph, version + index) + encoded


def _build_index(first_length: int, second_length: int, second_offset: int) -> bytes:
    """An MPF index of two pictures; the offset counts from the index's first byte."""
    entries_at = 8 + 2 + 3 * 12 + 4
    tags = struct.pack(">HHI4s", 0xB000, 7, 4, b"0100") + struct.pack(">HHII", 0xB001, 4, 1, 2)
    tags += struct.pack(">HHII", MP_ENTRIES_TAG, 7, 2 * MP_ENTRY_BYTES, entries_at)
    entries = struct.pack(">IIIHH", BASELINE_PRIMARY, first_length, 0, 0, 0)
    entries += struct.pack(">IIIHH", 0, second_length, second_offset, 0, 0)
    return struct.pack(">2sHIH", b"MM", 42, 8, 3) + tags + bytes(4) + entries


def _with_description(packet: bytes, description: str) -> bytes:
    return RDF_END.sub(lambda match: description.encode() + match[0], packet, count=1)

"""JPEGs with gain maps put together by hand, and a small reader of them that shares no code with mattebox."""

import io
import re
import struct
from typing import NamedTuple

import numpy as np
from PIL import Image

XMP, ISO = b"http://ns.adobe.com/xap/1.0/\0", b"urn:iso:std:iso:ts:21496:-1\0"


class StoredGainMap(NamedTuple):
    """What a reader finds: the numbers in XMP, ISO's fractions, and gains in stops by either, (h, w) or (h, w, 3)."""

    xmp: dict[str, float]
    iso: tuple[float, ...]
    gains_by_xmp: np.ndarray
    gains_by_iso: np.ndarray


def jpeg(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=98, **options)
    return file.getvalue()


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def segments(data: bytes) -> list[tuple[int, int, bytes]]:
    found, at = [], 2
    while data[at + 1] != 0xDA:
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        found.append((data[at + 1], at + 4, data[at + 4 : at + 2 + length]))
        at += 2 + length
    return found


def join(photograph: bytes, gain_map: bytes, exif: bytes = b"") -> bytes:
    """A photograph and its gain map, with a little-endian index (MPF)."""
    entries_at = 8 + 2 + 3 * 12 + 4
    length = 4 + 4 + entries_at + 32
    first = len(photograph) + length + len(exif)
    tags = struct.pack("<HHI4s", 0xB000, 7, 4, b"0100") + struct.pack("<HHII", 0xB001, 4, 1, 2)
    tags += struct.pack("<HHII", 0xB002, 7, 32, entries_at)
    offset = first - (2 + len(exif) + 4 + 4)
    entries = struct.pack("<IIIHH", 0x030000, first, 0, 0, 0) + struct.pack("<IIIHH", 0, len(gain_map), offset, 0, 0)
    index = b"II*\0" + struct.pack("<IH", 8, 3) + tags + bytes(4) + entries
    return photograph[:2] + exif + segment(0xE2, b"MPF\0" + index) + photograph[2:] + gain_map


def with_xmp(data: bytes, attributes: str, body: str = "") -> bytes:
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" '
        f'xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" {attributes}>{body}</rdf:Description></rdf:RDF>'
        "</x:xmpmeta>"
    )
    return data[:2] + segment(0xE1, XMP + packet.encode()) + data[2:]


def read_stored(data: bytes) -> StoredGainMap | None:
    """The gain map of an Ultra HDR JPEG; None for a file of one picture."""
    own = segments(data)
    indices = [(start, content) for marker, start, content in own if marker == 0xE2 and content.startswith(b"MPF\0")]
    assert data.count(b"\xff\xd8\xff") == 1 + len(indices)
    if not indices:
        assert b"hdr-gain-map" not in data
        assert ISO not in data
        return None
    ((start, index),) = indices
    assert index[4:8] == b"MM\0*"
    primary, second = (struct.unpack_from(">IIIHH", index, 4 + 50 + 16 * i) for i in (0, 1))
    at = start + 4 + second[2]
    assert (primary[1], at + second[1]) == (at, len(data))
    assert data[at - 2 : at] == b"\xff\xd9"
    packet = next(content for marker, _, content in own if marker == 0xE1 and content.startswith(XMP))
    assert f'Item:Length="{second[1]}"'.encode() in packet
    assert [s.decode() for s in re.findall(rb'Item:Semantic="(\w+)"', packet)] == ["Primary", "GainMap"]
    assert any(content == ISO + bytes(4) for _, _, content in own)
    return _read_map(data[at:])


def _read_map(picture: bytes) -> StoredGainMap:
    parts = segments(picture)
    packet = next(content for marker, _, content in parts if marker == 0xE1 and content.startswith(XMP)).decode(
        "latin1"
    )
    xmp = {name: float(value) for name, value in re.findall(r'hdrgm:(\w+)="([-\d.]+)"', packet)}
    assert 'hdrgm:BaseRenditionIsHDR="False"' in packet
    body = next(content[len(ISO) :] for _, _, content in parts if content.startswith(ISO))
    minimum, _, flags, denominator, *numbers = struct.unpack(">HHBIII" + "iiIii" * ((len(body) - 17) // 20), body)
    assert (minimum, flags) == (0, 0x48)
    iso = tuple(number / denominator for number in numbers)
    values = np.asarray(Image.open(io.BytesIO(picture))).astype(float) / 255
    by_xmp = values ** (1 / xmp["Gamma"]) * (xmp["GainMapMax"] - xmp["GainMapMin"]) + xmp["GainMapMin"]
    by_iso = values ** (1 / iso[4]) * (iso[3] - iso[2]) + iso[2]
    return StoredGainMap(xmp, iso, by_xmp, by_iso)

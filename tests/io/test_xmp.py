"""XMP: authorship under "safe", and no promise of a gain map that a result does not hold."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest
import simplejpeg
from PIL.PngImagePlugin import PngInfo

from mattebox.io import xmp
from mattebox.io.encoding import encode
from mattebox.io.gain_map import GAIN_MAP_NOTE, has_gain_map
from mattebox.io.reader import read
from tests.io.pictures import saved, scene

PACKET = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:d="http://purl.org/dc/elements/1.1/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 aux:SerialNumber="SERIAL-4711" photoshop:Credit="Agency &amp; Co" exif:GPSLatitude="48,8.1N">
<d:creator><rdf:Seq><rdf:li>Ada Lens</rdf:li></rdf:Seq></d:creator>
<d:rights><rdf:Alt><rdf:li xml:lang="x-default">(c) Ada Lens</rdf:li></rdf:Alt></d:rights>
<d:subject><rdf:Bag><rdf:li>at home</rdf:li></rdf:Bag></d:subject>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""

GAIN_MAP_PACKET = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Container="http://ns.google.com/photos/1.0/container/" hdrgm:Version="1.0" xmp:Rating="5"
 xmlns:Item="http://ns.google.com/photos/1.0/container/item/">
<Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="GainMap"/></rdf:li>
</rdf:Seq></Container:Directory></rdf:Description></rdf:RDF></x:xmpmeta>"""


def with_xmp(packet: bytes, format: str) -> bytes:
    if format == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        return saved(scene(), "PNG", pnginfo=info)
    return saved(scene(), format, **({"tiffinfo": {700: packet}} if format == "TIFF" else {"xmp": packet}))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize("output", ["jpeg", "png", "webp", "avif", "tiff"])
def test_authorship_survives_safe(format: str, output: str) -> None:
    kept = read(encode(read(with_xmp(PACKET, format)), output)).metadata.xmp
    assert kept is not None
    for text in (b"<rdf:li>Ada Lens</rdf:li>", b"(c) Ada Lens", b"Agency &amp; Co"):
        assert text in kept
    for text in (b"SERIAL", b"GPS", b"at home", b"aux"):
        assert text not in kept


def test_authorship_survives_in_sixteen_bits() -> None:
    picture = read(with_xmp(PACKET, "JPEG"))
    deep = picture.with_pixels(picture.rgb.astype(np.uint16) * 257, None)
    assert b"Ada Lens" in (read(encode(deep, "tiff")).metadata.xmp or b"")


def test_what_is_left_is_xmp() -> None:
    kept = xmp.extract_authorship(PACKET)
    assert kept is not None
    assert xmp.extract_authorship(kept) == kept
    creators = ET.fromstring(kept).findall(".//{http://purl.org/dc/elements/1.1/}creator//{*}li")
    assert [creator.text for creator in creators] == ["Ada Lens"]


BROKEN = [b"", b"<x", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"\xff\xfe<", b"<a>" * 20_000 + b"</a>" * 20_000]


@pytest.mark.parametrize("packet", BROKEN)
def test_broken_packets_are_left_out(packet: bytes) -> None:
    assert xmp.extract_authorship(packet) is None


def test_a_packet_without_authorship_is_left_out() -> None:
    assert xmp.extract_authorship(GAIN_MAP_PACKET) is None


def ultra_hdr() -> bytes:
    """A JPEG whose packet announces a gain map, with the map behind it."""
    return saved(scene(), "JPEG", xmp=GAIN_MAP_PACKET) + simplejpeg.encode_jpeg(
        np.full((24, 32, 1), 9, np.uint8), 90, "GRAY"
    )


def test_a_gain_map_is_dropped_with_a_note_and_no_promise_is_left() -> None:
    picture = read(ultra_hdr(), metadata="all")
    assert GAIN_MAP_NOTE in picture.notes
    assert picture.metadata.xmp is not None
    assert b'xmp:Rating="5"' in picture.metadata.xmp
    again = encode(picture, "jpeg")
    for promise in (b"hdrgm", b"hdr-gain-map", b"GainMap", b"Container"):
        assert promise not in again
    assert read(again).notes == ()


def test_other_packets_stay_as_they_are() -> None:
    assert xmp.remove_stale_properties(PACKET) == PACKET
    assert GAIN_MAP_NOTE not in read(with_xmp(PACKET, "JPEG")).notes


def test_the_gain_map_of_a_heic_is_said() -> None:
    content = saved(scene(), "AVIF")
    assert GAIN_MAP_NOTE not in read(content).notes
    kind = b"free" + b"urn:com:apple:photo:2020:aux:hdrgainmap\0"
    assert GAIN_MAP_NOTE in read(content + (len(kind) + 4).to_bytes(4, "big") + kind).notes
    assert has_gain_map(b"\0\0\0\x1cftypheic\0\0\0\0heicmif1tmap", "heif")

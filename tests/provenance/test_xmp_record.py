"""XMP of results: source type, history and derivation are stated; creator, credit and rights stay."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from xml.dom import minidom

import pytest
from PIL import Image

import mattebox as mb
from mattebox.io.xmp import find_packet
from mattebox.provenance.actions import Action
from mattebox.provenance.source_types import SourceType
from mattebox.provenance.xmp_record import XmpRecord, document_id_of, mark_packet, stated_source_type
from mattebox.types import Picture

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
CUT = Action("c2pa.edited", "Background <removed> & more")
AUTHORSHIP = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" photoshop:Credit="Agency"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture">
<dc:creator><rdf:Seq><rdf:li>Ada Lens</rdf:li></rdf:Seq></dc:creator>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">CC BY 4.0</rdf:li></rdf:Alt></dc:rights>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def record(*actions: Action) -> XmpRecord:
    return XmpRecord(actions, ["pair-2"], NOW, document_id_of(b"result"), document_id_of(b"photograph"))


def test_a_record_joins_what_is_there() -> None:
    marked = mark_packet(AUTHORSHIP, record(CUT))
    assert stated_source_type(marked) == SourceType.ENHANCED.uri
    again = mark_packet(marked, record(Action("c2pa.edited", "Faces redrawn", SourceType.GENERATIVE_EDIT)))
    assert stated_source_type(again) == SourceType.GENERATIVE_EDIT.uri
    text = again.decode()
    for kept in ("Ada Lens", "CC BY 4.0", "Agency", "Background &lt;removed&gt; &amp; more", "Faces redrawn"):
        assert text.count(kept) == 1, kept
    assert text.count("</Iptc4xmpExt:DigitalSourceType>") == 1
    assert "mattebox (pair-2)" in text
    minidom.parseString(again)


@pytest.mark.parametrize("packet", [None, b"<broken", b"<!DOCTYPE x []><x/>", b"<a/>"])
def test_without_a_packet_there_is_a_new_one(packet: bytes | None) -> None:
    assert stated_source_type(mark_packet(packet, record(CUT))) == SourceType.ENHANCED.uri


def test_a_generated_picture_stays_one() -> None:
    generated = AUTHORSHIP.replace(b"digitalCapture", b"trainedAlgorithmicMedia")
    assert stated_source_type(mark_packet(generated, record(CUT))) == SourceType.GENERATED.uri


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "avif"])
def test_files_say_how_they_were_made(astronaut: Picture, tmp_path: Path, suffix: str) -> None:
    source, target = tmp_path / "photo.jpg", tmp_path / f"result.{suffix}"
    Image.fromarray(astronaut.rgb[:64, :64]).save(source, xmp=AUTHORSHIP.replace(b"digitalCapture", b""))
    mb.enhance(source, saturation=30, mark_source=True).save(target)
    packet = find_packet(target.read_bytes())
    assert packet is not None
    assert stated_source_type(packet) == SourceType.ENHANCED.uri
    for words in (b"Ada Lens", b"CC BY 4.0", b"Agency", b"Saturation adjusted", b"CreatorTool"):
        assert words in packet
    assert document_id_of(source.read_bytes()).encode() in packet


def test_a_stated_type_does_not_become_untrue_and_no_other_is_added_unasked(astronaut: Picture, tmp_path: Path) -> None:
    stating, silent = tmp_path / "stating.jpg", tmp_path / "silent.jpg"
    Image.fromarray(astronaut.rgb[:64, :64]).save(stating, xmp=AUTHORSHIP)
    Image.fromarray(astronaut.rgb[:64, :64]).save(silent)
    for source, expected in ((stating, SourceType.ENHANCED.uri), (silent, "")):
        mb.enhance(source, saturation=30).save(tmp_path / "out.png")
        assert stated_source_type(find_packet((tmp_path / "out.png").read_bytes())) == expected

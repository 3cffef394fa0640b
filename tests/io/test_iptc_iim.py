"""Authorship that agencies write as IPTC-IIM is kept, as XMP; keywords, places and captions are not taken from it."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

import mattebox as mb
from mattebox.io.iptc_iim import IptcAuthorship, add_authorship, parse_authorship
from mattebox.io.reader import read
from mattebox.io.xmp import DUBLIN_CORE, PHOTOSHOP, XmpPacket

UTF8 = (1, 90, b"\x1b%G")
FIELDS = [
    UTF8, (2, 80, "Zoë Müller".encode()), (2, 80, b"Second Hand"), (2, 110, b"Agency & Sons"), (2, 116, b"(c) 2026"),
    (2, 90, b"SECRET-TOWN"),
]  # fmt: skip
AUTHORSHIP = IptcAuthorship(("Zoë Müller", "Second Hand"), "Agency & Sons", "(c) 2026")


def iim(fields: list[tuple[int, int, bytes]]) -> bytes:
    return b"".join(struct.pack(">BBBH", 0x1C, record, number, len(v)) + v for record, number, v in fields)


def jpeg(block: bytes, **save: object) -> bytes:
    """A JPEG with the block among Photoshop's resources, in the segment APP13."""
    file = io.BytesIO()
    Image.new("RGB", (24, 16), "teal").save(file, "jpeg", **save)
    resource = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(block)) + block + b"\0" * (len(block) % 2)
    body = b"Photoshop 3.0\0" + resource
    content = file.getvalue()
    return content[:2] + struct.pack(">BBH", 0xFF, 0xED, len(body) + 2) + body + content[2:]


def tiff(block: bytes) -> bytes:
    file = io.BytesIO()
    directory = ImageFileDirectory_v2()
    directory.tagtype[0x83BB] = 7
    directory[0x83BB] = block
    Image.new("RGB", (24, 16), "teal").save(file, "tiff", tiffinfo=directory)
    return file.getvalue()


@pytest.mark.parametrize("policy", ["safe", "all"])
@pytest.mark.parametrize("make", [jpeg, tiff])
def test_creator_credit_and_rights_are_kept_in_every_format(make: object, policy: str, tmp_path: Path) -> None:
    assert callable(make)
    picture = read(make(iim(FIELDS)), metadata=policy)
    for suffix in ("jpg", "png", "webp", "tiff"):
        mb.enhance(picture, sharpen=10).save(tmp_path / f"result.{suffix}")
        content = (tmp_path / f"result.{suffix}").read_bytes()
        for words in ("Zoë Müller", "Second Hand", "Agency &amp; Sons", "(c) 2026"):
            assert words.encode() in content, (suffix, words)
        if policy == "safe":
            assert b"SECRET-TOWN" not in content
    assert read(make(iim(FIELDS)), metadata="none").metadata.xmp is None


def test_what_xmp_says_of_authorship_counts() -> None:
    packet = XmpPacket.empty()
    packet.add_list(DUBLIN_CORE, "dc", "creator", "Seq", ["Later"])
    merged = add_authorship(packet.serialise(), AUTHORSHIP)
    assert merged is not None
    assert b"Later" in merged
    assert b"Second Hand" not in merged
    parsed = XmpPacket.parse(merged)
    assert parsed is not None
    assert parsed.text(PHOTOSHOP, "Credit") == "Agency & Sons"
    assert add_authorship(b"<broken", AUTHORSHIP) == b"<broken"
    assert add_authorship(None, IptcAuthorship()) is None


def test_character_sets_and_control_characters() -> None:
    assert parse_authorship(iim([(2, 80, "Zoë".encode("latin-1"))])).creators == ("Zoë",)
    assert parse_authorship(iim([(2, 110, b"A\0\x07gency ")])).credit == "Agency"
    assert parse_authorship(iim([(3, 80, b"other record"), (2, 80, b"")])) == IptcAuthorship()


@given(st.binary(max_size=80), st.integers(0, 120))
def test_a_broken_block_is_no_error(noise: bytes, cut: int) -> None:
    parse_authorship(noise)
    found = parse_authorship(iim(FIELDS)[:cut] + noise)
    assert all(text.isprintable() for text in (*found.creators, found.credit, found.rights))

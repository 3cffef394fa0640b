"""What travels on and what does not: place, serial numbers, owner and thumbnails are searched for as bytes."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mattebox.io import metadata
from mattebox.io.encoding import encode
from mattebox.io.reader import read
from mattebox.io.tiff_ifd import IfdEntry, TiffStructure, build_tiff
from mattebox.types import Metadata, Picture
from tests.io.pictures import exif, rgb_profile, saved, scene, tiff

SECRETS = (b"SERIAL-4711", b"Olga Owner", b"MAKERNOTE-SECRET")
FORMATS = ["JPEG", "PNG", "WEBP", "AVIF"]


def tags(block: bytes | None) -> Image.Exif:
    """By Pillow, to have another opinion."""
    assert block is not None
    found = Image.Exif()
    found.load(block)
    return found


def with_thumbnail() -> bytes:
    """The private block with a second directory, as cameras append it, that points to a small picture."""
    block = exif(private=True)[6:]
    order = "<" if block[:2] == b"II" else ">"
    (first,) = struct.unpack_from(order + "I", block, 4)
    (count,) = struct.unpack_from(order + "H", block, first)
    at = len(block)
    entries = struct.pack(order + "HHHIIHHIII", 2, 0x201, 4, 1, at + 30, 0x202, 4, 1, 9, 0)
    head = bytearray(block)
    struct.pack_into(order + "I", head, first + 2 + 12 * count, at)
    return b"Exif\0\0" + bytes(head) + entries + b"THUMBNAIL"


@pytest.mark.parametrize("format", FORMATS)
def test_safe_keeps_the_camera_and_drops_the_rest(format: str) -> None:
    kept = read(saved(scene(), format, exif=exif(6, private=True))).metadata
    found = tags(kept.exif)
    assert found[0x010F] == "Maker & Co"
    assert found[0x8298] == "(c) Somebody"
    sub = found.get_ifd(0x8769)
    assert sub[0x9003] == "2024:05:06 07:08:09"
    assert sub[0x829A] == pytest.approx(0.004)
    assert sub[0xA434] == "Lens 50mm"
    assert 0x8825 not in found
    assert found.get(0x0112, 1) == 1
    assert kept.exif is not None
    assert not any(secret in kept.exif for secret in SECRETS)


def test_thumbnails_go() -> None:
    kept = read(saved(scene(), "JPEG", exif=with_thumbnail())).metadata
    assert kept.exif is not None
    assert b"THUMBNAIL" not in kept.exif
    assert not tags(kept.exif).get_ifd(0x014A)


@pytest.mark.parametrize("format", FORMATS)
def test_all_keeps_all_but_the_orientation(format: str) -> None:
    packet = '<x tiff:Orientation="6"/>'
    options: dict[str, object] = {"xmp": packet.encode()}
    if format == "PNG":
        options = {"pnginfo": PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", packet)  # type: ignore[attr-defined]
    content = saved(scene(), format, exif=exif(6, private=True), **options)
    kept = read(content, metadata="all").metadata
    found = tags(kept.exif)
    assert found.get_ifd(0x8825)[1] == "N"
    assert found.get(0x0112, 1) == 1
    assert kept.exif is not None
    assert all(secret in kept.exif for secret in SECRETS)
    assert kept.xmp == b'<x tiff:Orientation="1"/>'
    assert read(content).metadata.xmp is None


def test_none_keeps_none_but_the_profile() -> None:
    content = saved(scene(), "JPEG", exif=exif(private=True), dpi=(300, 300), icc_profile=rgb_profile())
    picture = read(content, metadata="none")
    assert picture.metadata == metadata.Metadata()
    assert picture.profile == rgb_profile()


def test_tiff_keeps_its_words_and_not_its_layout() -> None:
    content = saved(scene(), "TIFF", tiffinfo={270: "a scene", 271: "Maker & Co", 33432: "(c)"}, dpi=(150, 150))
    for policy in ("safe", "all"):
        picture = read(content, metadata=policy)  # type: ignore[arg-type]
        found = tags(picture.metadata.exif)
        assert (found[270], found[271], found[33432]) == ("a scene", "Maker & Co", "(c)")
        assert not {256, 257, 258, 262, 273, 279} & set(found)
        assert picture.metadata.dpi == (150, 150)


def test_a_tiff_without_words_has_no_exif() -> None:
    assert read(tiff(scene())).metadata.exif is None


def test_place_in_a_tiff_goes() -> None:
    block = Image.Exif()
    block[0x8825] = {1: "N", 2: (48.0, 8.0, 7.0)}
    block[0x010F] = "Maker & Co"
    content = saved(scene(), "TIFF", exif=block.tobytes())
    assert 0x8825 not in tags(read(content).metadata.exif)
    assert tags(read(content, metadata="all").metadata.exif).get_ifd(0x8825)[1] == "N"


def test_resolution_follows_a_turn() -> None:
    image = Image.fromarray(scene()).transpose(Image.Transpose.ROTATE_90)
    content = saved(image, "JPEG", dpi=(300, 200), exif=exif(6))
    assert read(content).metadata.dpi == (200, 300)
    assert read(saved(scene(), "JPEG", dpi=(300, 200))).metadata.dpi == (300, 200)


def test_exif_as_imagemagick_keeps_it_in_png() -> None:
    text = PngInfo()
    block = exif(6)
    text.add_text("Raw profile type exif", f"\nexif\n{len(block):8d}\n{block.hex()}\n")
    stored = Image.fromarray(scene()).transpose(Image.Transpose.ROTATE_90)
    assert (read(saved(stored, "PNG", pnginfo=text)).rgb == scene()).all()


@pytest.mark.parametrize("content", [b"", b"junk", b"II*\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff"])
@pytest.mark.parametrize("policy", ["safe", "all"])
def test_broken_exif_never_loses_the_picture(content: bytes, policy: metadata.MetadataPolicy) -> None:
    picture = read(saved(scene(), "WEBP", lossless=True, exif=b"Exif\0\0" + content), metadata=policy)
    assert (picture.rgb == scene()).all()


@given(st.data())
def test_mutated_exif_never_loses_the_picture(data: st.DataObject) -> None:
    block = bytearray(exif(private=True))
    for at in data.draw(st.lists(st.integers(6, len(block) - 1), max_size=10)):
        block[at] = data.draw(st.integers(0, 255))
    picture = read(saved(scene(), "WEBP", lossless=True, exif=bytes(block)))
    assert picture.rgb.size == scene().size


def test_directories_come_back_as_they_were() -> None:
    main = {271: IfdEntry(2, 5, b"Make\0"), 282: IfdEntry(5, 1, bytes(range(8))), 296: IfdEntry(3, 1, b"\2\0")}
    below = {
        0x8769: {33434: IfdEntry(5, 1, bytes(8)), 36867: IfdEntry(2, 3, b"ab\0")},
        0x8825: {1: IfdEntry(2, 2, b"N\0")},
    }
    file = TiffStructure(build_tiff("<", main, below))
    found, after = file.read_ifd(file.first_ifd_offset)
    assert after == 0
    for tag, directory in below.items():
        at = file.integer_value(found.pop(tag))
        assert at is not None
        assert file.read_ifd(at) == (directory, 0)
    assert found == main


def test_many_claims_on_the_same_bytes_cost_nothing() -> None:
    """9000 entries that each claim the whole block would make gigabytes."""
    content = b"II*\0\x08\0\0\0" + struct.pack("<H", 9000)
    content += b"".join(struct.pack("<HHII", tag, 7, 100_000, 0) for tag in range(9000)) + bytes(4)
    file = TiffStructure(content)
    assert sum(len(entry.raw_bytes) for entry in file.read_ifd(file.first_ifd_offset)[0].values()) <= len(content)


def test_pixels_of_the_camera_are_not_claimed() -> None:
    block = Image.Exif()
    block[0x8769] = {0xA002: 4000, 0xA003: 3000, 0x829A: 0.5}
    kept = read(saved(np.zeros((4, 4, 3), np.uint8), "JPEG", exif=block.tobytes())).metadata
    assert set(tags(kept.exif).get_ifd(0x8769)) == {0x829A}


@pytest.mark.parametrize("byte_order", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_tiff_keeps_exposure_and_position(byte_order: str, dtype: type) -> None:
    exposure = IfdEntry(5, 1, struct.pack(byte_order + "II", 1, 250))
    speed = IfdEntry(3, 1, struct.pack(byte_order + "H", 400))
    block = build_tiff(
        byte_order,
        {0x010F: IfdEntry(2, 6, b"Maker\0"), 0x0100: IfdEntry(3, 1, struct.pack(byte_order + "H", 9999))},
        {0x8769: {0x829A: exposure, 0x8827: speed}, 0x8825: {1: IfdEntry(2, 2, b"N\0")}},
    )
    rgb = np.arange(12 * 16 * 3, dtype=dtype).reshape(12, 16, 3)
    content = encode(Picture(rgb, metadata=Metadata(exif=block, dpi=(300, 300))), "tiff")
    assert np.array_equal(read(content).rgb, rgb)
    with Image.open(io.BytesIO(content)) as image:
        exif = image.getexif()
        assert (image.size, exif[0x010F]) == ((16, 12), "Maker")
        assert exif.get_ifd(0x8769) == {0x829A: 1 / 250, 0x8827: 400}
        assert exif.get_ifd(0x8825) == {1: "N"}
    again = read(content, metadata="all").metadata
    assert again.dpi == (300, 300)
    assert again.exif is not None
    assert b"Maker" in again.exif


def test_a_broken_block_leaves_a_tiff_as_it_is() -> None:
    rgb = np.zeros((4, 4, 3), np.uint8)
    assert encode(Picture(rgb, metadata=Metadata(exif=b"MM\0*")), "tiff") == encode(Picture(rgb), "tiff")

"""Gain maps in files: Adobe's, ISO's and Apple's numbers, written again, read by a reader of its own; damaged ones."""

import io
import struct
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.MpoImagePlugin import MpoImageFile

import mattebox as mb
from mattebox.errors import OutputError
from mattebox.io.encoding import encode, encode_within_limit
from mattebox.io.gain_map import GAIN_MAP_NOTE, KEPT_NOTE
from mattebox.io.gain_map_metadata import GainMapNumbers, read_apple_headroom, read_iso_numbers, write_iso_numbers
from mattebox.io.reader import read
from mattebox.io.stereo_pair import has_stereo_pair
from mattebox.types import GainMap, Metadata, Picture
from tests.io.gain_map_files import ISO, join, jpeg, read_stored, segment, with_xmp
from tests.io.heif_files import apple_type, heic

ADOBE = (
    'hdrgm:Version="1.0" hdrgm:GainMapMin="-0.5" hdrgm:GainMapMax="2.5" hdrgm:Gamma="2" hdrgm:OffsetSDR="0.01" '
    'hdrgm:OffsetHDR="0.02" hdrgm:HDRCapacityMin="0" hdrgm:HDRCapacityMax="2.5"'
)
PHOTO = Image.fromarray(np.tile(np.linspace(20, 230, 96).astype(np.uint8)[None, :, None], (64, 1, 3)))
VALUES = np.tile(np.linspace(0, 255, 48).astype(np.uint8), (32, 1))


def ultra_hdr(attributes: str = ADOBE, body: str = "", values: np.ndarray = VALUES) -> bytes:
    return join(jpeg(PHOTO), with_xmp(jpeg(Image.fromarray(values)), attributes, body))


def test_adobes_numbers() -> None:
    picture = read(ultra_hdr())
    assert picture.notes == (KEPT_NOTE,)
    gain_map = picture.gain_map
    assert gain_map is not None
    assert gain_map.log2_gains[..., 0] == pytest.approx((VALUES / 255) ** 0.5 * 3 - 0.5, abs=0.05)
    assert gain_map.headroom == (0, 2.5)
    assert (gain_map.offset, gain_map.alternate_offset) == pytest.approx((0.01, 0.02))


def test_numbers_for_each_channel() -> None:
    body = (
        "<hdrgm:GainMapMax><rdf:Seq><rdf:li>1</rdf:li><rdf:li>2</rdf:li><rdf:li>3</rdf:li></rdf:Seq></hdrgm:GainMapMax>"
    )
    attributes = 'hdrgm:Version="1.0" hdrgm:GainMapMin="0" hdrgm:HDRCapacityMax="3"'
    picture = read(ultra_hdr(attributes, body, np.full((32, 48, 3), 255, np.uint8)))
    assert picture.gain_map is not None
    assert picture.gain_map.log2_gains[5, 5] == pytest.approx([1, 2, 3])
    again = read(encode(picture, "jpeg"))
    assert again.gain_map is not None
    assert again.gain_map.log2_gains[5, 5] == pytest.approx([1, 2, 3], abs=0.03)


def test_isos_numbers_are_read_and_written() -> None:
    numbers = GainMapNumbers((-0.5,) * 3, (2.25,) * 3, (1.5,) * 3, (0.0,) * 3, (0.125,) * 3, (0.0, 2.25))
    assert read_iso_numbers(write_iso_numbers(numbers)) == numbers
    three = numbers._replace(largest=(1.0, 2.0, 3.0))
    assert read_iso_numbers(write_iso_numbers(three)) == three
    fractions = struct.pack(">HHB", 0, 0, 0x40) + struct.pack(">IIII", 0, 1, 9, 4)
    fractions += struct.pack(">iIiIIIiIiI", -1, 2, 9, 4, 3, 2, 0, 1, 1, 8)
    assert read_iso_numbers(fractions) == numbers
    picture = read(
        join(jpeg(PHOTO), (lambda g: g[:2] + segment(0xE2, ISO + fractions) + g[2:])(jpeg(PHOTO.convert("L"))))
    )
    assert picture.gain_map is not None
    assert picture.gain_map.limits()[1] == pytest.approx((230 / 255) ** (1 / 1.5) * 2.75 - 0.5, abs=0.03)


@pytest.mark.parametrize(
    "content", [b"", bytes(4), struct.pack(">HHBIII", 0, 0, 8, 0, 1, 1), struct.pack(">HHB", 1, 0, 8)]
)
def test_damaged_iso_numbers(content: bytes) -> None:
    assert read_iso_numbers(content) is None


def test_apples_jpeg_says_its_headroom_in_xmp() -> None:
    attributes = 'HDRGainMap:HDRGainMapHeadroom="4.5" kind="urn:com:apple:photo:2020:aux:hdrgainmap"'
    picture = read(ultra_hdr(attributes))
    assert picture.gain_map is not None
    values = VALUES / 255
    linear = np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))
    assert 2.0 ** picture.gain_map.log2_gains[..., 0] == pytest.approx(1 + 3.5 * linear, abs=0.08)


def apple_exif(strength: float, dimming: float) -> bytes:
    """EXIF with Apple's maker notes 33 and 48, which are signed fractions."""
    fractions = struct.pack(">ii", round(strength * 1e4), 10_000) + struct.pack(">ii", round(dimming * 1e4), 10_000)
    note = b"Apple iOS\0\0\1MM" + struct.pack(">H", 2)
    at = len(note) + 2 * 12 + 4
    note += struct.pack(">HHII", 33, 10, 1, at) + struct.pack(">HHII", 48, 10, 1, at + 8) + bytes(4) + fractions
    head = b"MM\0*" + struct.pack(">I", 8)
    top = struct.pack(">HHHII", 1, 0x8769, 4, 1, 26) + bytes(4)
    sub = struct.pack(">HHHII", 1, 0x927C, 7, len(note), 44) + bytes(4)
    return head + top + sub + note


@pytest.mark.parametrize(
    ("strength", "dimming", "stops"), [(0.5, 0.005, 1.7), (0.5, 0.1, 1.5909), (1.2, 0.005, 2.65), (1.2, 1.0, 2.0)]
)
def test_apples_maker_notes(strength: float, dimming: float, stops: float) -> None:
    headroom = read_apple_headroom(b"", apple_exif(strength, dimming))
    assert headroom is not None
    assert np.log2(headroom) == pytest.approx(stops, abs=1e-3)


def test_apples_heic() -> None:
    kind = [apple_type("hdrgainmap", 2020)]
    photo = PHOTO.copy()
    photo.info["exif"] = b"Exif\0\0" + apple_exif(1.2, 0.005)
    picture = read(heic(photo, [VALUES], kind))
    assert picture.gain_map is not None
    assert picture.gain_map.limits()[1] == pytest.approx(2.65, abs=0.05)
    stored = read_stored(encode(picture, "jpeg"))
    assert stored is not None
    assert stored.gains_by_iso == pytest.approx(picture.gain_map.log2_gains[..., 0], abs=0.08)
    without_headroom = read(heic(PHOTO, [VALUES], kind))
    assert without_headroom.gain_map is None
    assert without_headroom.notes == (GAIN_MAP_NOTE,)


def test_written_files_say_the_same_in_both_forms() -> None:
    picture = read(ultra_hdr())
    data = encode(picture, "jpeg")
    stored = read_stored(data)
    assert stored is not None
    assert picture.gain_map is not None
    assert stored.gains_by_xmp == pytest.approx(picture.gain_map.log2_gains[..., 0], abs=0.06)
    assert stored.gains_by_iso == pytest.approx(stored.gains_by_xmp, abs=1e-5)
    assert (stored.xmp["HDRCapacityMax"], stored.xmp["OffsetHDR"]) == pytest.approx((2.5, 0.02))
    assert stored.iso[:2] == (0, 2.5)
    with MpoImageFile(io.BytesIO(data)) as image:
        assert (image.n_frames, image.size) == (2, PHOTO.size)
    assert not has_stereo_pair(data, "a.jpg")


def test_authorship_stays_beside_the_container() -> None:
    picture = read(ultra_hdr())
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:rights>me</dc:rights>'
        b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    data = encode(replace(picture, metadata=Metadata(xmp=packet)), "jpeg")
    assert read_stored(data) is not None
    again = read(data)
    assert again.metadata.xmp is not None
    assert b"<dc:rights>me</dc:rights>" in again.metadata.xmp
    assert b"Container" not in again.metadata.xmp


@pytest.mark.parametrize("format", ["png", "webp", "tiff", "avif"])
def test_other_formats_have_none(format: str) -> None:
    data = encode(read(ultra_hdr()), format)
    assert b"hdr-gain-map" not in data
    assert ISO not in data


def test_other_pixels_have_none() -> None:
    picture = read(ultra_hdr())
    assert picture.with_pixels(picture.rgb[::2], None).gain_map is None
    assert read_stored(encode(picture.with_pixels(picture.rgb.copy(), None), "jpeg")) is None


def test_the_limit_of_a_file_counts_the_map() -> None:
    noise = Picture(np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8))
    picture = replace(noise, gain_map=GainMap(np.ones((32, 48, 1), np.float32), (0.0, 1.0)))
    limit = len(encode(picture, "jpeg")) - 1500
    data = encode_within_limit(picture, "jpeg", limit)
    assert len(data) <= limit
    assert read_stored(data) is not None
    with pytest.raises(OutputError):
        encode_within_limit(picture, "jpeg", 1000)


@pytest.mark.parametrize(
    "attributes",
    [ADOBE.replace('GainMapMax="2.5"', 'GainMapMax="nan"'), ADOBE.replace('Gamma="2"', 'Gamma="0"'),
     ADOBE.replace('HDRCapacityMax="2.5"', 'HDRCapacityMax="0"'), ADOBE + ' hdrgm:BaseRenditionIsHDR="True"'],
)  # fmt: skip
def test_maps_that_make_no_sense_are_dropped_with_a_word(attributes: str) -> None:
    picture = read(ultra_hdr(attributes))
    assert picture.gain_map is None
    assert GAIN_MAP_NOTE in picture.notes


def test_damaged_maps_are_dropped_with_a_word() -> None:
    whole = ultra_hdr()
    for damaged in (whole[:-200], whole.replace(b"MPF\0II*\0", b"MPF\0II*\1")):
        picture = read(damaged)
        assert picture.shape == (64, 96)
        assert picture.gain_map is None
        assert GAIN_MAP_NOTE in picture.notes


def test_the_map_is_turned_upright() -> None:
    exif = segment(0xE1, b"Exif\0\0II*\0" + struct.pack("<IHHHII", 8, 1, 0x112, 3, 1, 6) + bytes(4))
    picture = read(join(jpeg(PHOTO), with_xmp(jpeg(Image.fromarray(VALUES)), ADOBE), exif))
    assert picture.shape == (96, 64)
    assert picture.gain_map is not None
    assert picture.gain_map.log2_gains.shape == (48, 32, 1)
    assert picture.gain_map.log2_gains[-1].mean() > picture.gain_map.log2_gains[0].mean() + 2


def test_a_phones_file(tmp_path: Path, shared_data: Callable[[str], Path]) -> None:
    with tarfile.open(shared_data("data/check/depth.tar")) as files:
        member = files.extractfile("phone/iphone13mini_gainmap_v2.jpg")
        assert member is not None
        data = member.read()
    target = tmp_path / "brighter.jpg"
    mb.enhance(data, exposure=0.2).save(target)
    stored = read_stored(target.read_bytes())
    assert stored is not None
    at = data.rindex(b"\xff\xd8\xff")
    values = np.asarray(Image.open(io.BytesIO(data[at:]))).astype(float) / 255
    linear = np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))
    wanted = np.log2(1 + (4.532783 - 1) * linear)
    assert np.abs(stored.gains_by_iso - wanted).mean() < 0.01
    assert np.abs(stored.gains_by_xmp - wanted).max() < 0.15

"""JPEG 2000, TGA, DDS, QOI, Netpbm and OpenEXR: pixels, sizes before decoding, and damage."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebox.errors import InputTooLarge, InputUnreadable
from mattebox.io.encoding import encode, encode_layers
from mattebox.io.header_check import ImageHeader, identify_format, read_header
from mattebox.io.input_items import PICTURE_SUFFIXES
from mattebox.io.reader import read
from mattebox.types import Layer, Picture
from tests.io.pictures import noise, rgb_profile, saved, scene

FORMATS = {"JPEG2000": "jpeg2000", "TGA": "tga", "DDS": "dds", "QOI": "qoi", "PPM": "ppm"}


def netpbm(pixels: np.ndarray, kind: str, maximum: int) -> bytes:
    header = f"P{kind}\n# a comment\n{pixels.shape[1]} {pixels.shape[0]}\n{maximum}\n".encode()
    return header + pixels.astype(np.uint8 if maximum < 256 else ">u2").tobytes()


@pytest.mark.parametrize("format", FORMATS)
def test_lossless_formats_are_exact(format: str) -> None:
    content = saved(scene(), format)
    assert read_header(content) == ImageHeader(FORMATS[format], 64, 48)
    assert (read(content).rgb == scene()).all()
    with pytest.raises(InputTooLarge, match="64 x 48"):
        read(content, max_pixels=64 * 48 - 1)


@pytest.mark.parametrize("format", ["JPEG2000", "TGA", "DDS", "QOI"])
def test_alpha_is_kept(format: str) -> None:
    rgba = np.dstack([scene(), noise((48, 64), np.uint8)])
    picture = read(saved(rgba, format))
    assert picture.alpha is not None
    assert (np.dstack([picture.rgb, picture.alpha]) == rgba).all()


@pytest.mark.parametrize("options", [{"compression": "tga_rle"}, {"orientation": 1}])
def test_tga_of_other_kinds(options: dict[str, Any]) -> None:
    assert (read(saved(scene(), "TGA", **options)).rgb == scene()).all()
    grey = scene()[..., 0]
    assert (read(saved(grey, "TGA", **options)).rgb == grey[..., None]).all()
    palette = Image.fromarray(scene()).quantize(16)
    assert (read(saved(palette, "TGA")).rgb == np.asarray(palette.convert("RGB"))).all()


def test_tga_with_an_empty_fourth_byte_is_opaque() -> None:
    assert read(saved(np.dstack([scene(), np.zeros((48, 64), np.uint8)]), "TGA")).alpha is None


@pytest.mark.parametrize(
    "content", [bytes(64), bytes(range(256)), b"\0\0\1\0" + bytes(60), b"\0\0\2\0\1\0" + bytes(60)]
)
def test_what_is_no_tga(content: bytes) -> None:
    assert identify_format(content) is None


@pytest.mark.parametrize("text", [b"P5 is a road near Perm", b"P1\nthe first part", b"P7 and so on"])
def test_what_is_no_netpbm(text: bytes) -> None:
    with pytest.raises(InputUnreadable, match="is text"):
        read(text)


def test_jpeg_2000_of_sixteen_bits() -> None:
    grey = noise((32, 32))
    picture = read(saved(Image.fromarray(grey), "JPEG2000"))
    assert picture.rgb.dtype == np.uint16
    assert (picture.rgb == grey[..., None]).all()


def test_the_profile_of_a_jpeg_2000() -> None:
    content = saved(scene(), "JPEG2000")
    at = content.index(b"colr") - 4
    (length,) = struct.unpack_from(">I", content, at)
    box = struct.pack(">I4sBBB", 11 + len(rgb_profile()), b"colr", 2, 0, 0) + rgb_profile()
    start = content.index(b"jp2h") - 4
    (size,) = struct.unpack_from(">I", content, start)
    head = content[:start] + struct.pack(">I", size + len(box) - length) + content[start + 4 : at]
    assert read(head + box + content[at + length :]).profile == rgb_profile()


def test_the_colour_space_byte_of_qoi_says_nothing() -> None:
    """It is informative only, and Pillow writes 1 (linear) before sRGB pixels."""
    content = bytearray(saved(scene(), "QOI"))
    for value in (0, 1):
        content[13] = value
        assert read(bytes(content)).profile is None


@pytest.mark.parametrize(("kind", "channels"), [("5", 1), ("6", 3)])
@pytest.mark.parametrize(("maximum", "dtype"), [(255, np.uint8), (65535, np.uint16), (1023, np.uint16), (15, np.uint8)])
def test_raw_netpbm_of_any_depth(kind: str, channels: int, maximum: int, dtype: type) -> None:
    pixels = noise((7, 9, channels)).astype(np.int64) % (maximum + 1)
    picture = read(netpbm(pixels, kind, maximum))
    assert picture.rgb.dtype == dtype
    assert np.abs(picture.rgb - pixels / maximum * np.iinfo(dtype).max).max() <= 0.5 + 1e-9


def test_plain_netpbm_and_bitmaps() -> None:
    assert read(b"P3\n2 1 255\n1 2 3  250 251 252\n").rgb.tolist() == [[[1, 2, 3], [250, 251, 252]]]
    assert read(b"P2 2 1 #c\n 65535\n0 40000").rgb[..., 0].tolist() == [[0, 40000]]
    assert read(b"P1\n3 2\n101 0 1 0").rgb[..., 0].tolist() == [[0, 255, 0], [255, 0, 255]]
    assert read(b"P4\n3 2\n\xa0\x40").rgb[..., 0].tolist() == [[0, 255, 0], [255, 0, 255]]


def test_pam_with_alpha() -> None:
    pixels = noise((3, 4, 4), np.uint8)
    head = b"P7\nWIDTH 4\nHEIGHT 3\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
    picture = read(head + pixels.tobytes())
    assert picture.alpha is not None
    assert (np.dstack([picture.rgb, picture.alpha]) == pixels).all()


@pytest.mark.parametrize("order", ["<", ">"])
def test_pfm_is_linear_and_upside_down(order: str) -> None:
    light = np.array([[[0.0, 0.2140411, 1.0]], [[4.0, 0.0, 0.5]]], order + "f4")
    picture = read(f"PF\n1 2\n{-1 if order == '<' else 1}.0\n".encode() + light[::-1].tobytes())
    assert picture.rgb[0, 0] == pytest.approx([0, 32768, 65535], abs=2)
    assert picture.rgb[1, 0, 0] == 65535
    assert any("the largest is 4" in note for note in picture.notes)


BROKEN_HEADERS = [
    b"P6\n10 10\n99999\n" + bytes(400),
    b"P6\n10\n",
    b"P7\nWIDTH 4\nENDHDR\n" + bytes(40),
    b"P6\n10 10\n255\n" + bytes(299),
    b"P3\n2 2\n255\n1 2 3 x",
    b"v/1\x01" + bytes(400),
    b"v/1\x01" + b"\xff" * 400,
    b"qoif\0",
    b"\xff\x4f\xff\x51" + bytes(10),
]


@pytest.mark.parametrize("content", BROKEN_HEADERS)
def test_broken_files_are_one_error(content: bytes) -> None:
    with pytest.raises(InputUnreadable):
        read(content)


@pytest.mark.parametrize("format", FORMATS)
def test_files_cut_off_are_one_error_or_whole(format: str) -> None:
    content = saved(noise((40, 40, 3), np.uint8), format)
    for length in (20, 60, len(content) // 2, len(content) * 9 // 10):
        try:
            picture = read(content[:length])
        except InputUnreadable:
            continue
        assert picture.shape == (40, 40)


def test_openexr_is_read_as_it_is_written() -> None:
    pytest.importorskip("OpenEXR")
    picture = Picture(noise((20, 30, 3)), noise((20, 30)) | np.uint16(0x4000))
    content = encode(picture, "exr")
    assert read_header(content) == ImageHeader("exr", 30, 20, 1, 16)
    again = read(content)
    assert again.alpha is not None
    assert np.abs(again.alpha.astype(int) - picture.alpha).max() < 40  # type: ignore[operator]
    assert np.abs(again.rgb.astype(int) - picture.rgb).max() < 90  # half floats
    with pytest.raises(InputTooLarge):
        read(content, max_pixels=599)


def test_all_parts_of_an_openexr_file_count() -> None:
    pytest.importorskip("OpenEXR")
    layers = [Layer("a", Picture(scene())), Layer("b", Picture(scene()))]
    content = encode_layers(layers, "exr")
    assert read_header(content).frames == 2
    assert "first of 2 frames" in read(content).notes
    with pytest.raises(InputTooLarge, match="2 frames"):
        read(content, max_pixels=64 * 48 * 2 - 1)


def test_damage_in_one_part_of_openexr_does_not_show_another() -> None:
    pytest.importorskip("OpenEXR")
    layers = [Layer("a", Picture(scene())), Layer("b", Picture(255 - scene()))]
    content = bytearray(encode_layers(layers, "exr"))
    at = len(content) // 3
    content[at : at + 20] = bytes(20)
    with pytest.raises(InputUnreadable, match="damaged pixels"):
        read(bytes(content))


def exr_file(path: Path, channels: dict[str, np.ndarray], **header: Any) -> bytes:
    api = pytest.importorskip("OpenEXR")
    api.File({"compression": api.ZIP_COMPRESSION, "type": api.scanlineimage, **header}, channels).write(str(path))
    return path.read_bytes()


def test_openexr_of_other_channels_and_primaries(tmp_path: Path) -> None:
    light = np.full((6, 5), 0.2140411, np.float32)
    grey = read(exr_file(tmp_path / "y.exr", {"Y": light}))
    assert grey.rgb[0, 0] == pytest.approx([32768] * 3, abs=2)
    wide = exr_file(
        tmp_path / "p3.exr",
        {"R": light * 20, "G": light, "B": light},
        chromaticities=(0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329),
    )
    picture = read(wide)
    assert picture.profile is not None
    assert any("clipped" in note for note in picture.notes)
    with pytest.raises(InputUnreadable, match="only the channels N"):
        read(exr_file(tmp_path / "n.exr", {"N": light}))


def test_openexr_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("OpenEXR")
    content = encode(Picture(scene()), "exr")
    monkeypatch.setitem(__import__("sys").modules, "OpenEXR", None)
    with pytest.raises(InputUnreadable, match=r"an OpenEXR picture.*pip install 'mattebox\[layers\]'"):
        read(content)


@pytest.mark.parametrize("suffix", [".jp2", ".tga", ".dds", ".qoi", ".ppm", ".exr"])
def test_folders_are_searched_for_them(suffix: str) -> None:
    assert suffix in PICTURE_SUFFIXES

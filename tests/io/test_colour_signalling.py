"""Colours that a file states otherwise than by ICC become a profile, checked by what it makes of known colours."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.io.colour import colour_from_srgb, to_srgb
from mattebox.io.encoding import encode
from mattebox.io.output_profile import convert_for_output
from mattebox.io.reader import read
from mattebox.types import BitDepth, Picture
from tests.io.pictures import chunk, png, rgb_profile, saved, scene

SRGB_CHUNK = chunk(b"sRGB", b"\0")
ADOBE_TO_SRGB = np.array([[1.3983557, -0.3983557, 0], [0, 1, 0], [0, -0.0429290, 1.0429290]])  # linear light
P3_TO_SRGB = np.array([[1.2249402, -0.2249402, 0], [-0.0420570, 1.0420570, 0], [-0.0196376, -0.0786361, 1.0982736]])


def cicp(primaries: int, transfer: int, full_range: int = 1) -> bytes:
    return chunk(b"cICP", bytes([primaries, transfer, 0, full_range]))


def gamma(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def decode_srgb(values: np.ndarray) -> np.ndarray:
    x = values / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def encode_srgb(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055) * 255


def pq(nits: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084."""
    y = (nits / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


def in_srgb(picture: Picture) -> np.ndarray:
    return convert_for_output(picture, srgb=True, eight_bit=True).rgb.astype(float)


def test_display_p3_by_cicp() -> None:
    picture = read(png(scene(), 2, 8, before=[cicp(12, 13)]))
    assert (picture.rgb == scene()).all()
    assert np.abs(in_srgb(picture) - encode_srgb(decode_srgb(scene()) @ P3_TO_SRGB.T)).max() <= 1.5
    assert read(encode(picture, "png")).profile == picture.profile is not None


def test_display_p3_equals_its_icc_profile() -> None:
    mine = to_srgb(scene(), read(png(scene(), 2, 8, before=[cicp(12, 13)])).profile)
    assert np.abs(mine.astype(int) - to_srgb(scene(), rgb_profile())).max() <= 1


@pytest.mark.parametrize(
    "before", [[cicp(1, 13)], [cicp(1, 1)], [cicp(2, 2)], [gamma(45455)], [SRGB_CHUNK, gamma(100000)]]
)
def test_srgb_stays_without_a_profile(before: list[bytes]) -> None:
    assert read(png(scene(), 2, 8, before=before)).profile is None


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("before", [[gamma(100000)], [cicp(1, 8)]])
def test_linear_light(bits: int, before: list[bytes]) -> None:
    peak = 2**bits - 1
    pixels = (decode_srgb(scene()) * peak).round().astype(np.uint8 if bits == 8 else np.uint16)
    picture = read(png(pixels, 2, bits, before=before))
    assert (picture.rgb == pixels).all()
    assert np.abs(in_srgb(picture) - scene()).max() <= (10 if bits == 8 else 1)


def test_grey_with_a_gamma() -> None:
    grey = (decode_srgb(scene()[..., 0]) * 65535).round().astype(np.uint16)
    assert np.abs(in_srgb(read(png(grey, 0, 16, before=[gamma(100000)])))[..., 1] - scene()[..., 0]).max() <= 1


def test_chromaticities_without_gamma_and_with() -> None:
    values = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    white = chunk(b"cHRM", struct.pack(">8I", *values))
    for before in ([white], [white, gamma(45455)]):
        picture = read(png(scene(), 2, 8, before=before))
        assert np.abs(in_srgb(picture) - encode_srgb(decode_srgb(scene()) @ P3_TO_SRGB.T)).max() <= 1.5


@pytest.mark.parametrize(
    "before",
    [[gamma(0)], [gamma(4_000_000_000)], [chunk(b"cHRM", bytes(32))], [chunk(b"cICP", b"\1")]],
)
def test_nonsense_is_srgb(before: list[bytes]) -> None:
    picture = read(png(scene(), 2, 8, before=before))
    assert (picture.rgb == scene()).all()
    assert picture.profile is None


def test_unknown_numbers_are_said() -> None:
    picture = read(png(scene(), 2, 8, before=[cicp(200, 13)]))
    assert picture.profile is None
    assert "primaries 200" in picture.notes[0]


def test_cicp_overrules_an_embedded_profile() -> None:
    content = saved(scene(), "PNG", icc_profile=rgb_profile())
    at = content.index(b"iCCP") - 4
    assert read(content).profile is not None
    assert read(content[:at] + cicp(1, 13) + content[at:]).profile is None


@pytest.mark.parametrize(("bits", "low", "high"), [(8, 16, 235), (16, 4096, 60160)])
def test_narrow_range_is_expanded(bits: int, low: int, high: int) -> None:
    pixels = np.array([[[low] * 3, [high] * 3, [0] * 3]], np.uint8 if bits == 8 else np.uint16)
    assert read(png(pixels, 2, bits, before=[cicp(1, 13, 0)])).rgb[0, :, 0].tolist() == [0, 2**bits - 1, 0]


def hdr_picture() -> tuple[bytes, np.ndarray]:
    """The scene below three quarters of diffuse white (203 cd/m2), in PQ with BT.709's primaries; and in sRGB."""
    light = decode_srgb(scene()) * 0.75
    return png((pq(light * 203) * 65535).round().astype(np.uint16), 2, 16, before=[cicp(1, 16)]), encode_srgb(light)


def test_pq_is_kept_in_png_and_looks_right_elsewhere() -> None:
    content, expected = hdr_picture()
    picture = read(content)
    assert "high dynamic range (PQ)" in picture.notes[0]
    assert np.abs(in_srgb(picture) - expected).max() <= 1.5
    again = encode(picture, "png")
    assert cicp(1, 16) in again
    assert (read(again).rgb == picture.rgb).all()
    assert read(again).profile == picture.profile
    jpeg = read(encode(picture, "jpeg", quality=100))
    assert jpeg.profile is None
    assert np.abs(jpeg.rgb - expected).mean() < 1


@pytest.mark.parametrize(("transfer", "white"), [(16, 0.5807), (18, 0.7500)])
def test_white_behind_a_subject_is_diffuse_white(transfer: int, white: float) -> None:
    """58 % in PQ and 75 % in HLG, as ITU-R BT.2408 states, not the signal's peak of thousands of candelas."""
    profile = read(png(scene(), 2, 8, before=[cicp(9, transfer)])).profile
    assert colour_from_srgb((255, 255, 255), profile) == pytest.approx([white * 255] * 3, abs=1)
    assert colour_from_srgb((0, 0, 0), profile) == (0, 0, 0)
    deep = colour_from_srgb((255, 255, 255), profile, BitDepth.SIXTEEN)
    picture = Picture(np.full((4, 4, 3), deep, np.uint16), None, profile)
    assert (read(encode(picture, "bmp")).rgb == 255).all()


@pytest.mark.parametrize("transfer", [16, 18])
def test_what_is_brighter_than_white_is_white_in_standard_range(transfer: int) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2)
    shown = in_srgb(read(png(ramp, 2, 8, before=[cicp(9, transfer)])))[0]
    assert (np.diff(shown[:, 0]) >= 0).all()
    assert shown[-1].tolist() == [255, 255, 255]
    assert shown[round(255 * (0.58 if transfer == 16 else 0.75)), 0] >= 253


def adobe_exif(index: bytes = b"R03\0", colour_space: int = 65535) -> bytes:
    def ifd(entries: list[tuple[int, int, int, bytes]]) -> bytes:
        return (
            struct.pack("<H", len(entries))
            + b"".join(struct.pack("<HHI", tag, kind, count) + value for tag, kind, count, value in entries)
            + bytes(4)
        )

    block = b"II*\0" + struct.pack("<I", 8) + ifd([(0x8769, 4, 1, struct.pack("<I", 26))])
    block += ifd([(0xA001, 3, 1, struct.pack("<HH", colour_space, 0)), (0xA005, 4, 1, struct.pack("<I", 56))])
    return b"Exif\0\0" + block + ifd([(1, 2, 4, index)])


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_adobe_rgb_by_exif(format: str) -> None:
    lossless = {"WEBP": {"lossless": True}}.get(format, {"quality": 100} if format != "PNG" else {})
    content = saved(np.full((32, 32, 3), (180, 120, 90), np.uint8), format, exif=adobe_exif(), **lossless)
    light = (np.array([180, 120, 90]) / 255) ** (563 / 256)
    assert np.abs(in_srgb(read(content))[16, 16] - encode_srgb(ADOBE_TO_SRGB @ light)).max() <= 3


def test_adobe_rgb_where_it_is_not_meant() -> None:
    assert read(saved(scene(), "JPEG", exif=adobe_exif(b"R98\0"))).profile is None
    assert read(saved(scene(), "JPEG", exif=adobe_exif(colour_space=1))).profile is None
    assert read(saved(scene(), "JPEG", exif=adobe_exif(), icc_profile=rgb_profile())).profile == rgb_profile()


def test_results_do_not_say_adobe_rgb_by_exif() -> None:
    """They have the profile, or have become sRGB: an index that stays would be a second, wrong statement."""
    for policy in ("safe", "all"):
        picture = read(saved(scene(), "JPEG", exif=adobe_exif()), metadata=policy)  # type: ignore[arg-type]
        assert b"R03" not in (picture.metadata.exif or b"")


def nclx_file(format: str, primaries: int) -> bytes:
    content = saved(scene(64, 64), "AVIF", quality=100)
    if format == "AVIF":
        at = content.index(b"colrnclx") + 8
        return content[:at] + struct.pack(">H", primaries) + content[at + 2 :]
    heif, target = pytest.importorskip("pillow_heif"), io.BytesIO()
    options = {
        "transfer_characteristics": 13,
        "matrix_coefficients": 6,
        "full_range_flag": 1,
        "save_nclx_profile": True,
    }
    image = heif.from_pillow(Image.fromarray(scene(64, 64)))
    image.save(target, quality=95, color_primaries=primaries, **options)
    return target.getvalue()


@pytest.mark.parametrize("format", ["AVIF", "HEIC"])
def test_nclx_says_display_p3(format: str) -> None:
    picture = read(nclx_file(format, 12))
    error = in_srgb(picture) - encode_srgb(decode_srgb(picture.rgb) @ P3_TO_SRGB.T)
    assert np.abs(error).max() <= 1.5
    assert read(nclx_file(format, 1)).profile is None


@pytest.mark.parametrize("format", ["bmp", "jpeg", "avif"])
def test_a_format_that_cannot_state_the_colours_gets_srgb(format: str) -> None:
    picture = Picture(scene(), None, rgb_profile())
    again = read(encode(picture, format, quality=100))
    assert np.abs(in_srgb(again) - in_srgb(picture)).mean() < 1.5


def test_openexr_holds_the_light_of_the_profile(tmp_path: Path) -> None:
    exr = pytest.importorskip("OpenEXR")
    content, _ = hdr_picture()
    for picture, wanted in (
        (read(content), decode_srgb(scene()) * 0.75),
        (Picture(scene(), None, rgb_profile()), decode_srgb(scene()) @ P3_TO_SRGB.T),
    ):
        path = tmp_path / "a.exr"
        path.write_bytes(encode(picture, "exr"))
        light = exr.File(str(path)).channels()["RGBA"].pixels[..., :3]
        assert np.abs(light - wanted).max() < 2e-3

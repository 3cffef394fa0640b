"""Formats: what each keeps, what it refuses, and the arithmetic of straight alpha in all of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from mattebox.errors import OutputError
from mattebox.io.encoding import encode, encode_plane
from mattebox.io.file_formats import FORMATS, find_format
from mattebox.types import Metadata, Picture

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def sample_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    return exif.tobytes().removeprefix(b"Exif\0\0")


def half_clear(depth: type = np.uint8) -> Picture:
    scale = np.iinfo(depth).max // 255
    rgb = np.full((16, 16, 3), (200, 150, 100), depth) * depth(scale)
    return Picture(rgb, np.full((16, 16), 128 * scale, depth))


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize(("format", "quality"), [("png", None), ("webp", 100), ("tiff", None), ("avif", 100)])
def test_what_a_viewer_shows_on_white(format: str, quality: int | None) -> None:
    image = opened(encode(half_clear(), format, quality=quality)).convert("RGBA")
    stored = image.getpixel((8, 8))
    assert stored == pytest.approx((200, 150, 100, 128), abs=2 if format == "avif" else 0)
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    assert white.getpixel((8, 8))[:3] == pytest.approx((227, 202, 177), abs=2 if format == "avif" else 1)  # type: ignore[index]


@pytest.mark.parametrize("format", ["png", "jpeg", "webp", "tiff", "avif"])
def test_profile_exif_and_resolution_are_kept(format: str) -> None:
    picture = Picture(np.zeros((8, 8, 3), np.uint8), None, PROFILE, Metadata(exif=sample_exif(), dpi=(300, 300)))
    image = opened(encode(picture, format))
    assert image.info["icc_profile"] == PROFILE
    assert image.getexif()[0x010F] == "Maker"
    if format in ("png", "jpeg", "tiff"):
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


@pytest.mark.parametrize("alpha", [False, True])
def test_sixteen_bit_tiff_is_exact(alpha: bool) -> None:
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 65535, (20, 30, 3), np.uint16)
    plane = rng.integers(1, 65535, (20, 30), np.uint16) if alpha else None
    picture = Picture(rgb, plane, PROFILE, Metadata(dpi=(300, 300)))
    with tifffile.TiffFile(io.BytesIO(encode(picture, "tiff"))) as file:
        page = file.pages[0]
        made = page.asarray()
        assert page.tags["InterColorProfile"].value == PROFILE  # type: ignore[union-attr]
        if alpha:
            assert page.tags["ExtraSamples"].value in (2, (2,))  # type: ignore[union-attr]
    assert (made[..., :3] == rgb).all()
    if plane is not None:
        assert (made[..., 3] == plane).all()


def test_sixteen_bits_become_eight_by_rounding() -> None:
    values = np.array([0, 128, 129, 257, 32767, 65535], np.uint16)
    picture = Picture(np.repeat(values[None, :, None], 3, 2))
    assert np.asarray(opened(encode(picture, "bmp")))[0, :, 0].tolist() == [0, 0, 1, 1, 127, 255]


@pytest.mark.parametrize("format", ["png", "tiff", "webp"])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_hidden_colours(format: str, depth: type) -> None:
    picture = half_clear(depth)
    assert picture.alpha is not None
    picture.alpha[:8] = 0
    quality = 100 if format == "webp" else None
    for hidden, expected in (("zero", 0), ("keep", 200)):
        content = encode(picture, format, quality=quality, hidden=hidden)  # type: ignore[arg-type]
        assert np.asarray(opened(content).convert("RGBA"))[0, 0, 0] == expected
    assert picture.rgb[0, 0, 0] > 0  # the picture itself is left alone


@pytest.mark.parametrize("format", ["jpeg", "bmp"])
def test_no_silent_black(format: str) -> None:
    with pytest.raises(
        OutputError, match="has no transparency; choose png, webp, avif or tiff, or give a colour with background="
    ):
        encode(half_clear(), format)


def test_limits_are_said() -> None:
    wide = Picture(np.zeros((1, 16384, 3), np.uint8))
    with pytest.raises(OutputError, match=r"more than WEBP can hold \(16383 a side\); choose png"):
        encode(wide, "webp")
    with pytest.raises(OutputError, match="from 1 to 100"):
        encode(wide, "jpeg", quality=0)


def test_names_and_suffixes() -> None:
    assert find_format(".JPG").name == find_format("jpeg").name == find_format("jpg").name == "jpeg"
    assert {f.suffixes[0] for f in FORMATS.values()} == {
        ".png", ".jpg", ".webp", ".avif", ".tif", ".bmp", ".psd", ".exr", ".zip",
    }  # fmt: skip
    with pytest.raises(OutputError, match="'tga' is not a format that can be written; choose one of: .png"):
        find_format("tga")


def test_a_plane() -> None:
    plane = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000
    assert (np.asarray(opened(encode_plane(plane))) == plane).all()


def test_better_quality_is_nearer() -> None:
    rng = np.random.default_rng(0)
    picture = Picture(rng.integers(0, 255, (64, 64, 3), np.uint8))
    for name in ("jpeg", "webp", "avif"):
        errors = [
            np.abs(np.asarray(opened(encode(picture, name, quality=q)).convert("RGB")) - picture.rgb.astype(int)).mean()
            for q in (20, 90)
        ]
        assert errors[1] < errors[0]


def test_webp_at_its_usual_quality_keeps_what_is_opaque_and_what_is_not() -> None:
    """Between, alpha may be one level off."""
    alpha = np.random.default_rng(0).integers(0, 256, (200, 200)).astype(np.uint8)
    alpha[:50], alpha[150:] = 0, 255
    rgb = np.full((200, 200, 3), 90, np.uint8)
    with Image.open(io.BytesIO(encode(Picture(rgb, alpha), "webp"))) as file:
        made = np.asarray(file)[..., 3].astype(int)
    for end in (0, 255):
        np.testing.assert_array_equal(made == end, alpha == end)
    assert np.abs(made - alpha).max() <= 2


@pytest.mark.parametrize("format", ["png", "jpeg", "tiff", "bmp"])
def test_a_grey_picture_is_one_channel(format: str) -> None:
    grey = np.repeat(np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))[..., None], 3, 2)
    with Image.open(io.BytesIO(encode(Picture(grey, is_grey=True), format, quality=95))) as made:
        assert made.mode == "L"
        assert np.abs(np.asarray(made).astype(int) - grey[..., 0]).max() <= (2 if format == "jpeg" else 0)
    coloured = grey + np.array([0, 0, 1], np.uint8)
    for picture in (Picture(grey), Picture(coloured, is_grey=True)):
        with Image.open(io.BytesIO(encode(picture, format))) as made:
            assert made.mode == "RGB"


def test_a_grey_picture_of_sixteen_bits_is_one_channel() -> None:
    grey = np.repeat((np.arange(48 * 64, dtype=np.uint16) * 20).reshape(48, 64, 1), 3, 2)
    for name in ("png", "tiff"):
        with Image.open(io.BytesIO(encode(Picture(grey, is_grey=True), name))) as made:
            assert made.mode.startswith("I")
            assert (np.asarray(made) == grey[..., 0]).all()

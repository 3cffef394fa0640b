"""Every mode of Pillow's becomes the pixels that reading its file would give."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from mattebox.core.pillow_conversion import is_pil_image, pixels_from_pil
from mattebox.errors import InputUnreadable, UsageError
from mattebox.io.reader import read
from mattebox.types import Picture
from tests.io.pictures import chunk, cmyk_profile, grey_profile, png, rgb_profile, scene

RGB = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
PHOTO = Image.fromarray(RGB)


def as_file(image: Image.Image, kind: str = "png", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)  # type: ignore[arg-type]
    return file.getvalue()


def same(left: Picture, right: Picture, tolerance: int = 0) -> bool:
    if (left.alpha is None) != (right.alpha is None) or left.rgb.dtype != right.rgb.dtype:
        return False
    apart = np.abs(left.rgb.astype(int) - right.rgb).max()
    return bool(apart <= tolerance) and (left.alpha is None or bool((left.alpha == right.alpha).all()))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_an_opened_file_is_as_its_file_is_read(mode: str) -> None:
    image = Image.fromarray(RGB[..., 0].astype(np.uint16) * 257) if mode == "I;16" else PHOTO.convert(mode)
    data = as_file(image)
    opened = Image.open(io.BytesIO(data))
    assert opened.mode == mode
    assert same(Picture.from_pil(opened), read(data))


@pytest.mark.parametrize(
    ("mode", "transparency"), [("P", 3), ("P", bytes(range(200))), ("L", 7), ("RGB", tuple(map(int, RGB[0, 0])))]
)
def test_a_transparent_colour_becomes_alpha(mode: str, transparency: object) -> None:
    data = as_file(PHOTO.convert(mode), transparency=transparency)
    pixels = Picture.from_pil(Image.open(io.BytesIO(data)))
    assert pixels.alpha is not None
    assert same(pixels, read(data))


def test_transparent_wide_and_narrow_grey() -> None:
    for image, key in (
        (Image.fromarray(RGB[..., 0].astype(np.uint16) * 257), int(RGB[0, 0, 0]) * 257),
        (PHOTO.convert("1"), 0),
    ):
        data = as_file(image, transparency=key)
        assert same(Picture.from_pil(Image.open(io.BytesIO(data))), read(data)), image.mode


def test_alpha_in_the_palette() -> None:
    half = Image.fromarray(np.dstack([RGB // 64 * 64, RGB[..., 0] // 128 * 255]))
    indexed = half.quantize(64, Image.Quantize.FASTOCTREE)
    assert (indexed.mode, indexed.palette and indexed.palette.mode) == ("P", "RGBA")
    assert same(Picture.from_pil(indexed), Picture.from_pil(indexed.convert("RGBA")))


@pytest.mark.parametrize("mode", ["YCbCr", "HSV", "LAB", "RGBX", "RGBa", "CMYK"])
def test_other_colour_models_show_the_same_colours(mode: str) -> None:
    smooth = Image.radial_gradient("L").resize((64, 64)).convert("RGB")
    if mode == "LAB":
        transform = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
        image = ImageCms.applyTransform(smooth, transform)
        assert image is not None
    else:
        image = smooth.convert("RGBA").convert("RGBa") if mode == "RGBa" else smooth.convert(mode)
    assert image.mode == mode
    pixels = pixels_from_pil(image)
    assert np.abs(pixels.rgb.astype(int) - np.asarray(smooth)).max() <= 6
    assert (pixels.alpha is None) == (mode != "RGBa")


def test_integers_and_floating_point() -> None:
    deep = RGB[..., 0].astype(np.int32) * 257
    whole = pixels_from_pil(Image.fromarray(deep)).rgb
    assert whole.dtype == np.uint16
    assert (whole[..., 0] == deep).all()
    assert (pixels_from_pil(Image.fromarray((deep / 65535).astype(np.float32))).rgb == whole).all()
    big = Image.fromarray(deep.astype(np.uint16)).convert("I").convert("I;16B")
    assert (pixels_from_pil(big).rgb == whole).all()
    for image, problem in (
        (Image.fromarray(deep * 9), "scale them to 0 to 65535"),
        (Image.fromarray(RGB[..., 0].astype(np.float32)), "divide it by 255"),
    ):
        with pytest.raises(UsageError, match=problem):
            pixels_from_pil(image)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_stands_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = as_file(PHOTO, exif=exif)
    assert same(Picture.from_pil(Image.open(io.BytesIO(data))), read(data))


@pytest.mark.parametrize("exif", [b"garbage", b"MM\0*\0\0\0\x08\0\5\1\x12", b"II*\0\xff\xff\xff\xff"])
def test_damaged_exif_is_ignored(exif: bytes) -> None:
    image = PHOTO.copy()
    image.info["exif"] = b"Exif\0\0" + exif
    assert (Picture.from_pil(image).rgb == RGB).all()


def test_profiles() -> None:
    wide = rgb_profile()
    data = as_file(PHOTO, icc_profile=wide)
    assert Picture.from_pil(Image.open(io.BytesIO(data))).profile == wide
    assert Picture.from_pil(Image.open(io.BytesIO(as_file(PHOTO.convert("L"), icc_profile=wide)))).profile == wide
    broken = PHOTO.copy()
    broken.info["icc_profile"] = b"none"
    picture = Picture.from_pil(broken)
    assert picture.profile is None
    assert picture.notes == ("its colour profile is broken and was ignored",)
    cmyk = PHOTO.convert("CMYK")
    cmyk.info["icc_profile"] = wide
    assert Picture.from_pil(cmyk).notes == (
        "its colour profile is for RGB colours and was ignored",
        "CMYK colours converted to sRGB",
    )


@pytest.mark.parametrize("mode", ["L", "I;16", "CMYK"])
def test_profiles_of_other_colours_are_converted_as_in_files(mode: str) -> None:
    if mode == "CMYK":
        lab = np.random.default_rng(1).uniform((0, -40, -40), (100, 40, 40), (2, 2, 2, 2, 3))
        data = as_file(PHOTO.convert("CMYK"), "tiff", icc_profile=cmyk_profile(lab))
    else:
        image = Image.fromarray(RGB[..., 0].astype(np.uint16) * 257) if mode == "I;16" else PHOTO.convert("L")
        data = as_file(image, icc_profile=grey_profile(1.0))
    picture, expected = Picture.from_pil(Image.open(io.BytesIO(data))), read(data)
    assert same(picture, expected)
    assert (picture.profile, picture.notes) == (None, expected.notes)


def test_there_and_back() -> None:
    picture = Picture(RGB, RGB[..., 0].copy(), rgb_profile())
    image = picture.to_pil()
    assert (image.mode, image.info["icc_profile"]) == ("RGBA", picture.profile)
    assert same(Picture.from_pil(image), picture)
    deep = Picture(RGB.astype(np.uint16) * 257).to_pil()
    assert (np.asarray(deep) == RGB).all()


def test_a_preview_for_notebooks() -> None:
    large = Picture(np.zeros((1500, 3000, 3), np.uint8), np.full((1500, 3000), 9, np.uint8))
    with Image.open(io.BytesIO(large._repr_png_())) as shown:
        assert (shown.size, shown.mode) == ((1024, 512), "RGBA")


def test_what_is_no_image_or_cannot_be_decoded() -> None:
    assert is_pil_image(PHOTO)
    assert not is_pil_image(RGB)
    with pytest.raises(UsageError, match="not a Pillow image but numpy.ndarray"):
        Picture.from_pil(RGB)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="0 x 5, without pixels"):
        Picture.from_pil(Image.new("RGB", (0, 5)))
    data = as_file(PHOTO, "jpeg", quality=95)
    with pytest.raises(InputUnreadable, match="cannot be decoded"):
        Picture.from_pil(Image.open(io.BytesIO(data[: len(data) // 2])))


COLOUR_STATEMENTS = {
    "cICP Display P3": [chunk(b"cICP", bytes([12, 13, 0, 1]))],
    "cICP PQ": [chunk(b"cICP", bytes([9, 16, 0, 1]))],
    "cICP narrow": [chunk(b"cICP", bytes([12, 13, 0, 0]))],
    "gAMA linear": [chunk(b"gAMA", struct.pack(">I", 100000))],
    "cHRM P3": [chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))],
    "sRGB": [chunk(b"sRGB", b"\0"), chunk(b"gAMA", struct.pack(">I", 45455))],
}


@pytest.mark.parametrize("is_loaded", [False, True])
@pytest.mark.parametrize("chunks", COLOUR_STATEMENTS.values(), ids=COLOUR_STATEMENTS)
def test_colours_are_those_of_the_file(chunks: list[bytes], is_loaded: bool, tmp_path: Path) -> None:
    """Pillow keeps no cICP: it is in the file."""
    path = tmp_path / "photo.png"
    path.write_bytes(png(scene(), 2, 8, before=chunks))
    expected = read(path)
    with Image.open(path) as image:
        if is_loaded:
            image.load()
        picture = Picture.from_pil(image)
    assert (picture.rgb == expected.rgb).all()
    assert picture.profile == expected.profile
    assert picture.notes == expected.notes


def test_open_files_are_read_on() -> None:
    data = png(scene(), 2, 8, before=COLOUR_STATEMENTS["cICP Display P3"])
    picture, expected = Picture.from_pil(Image.open(io.BytesIO(data))), read(data)
    assert (picture.rgb == expected.rgb).all()
    assert picture.profile == expected.profile is not None


def test_adobe_rgb_by_exif() -> None:
    interoperability = b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 0x8769, 4, 1, 26) + bytes(4)
    interoperability += struct.pack("<HHHII", 1, 0xA005, 4, 1, 44) + bytes(4)
    interoperability += struct.pack("<HHHI4s", 1, 1, 2, 4, b"R03\0") + bytes(4)
    file = io.BytesIO()
    Image.fromarray(scene()).save(file, "jpeg", quality=95, exif=b"Exif\0\0" + interoperability)
    profile = Picture.from_pil(Image.open(file)).profile
    assert profile == read(file.getvalue()).profile is not None


def test_nclx_of_heic() -> None:
    heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    heif.from_pillow(Image.fromarray(scene())).save(
        file, quality=95, color_primaries=12, transfer_characteristics=13, matrix_coefficients=6, full_range_flag=1,
        save_nclx_profile=True,
    )  # fmt: skip
    image = heif.open_heif(file.getvalue()).to_pillow()
    assert Picture.from_pil(image).profile == read(file.getvalue()).profile is not None

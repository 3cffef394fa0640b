"""Every kind of pixel: palettes, keys, depths, inks. 16 bits against hand-made files, exactly."""

from __future__ import annotations

import io
import struct
import sys

import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mattebox.errors import InputUnreadable
from mattebox.io.decoding import DAMAGE_NOTE
from mattebox.io.reader import read
from tests.io.pictures import chunk, noise, png, saved, scene, tiff

FILTERS = st.lists(st.integers(0, 4), min_size=1, max_size=6)
SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))
SEEDS = st.integers(0, 2**32 - 1)


@given(SHAPES, SEEDS, FILTERS)
def test_rgb_png_of_sixteen_bits_is_exact(size: tuple[int, int], seed: int, filters: list[int]) -> None:
    pixels = noise((*size, 3), seed=seed)
    picture = read(png(pixels, 2, 16, filters=filters))
    assert picture.rgb.dtype == np.uint16
    assert picture.alpha is None
    assert (picture.rgb == pixels).all()


@given(SHAPES, SEEDS, FILTERS)
def test_rgba_png_of_sixteen_bits_is_exact(size: tuple[int, int], seed: int, filters: list[int]) -> None:
    pixels = noise((*size, 4), seed=seed)
    picture = read(png(pixels, 6, 16, filters=filters))
    assert picture.alpha is not None
    assert (np.dstack([picture.rgb, picture.alpha]) == pixels).all()


@given(SHAPES, SEEDS, FILTERS, st.booleans())
def test_grey_png_of_sixteen_bits_is_exact(size: tuple[int, int], seed: int, filters: list[int], alpha: bool) -> None:
    pixels = noise((*size, 2), seed=seed)
    picture = read(png(pixels if alpha else pixels[..., 0], 4 if alpha else 0, 16, filters=filters))
    assert (picture.rgb == pixels[..., :1]).all()
    assert picture.rgb.dtype == np.uint16
    assert (picture.alpha is not None) == alpha
    if picture.alpha is not None:
        assert (picture.alpha == pixels[..., 1]).all()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("deflate", [False, True])
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("channels", [3, 4])
def test_tiff_of_sixteen_bits_is_exact(order: str, deflate: bool, planar: bool, channels: int) -> None:
    pixels = noise((70, 5, channels))
    extra = 2 if channels == 4 else None
    picture = read(tiff(pixels, order=order, deflate=deflate, planar=planar, extra=extra))
    assert picture.rgb.dtype == np.uint16
    assert (picture.rgb == pixels[..., :3]).all()
    if channels == 4:
        assert picture.alpha is not None
        assert (picture.alpha == pixels[..., 3]).all()


@pytest.mark.parametrize("deflate", [False, True])
@pytest.mark.parametrize(("order", "photometric"), [("<", 1), (">", 1), ("<", 0), (">", 0)])
def test_grey_tiff_of_sixteen_bits_is_exact(order: str, deflate: bool, photometric: int) -> None:
    pixels = noise((6, 5))
    picture = read(tiff(pixels, order=order, deflate=deflate, photometric=photometric))
    expected = pixels if photometric == 1 else 65535 - pixels
    assert (picture.rgb == expected[..., None]).all()


@pytest.mark.parametrize("deflate", [False, True])
def test_premultiplied_tiff_becomes_straight(deflate: bool) -> None:
    straight = noise((8, 8, 3)).astype(np.uint32)
    alpha = noise((8, 8), seed=1).astype(np.uint32) | 0x4000
    stored = np.dstack([(straight * alpha[..., None] + 32767) // 65535, alpha]).astype(np.uint16)
    picture = read(tiff(stored, extra=1, deflate=deflate))
    assert picture.alpha is not None
    assert (picture.alpha == alpha).all()
    assert np.abs(picture.rgb.astype(int) - straight).max() <= 2


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("deflate", [False, True])
@pytest.mark.parametrize("kind", [1, 2])
def test_grey_tiff_with_alpha_of_sixteen_bits(order: str, deflate: bool, kind: int) -> None:
    pixels = noise((70, 5, 2))
    pixels[..., 0] = np.minimum(pixels[..., 0], pixels[..., 1])  # premultiplied grey is never above its alpha
    picture = read(tiff(pixels, order=order, deflate=deflate, photometric=1, extra=kind))
    assert picture.alpha is not None
    assert (picture.alpha == pixels[..., 1]).all()
    grey, alpha = pixels[..., 0].astype(int), np.maximum(pixels[..., 1].astype(int), 1)
    expected = grey if kind == 2 else (grey * 65535 + alpha // 2) // alpha
    assert (picture.rgb == expected[..., None]).all()


def test_unnamed_fourth_channel_is_no_alpha() -> None:
    pixels = noise((4, 4, 4))
    picture = read(tiff(pixels, extra=0))
    assert picture.alpha is None
    assert (picture.rgb == pixels[..., :3]).all()


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_grey_png_of_few_bits(bits: int) -> None:
    pixels = noise((7, 9), np.uint8) >> (8 - bits)
    picture = read(png(pixels, 0, bits, filters=[0, 1, 2, 3, 4] if bits == 8 else None))
    assert picture.rgb.dtype == np.uint8
    assert (picture.rgb == (pixels * (255 // (2**bits - 1)))[..., None]).all()


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_transparent_grey_of_a_png(bits: int) -> None:
    pixels = noise((7, 9), np.uint16) >> (16 - bits)
    key = int(pixels[3, 3])
    picture = read(png(pixels, 0, bits, before=[chunk(b"tRNS", key.to_bytes(2, "big"))]))
    assert picture.alpha is not None
    assert (picture.alpha == np.where(pixels == key, 0, picture.bit_depth.peak)).all()


@pytest.mark.parametrize("bits", [8, 16])
def test_transparent_colour_of_a_png(bits: int) -> None:
    pixels = noise((7, 9, 3), np.uint16) >> (16 - bits)
    pixels[0, :4] = pixels[3, 3]
    key = b"".join(int(v).to_bytes(2, "big") for v in pixels[3, 3])
    picture = read(png(pixels, 2, bits, before=[chunk(b"tRNS", key)]))
    assert picture.alpha is not None
    assert (picture.rgb == pixels).all()
    assert (picture.alpha == np.where((pixels == pixels[3, 3]).all(-1), 0, picture.bit_depth.peak)).all()


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("transparent", [False, True])
def test_palette_png(bits: int, transparent: bool) -> None:
    entries = 2**bits
    palette, alphas = noise((entries, 3), np.uint8), noise((entries,), np.uint8, seed=1)
    pixels = noise((7, 9), np.uint8, seed=2) >> (8 - bits)
    before = [chunk(b"PLTE", palette.tobytes())] + [chunk(b"tRNS", alphas.tobytes())] * transparent
    picture = read(png(pixels, 3, bits, before=before))
    assert (picture.rgb == palette[pixels]).all()
    assert (picture.alpha is not None) == transparent
    if picture.alpha is not None:
        assert (picture.alpha == alphas[pixels]).all()


def test_transparent_gif() -> None:
    image = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) % 7, "L").convert("P")
    picture = read(saved(image, "GIF", transparency=3))
    assert picture.alpha is not None
    assert ((picture.alpha == 0) == (np.arange(64).reshape(8, 8) % 7 == 3)).all()


def test_interlaced_gif_and_progressive_jpeg() -> None:
    image = Image.fromarray(scene()).quantize(64)
    assert (read(saved(image, "GIF", interlace=1)).rgb == np.asarray(image.convert("RGB"))).all()
    plain, progressive = (read(saved(scene(), "JPEG", progressive=p)).rgb for p in (False, True))
    assert np.abs(plain.astype(int) - progressive).max() <= 1


def test_the_first_frame_is_taken() -> None:
    frames = [Image.fromarray(np.roll(scene(), 20 * i, 1)) for i in range(3)]
    for kind, options in (("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})):
        content = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        picture = read(content)
        assert (picture.rgb == scene()).all()
        assert picture.notes == ("first of 3 frames",)


def test_a_jpeg_of_odd_subsampling() -> None:
    """Luminance sampled 2 x 2 and one chroma 1 x 2: libjpeg's newer interface refuses it."""
    content = bytearray(saved(np.full((32, 32, 3), 90, np.uint8), "JPEG", subsampling=2))
    at = content.find(b"\xff\xc0")
    content[at + 14] = 0x12
    with pytest.raises(ValueError, match="subsampling"):
        simplejpeg.decode_jpeg_header(bytes(content))
    expected = np.asarray(Image.open(io.BytesIO(content)))
    assert (read(bytes(content)).rgb == expected).all()


def test_grey_jpeg() -> None:
    grey = scene()[..., 1]
    picture = read(saved(grey, "JPEG", quality=95))
    assert np.abs(picture.rgb.astype(int) - grey[..., None]).mean() < 1
    assert (picture.rgb[..., 0] == picture.rgb[..., 2]).all()


def test_cmyk_and_ycck_jpegs_have_the_same_colours() -> None:
    inks = np.asarray(Image.fromarray(scene()).convert("CMYK"))
    cmyk = saved(Image.fromarray(inks, "CMYK"), "JPEG", quality=98)
    ycck = simplejpeg.encode_jpeg(np.ascontiguousarray(255 - inks), 98, "CMYK", "444")  # Adobe's inverted inks
    assert Image.open(io.BytesIO(ycck)).info["adobe_transform"] == 2
    for content in (cmyk, ycck):
        picture = read(content)
        assert np.abs(picture.rgb.astype(int) - scene()).mean() < 2.5
        assert "CMYK" in picture.notes[0]


@pytest.mark.parametrize("value", [0, 65535, 30000])
def test_heic_of_ten_bits_gives_sixteen(value: int) -> None:
    heif, target = pytest.importorskip("pillow_heif"), io.BytesIO()
    pixels = np.full((64, 64, 3), value, np.uint16)
    heif.from_bytes("RGB;16", (64, 64), pixels.tobytes()).save(target, quality=100)
    picture = read(target.getvalue())
    assert picture.rgb.dtype == np.uint16
    assert np.abs(picture.rgb.astype(int) - value).max() < 200


def test_heic_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    content = (24).to_bytes(4, "big") + b"ftypheic\0\0\0\0mif1heic"
    body = (20).to_bytes(4, "big") + b"ispe" + bytes(4) + (8).to_bytes(4, "big") * 2
    for kind in (b"ipco", b"iprp"):
        body = (len(body) + 8).to_bytes(4, "big") + kind + body
    body = (len(body) + 12).to_bytes(4, "big") + b"meta" + bytes(4) + body
    with pytest.raises(InputUnreadable, match=r"pip install 'mattebox\[heif\]'"):
        read(content + body)


@pytest.mark.parametrize("error", [ZeroDivisionError, EOFError, RuntimeError, SyntaxError, IndexError, MemoryError])
def test_whatever_a_decoder_raises_is_one_error(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise error("inside")

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load_prepare", broken)
    with pytest.raises(InputUnreadable, match="holiday") as caught:
        read(saved(scene(), "PNG"), name="holiday")
    assert isinstance(caught.value.__cause__, error)


def test_bmp_of_16_bits_a_pixel() -> None:
    """RGB565, which Pillow's raw mode "BGR;16" names, is no picture of 16 bits a channel."""
    five, six = np.array([0, 8, 31]), np.array([0, 21, 63])
    words = (five << 11 | six << 5 | five[::-1]).astype("<u2")
    row = words.tobytes() + bytes(2)
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    info = struct.pack("<IiiHHIIiiII", 40, 3, 1, 1, 16, 3, len(row), 0, 0, 0, 0) + masks
    content = b"BM" + struct.pack("<IHHI", 14 + len(info) + len(row), 0, 0, 14 + len(info)) + info + row
    picture = read(content)
    assert picture.rgb.dtype == np.uint8
    expected = np.stack([five / 31, six / 63, five[::-1] / 31], -1) * 255
    assert np.abs(picture.rgb[0] - expected).max() <= 4


def test_a_jpeg_with_a_damaged_tail_is_read_with_a_note() -> None:
    content = bytearray(saved(noise((128, 128, 3), np.uint8), "JPEG", quality=90))
    del content[-400:-300]
    with pytest.raises(ValueError, match=r".+"):
        simplejpeg.decode_jpeg(bytes(content), "RGB")
    picture = read(bytes(content))
    assert DAMAGE_NOTE in picture.notes[0]
    whole = read(saved(noise((128, 128, 3), np.uint8), "JPEG", quality=90))
    assert (picture.rgb[:96] == whole.rgb[:96]).all()
    with pytest.raises(InputUnreadable, match="cut off"):
        read(bytes(content[:-600]))

"""TIFFs of floats and of 32 and 64 bits, against tifffile's and Pillow's encoders."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from mattebox.errors import InputUnreadable
from mattebox.io.reader import read
from tests.io.pictures import rgb_profile, saved


def unit(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).random(shape)


def written(pixels: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **{"photometric": "rgb" if pixels.ndim == 3 else "minisblack"} | options)
    return file.getvalue()


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zlib"},
        {"tile": (32, 16)},
        {"planarconfig": "separate"},
        {"bigtiff": True},
        {"bigtiff": True, "compression": "zlib", "tile": (32, 16)},
        {"bigtiff": True, "planarconfig": "separate"},
    ],
)
def test_floats_from_zero_to_one(dtype: str, order: str, options: dict[str, Any]) -> None:
    pixels = unit(*((3, 50, 37) if "planarconfig" in options else (50, 37, 3))).astype(dtype)
    picture = read(written(pixels, byteorder=order, **options))
    wanted = np.moveaxis(pixels, 0, 2) if "planarconfig" in options else pixels
    assert picture.rgb.dtype == np.uint16
    assert np.abs(picture.rgb - wanted.astype(float) * 65535).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "raw"])
@pytest.mark.parametrize("mode", ["F", "I"])
def test_grey_of_pillow_in_every_compression(compression: str, mode: str) -> None:
    grey = (unit(40, 30) * 65535).astype(np.int32)
    image = Image.fromarray(grey if mode == "I" else (grey / 65535).astype(np.float32))
    picture = read(saved(image, "TIFF", compression=compression))
    assert (picture.rgb == grey[..., None]).all()


def difference_rows(pixels: np.ndarray, predictor: int) -> np.ndarray:
    """Rows as a TIFF writer differences them (TIFF 6.0, section 14; Adobe's technical note 3)."""
    height, width, samples = pixels.shape
    if predictor == 2:
        values = pixels.view("<u4")
        return np.diff(values, axis=1, prepend=np.zeros((height, 1, samples), "<u4")).view("<f4")
    planes = pixels.astype(">f4").view(np.uint8).reshape(height, width * samples, 4).transpose(0, 2, 1)
    stored = planes.reshape(height, width * 4, samples)
    return np.diff(stored, axis=1, prepend=np.zeros((height, 1, samples), np.uint8)).reshape(height, -1).view("<f4")


@pytest.mark.parametrize("predictor", [2, 3])
def test_predictors_are_undone(predictor: int) -> None:
    pixels = unit(20, 24, 3).astype("<f4")
    stored = difference_rows(pixels, predictor).reshape(pixels.shape)
    content = written(stored, compression="zlib", extratags=[(65000, "H", 1, predictor, True)])
    picture = read(content.replace(struct.pack("<HHI", 65000, 3, 1), struct.pack("<HHI", 317, 3, 1)))
    assert np.abs(picture.rgb - pixels * 65535.0).max() <= 0.51


@pytest.mark.parametrize(("dtype", "shift"), [("u4", 16), ("u8", 48), ("i4", 15)])
def test_integers_keep_their_upper_bits(dtype: str, shift: int) -> None:
    pixels = (unit(9, 8, 3) * np.iinfo(dtype).max * 0.999).astype(dtype)
    picture = read(written(pixels))
    assert (picture.rgb == pixels >> shift).all()
    assert any("reduced to 16" in note for note in picture.notes)


def test_alpha_profile_and_orientation() -> None:
    pixels = unit(6, 9, 4).astype("f4")
    picture = read(
        written(pixels, extrasamples=["unassalpha"], iccprofile=rgb_profile(), extratags=[(274, "H", 1, 6, True)])
    )
    turned = np.rot90(pixels, -1)
    assert picture.profile == rgb_profile()
    assert picture.alpha is not None
    assert np.abs(np.dstack([picture.rgb, picture.alpha]) - turned * 65535.0).max() <= 0.51


def test_premultiplied_alpha_is_divided_out() -> None:
    pixels = np.array([[[0.25, 0.125, 0.0, 0.5]]], "f4")
    picture = read(written(np.repeat(np.repeat(pixels, 4, 0), 4, 1), extrasamples=["assocalpha"]))
    assert picture.rgb[0, 0] == pytest.approx([32768, 16384, 0], abs=2)


def test_values_outside_are_clipped_and_said() -> None:
    pixels = np.full((4, 4, 3), 0.5, "f4")
    pixels[0, 0], pixels[0, 1], pixels[0, 2] = 7.5, -1, np.nan
    picture = read(written(pixels))
    assert picture.rgb[0, :4, 0].tolist() == [65535, 0, 0, 32768]
    assert any("the largest is 7.5" in note for note in picture.notes)
    assert any("not finite" in note for note in picture.notes)


def test_floats_from_0_to_255() -> None:
    bytes_ = (unit(12, 12) * 255).astype(np.uint8)
    picture = read(saved(Image.fromarray(bytes_).convert("F"), "TIFF"))
    assert (picture.rgb[..., 0] == bytes_.astype(np.uint16) * 257).all()
    assert any("0 to 255" in note for note in picture.notes)


def test_what_cannot_be_read_says_why() -> None:
    with pytest.raises(InputUnreadable, match="unusual order"):
        read(written(unit(4, 4, 3).astype("f4"), photometric="cielab"))
    with pytest.raises(InputUnreadable):
        read(written(unit(40, 40, 3).astype("f4"))[:2000])


def test_tiles_far_larger_than_the_picture_are_refused() -> None:
    """The pixel limit is checked on the picture; a tile is decoded whole."""
    content = written(unit(20, 20, 3).astype("f4"), tile=(32, 32), compression="zlib")
    tags = [content.find(struct.pack("<HHI", 322, kind, 1)) for kind in (3, 4)]
    at = max(tags)
    assert at > 0
    huge = content[:at] + struct.pack("<HHII", 322, 4, 1, 1 << 24) + content[at + 12 :]
    with pytest.raises(InputUnreadable, match="tiles far larger"):
        read(huge)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["u4", "i4", "f4", "f2"])
def test_big_tiffs_are_read_as_classic_ones(order: str, dtype: str) -> None:
    values = unit(30, 40, 3)
    pixels = values.astype(dtype) if dtype[0] == "f" else (values * np.iinfo(dtype).max).astype(dtype)
    big, classic = (read(written(pixels, byteorder=order, bigtiff=is_big)) for is_big in (True, False))
    assert (big.rgb == classic.rgb).all()
    assert big.notes == classic.notes

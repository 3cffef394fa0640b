"""Mattes that phones write into HEICs, by hand-made boxes: their names and values; damaged and unknown ones."""

import numpy as np
import pytest
from PIL import Image

from mattebox.io.file_mattes import matte_name, read_heif_mattes
from mattebox.io.file_summary import summarise_file
from mattebox.io.reader import read
from tests.io.gain_map_files import join, jpeg, with_xmp
from tests.io.heif_files import apple_type, heic

PEOPLE = np.tile(np.linspace(0, 255, 96).astype(np.uint8), (64, 1))
SKY = PEOPLE[::-1].T.copy()[:64, :64]


def test_mattes_are_read_by_what_they_show() -> None:
    types = [apple_type("portraiteffectsmatte"), apple_type("semanticskymatte", 2020)]
    data = heic(Image.new("RGB", (192, 128), (120, 90, 60)), [PEOPLE, SKY], types)
    picture = read(data)
    assert picture.shape == (128, 192)
    assert set(picture.mattes) == {"portrait", "sky"}
    assert picture.mattes["portrait"].shape == (64, 96)
    assert np.abs(picture.mattes["portrait"].astype(int) - PEOPLE).max() < 4
    assert np.abs(picture.mattes["sky"].astype(int) - SKY).max() < 4
    assert summarise_file(data, "a.heic").mattes == ("portrait matte", "matte of the sky")


def test_other_auxiliary_pictures_are_no_mattes() -> None:
    assert read(heic(Image.new("RGB", (96, 64)), [PEOPLE], [apple_type("hdrgainmap", 2020)])).mattes == {}
    assert read(heic(Image.new("RGB", (96, 64)))).mattes == {}
    assert matte_name("urn:mpeg:hevc:2015:auxid:1") is None
    assert matte_name("urn:com:apple:photo:2019:aux:semantichairmatte") == "hair"


class DamagedImage:
    """A picture as pillow-heif gives it, whose mattes cannot be decoded."""

    info = {"aux": {"urn:com:apple:photo:2018:aux:portraiteffectsmatte": [2]}}  # noqa: RUF012

    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_aux_image(self, number: int) -> None:
        raise self.error


@pytest.mark.parametrize("error", [RuntimeError("Decoder plugin generated an error"), ValueError("no data")])
def test_damaged_mattes_are_left_out(error: Exception) -> None:
    assert read_heif_mattes(DamagedImage(error)) == {}


def test_mattes_of_a_jpeg() -> None:
    kind = 'apdi:AuxiliaryImageType="urn:com:apple:photo:2018:aux:portraiteffectsmatte"'
    matte = with_xmp(jpeg(Image.fromarray(PEOPLE)), f'xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/" {kind}')
    picture = read(join(jpeg(Image.new("RGB", (192, 128), (120, 90, 60))), matte))
    assert set(picture.mattes) == {"portrait"}
    assert np.abs(picture.mattes["portrait"].astype(int) - PEOPLE).max() < 4
    assert picture.gain_map is None
    damaged = join(jpeg(Image.new("RGB", (192, 128))), matte[:-300])
    assert read(damaged).mattes == {}

"""Linear light: exact round trips at both depths, profiles, and mixing by strength and mask."""

import numpy as np
import pytest
from PIL import ImageCms

from mattebox.enhancement.colour_space import colour_space_of
from mattebox.enhancement.light_sample import sample_light
from mattebox.enhancement.linear_light import apply_in_linear_light
from mattebox.io import icc_matrix_shaper
from mattebox.types import Floats, Picture

DTYPES = [np.uint8, np.uint16]


def ramp(dtype: type) -> Picture:
    peak = np.iinfo(dtype).max
    return Picture(np.repeat(np.arange(peak + 1, dtype=dtype).reshape(64, -1, 1), 3, axis=2))


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_number_comes_back(dtype: type) -> None:
    picture = ramp(dtype)
    space = colour_space_of(picture)
    assert (space.encode(space.decode(picture.rgb), picture.bit_depth) == picture.rgb).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_half_the_light_is_half_the_light(dtype: type) -> None:
    picture = Picture(np.full((3, 3, 3), np.iinfo(dtype).max, dtype))
    result = apply_in_linear_light(picture, lambda light, _: light * np.float32(0.5))
    assert result.rgb[0, 0, 0] / np.iinfo(dtype).max == pytest.approx(0.7354, abs=0.002)


def test_only_where_it_may_and_nothing_at_strength_0() -> None:
    picture = ramp(np.uint8)
    where = np.zeros(picture.shape, np.uint8)
    where[:10] = 255

    def black(light: Floats, _: slice) -> Floats:
        return light * 0

    result = apply_in_linear_light(picture, black, where=where)
    assert (result.rgb[:10] == 0).all()
    assert (result.rgb[10:] == picture.rgb[10:]).all()
    assert apply_in_linear_light(picture, black, strength=0) is picture
    assert apply_in_linear_light(picture, black, where=where * 0) is picture


def test_a_profile_is_read_as_little_cms_reads_it() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    shaper = icc_matrix_shaper.read_matrix_shaper(profile)
    assert shaper is not None
    assert np.abs(shaper.matrix - icc_matrix_shaper.SRGB_TO_XYZ_D50).max() < 0.001
    assert np.abs(shaper.tone_curves - icc_matrix_shaper.srgb_matrix_shaper().tone_curves).max() < 0.001


@pytest.mark.parametrize("broken", [b"", b"x" * 200, b"\xff" * 400])
def test_profiles_without_a_matrix_shaper_give_none(broken: bytes) -> None:
    assert icc_matrix_shaper.read_matrix_shaper(broken) is None
    picture = Picture(np.zeros((4, 4, 3), np.uint8), profile=broken)
    assert colour_space_of(picture).rgb_to_xyz[1, 1] == icc_matrix_shaper.SRGB_TO_XYZ_D50[1, 1]


def test_curves_of_every_kind() -> None:
    gamma = icc_matrix_shaper._sample_curve(b"curv\0\0\0\0" + (1).to_bytes(4, "big") + (0x0200).to_bytes(2, "big"))
    assert gamma[icc_matrix_shaper.CURVE_SAMPLES // 2] == pytest.approx(0.25, abs=0.001)
    table = icc_matrix_shaper._sample_curve(b"curv\0\0\0\0" + (2).to_bytes(4, "big") + b"\0\0\xff\xff")
    assert table[icc_matrix_shaper.CURVE_SAMPLES // 2] == pytest.approx(0.5, abs=0.001)
    fixed = b"".join(round(v * 65536).to_bytes(4, "big", signed=True) for v in (2.4, 1 / 1.055, 0.055 / 1.055))
    srgb = icc_matrix_shaper._sample_curve(b"para\0\0\0\0" + (1).to_bytes(2, "big") + b"\0\0" + fixed)
    assert srgb[icc_matrix_shaper.CURVE_SAMPLES // 2] == pytest.approx(0.214, abs=0.001)


def test_a_sample_leaves_out_what_is_hidden() -> None:
    alpha = np.zeros((300, 200), np.uint8)
    alpha[:, 100:] = 255
    sample = sample_light(Picture(np.zeros((300, 200, 3), np.uint8), alpha))
    assert sample.weights.mean() == pytest.approx(0.5, abs=0.01)
    assert sample_light(Picture(np.zeros((1, 3000, 3), np.uint8))).light.shape[1] == 3

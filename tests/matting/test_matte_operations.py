"""Operations on mattes: number formats and levels, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.matting.box_sum import box_sum
from mattebox.matting.matte_operations import as_floats, as_pixels, finalise_matte, guide_image, stretch_levels, to_nchw
from mattebox.types import BitDepth, Matte, Picture


@pytest.mark.parametrize("depth", list(BitDepth))
def test_pixels_and_floats_are_inverse(depth: BitDepth) -> None:
    pixels = np.array([[0, 1, depth.peak // 2, depth.peak]], depth.dtype)
    assert as_floats(pixels).dtype == np.float32
    assert as_floats(pixels)[0, [0, 3]].tolist() == [0, 1]
    assert (as_pixels(as_floats(pixels), depth) == pixels).all()


def test_levels_are_stretched_and_clipped() -> None:
    values = np.array([0, 0.2, 0.5, 0.8, 1], np.float32)
    assert stretch_levels(values, 0.2, 0.8) == pytest.approx([0, 0, 0.5, 1, 1], abs=1e-6)


def test_a_guide_image_is_the_mean_of_its_cells() -> None:
    rgb = np.zeros((4, 6, 3), np.uint8)
    rgb[:2, :2] = 255
    guide = guide_image(rgb, 2)
    assert guide.shape == (2, 3, 3)
    assert guide[0, 0].tolist() == [1, 1, 1]
    assert to_nchw(guide).shape == (1, 3, 2, 3)


def test_a_matte_is_never_more_opaque_than_its_picture() -> None:
    picture = Picture(np.zeros((2, 3, 3), np.uint8), np.array([[255, 128, 0], [255, 255, 255]], np.uint8))
    matte = finalise_matte(
        picture, Matte(np.zeros((1, 1), np.uint8), 0.5, True, (0, 0, 1, 1)), np.full((2, 3), 200, np.uint8)
    )
    assert matte.alpha.tolist() == [[200, 100, 0], [200, 200, 200]]
    assert matte.box == (0, 0, 3, 2)


@pytest.mark.parametrize("radius", [0, 1, 2])
def test_box_sums_by_hand(radius: int) -> None:
    plane = np.random.default_rng(0).integers(0, 9, (2, 5, 7)).astype(np.float32)
    padded = np.pad(plane, ((0, 0), (radius, radius), (radius, radius)))
    sides = range(2 * radius + 1)
    expected = np.sum([padded[:, y : y + 5, x : x + 7] for y in sides for x in sides], axis=0)
    np.testing.assert_array_equal(box_sum(plane, radius), expected)

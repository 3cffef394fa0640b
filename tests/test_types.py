"""The pixel contract refuses what is not pixels."""

import numpy as np
import pytest

from mattebox.types import BitDepth, Matte, Picture, subject_box


def test_depth_of_pixels() -> None:
    assert BitDepth.of_pixels(np.zeros(1, np.uint8)).peak == 255
    assert BitDepth.of_pixels(np.zeros(1, np.uint16)).peak == 65535
    with pytest.raises(ValueError, match="uint8 or uint16"):
        BitDepth.of_pixels(np.zeros(1, np.float32))  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_rgb_is_height_width_three(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="height x width x 3"):
        Picture(np.zeros(shape, np.uint8))


def test_alpha_goes_with_rgb() -> None:
    rgb = np.zeros((4, 5, 3), np.uint8)
    assert Picture(rgb, np.zeros((4, 5), np.uint8)).shape == (4, 5)
    for alpha in (np.zeros((5, 4), np.uint8), np.zeros((4, 5), np.uint16)):
        with pytest.raises(ValueError, match="same size and depth"):
            Picture(rgb, alpha)


def test_with_pixels_keeps_the_rest() -> None:
    picture = Picture(np.zeros((2, 2, 3), np.uint8), profile=b"icc", notes=("first of 2 frames",))
    other = picture.with_pixels(np.ones((3, 3, 3), np.uint8), None)
    assert (other.profile, other.notes, other.shape) == (b"icc", ("first of 2 frames",), (3, 3))


def test_a_matte_is_a_plane() -> None:
    with pytest.raises(ValueError, match="height x width"):
        Matte(np.zeros((4, 4, 1), np.uint8), 1.0, True, (0, 0, 4, 4))
    matte = Matte(np.zeros((3, 4), np.uint8), 1.0, True, (0, 0, 4, 3))
    assert (matte.shape, matte.size) == ((3, 4), (4, 3))


def test_another_alpha_brings_its_box() -> None:
    alpha = np.zeros((5, 9), np.uint16)
    alpha[1:3, 4:6] = 40000
    matte = Matte(np.zeros((5, 9), np.uint16), 0.5, False, (0, 0, 9, 5)).with_alpha(alpha, found=True)
    assert (matte.box, matte.found, matte.confidence) == ((4, 1, 6, 3), True, 0.5)
    assert matte.with_alpha(alpha).found
    assert subject_box(np.zeros((5, 9), np.uint8)) == (0, 0, 9, 5)


def test_a_picture_is_an_array_to_numpy() -> None:
    rgb = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    opaque, transparent = Picture(rgb), Picture(rgb, rgb[..., 0].copy())
    assert np.asarray(opaque) is rgb
    assert np.array(opaque, copy=False) is rgb
    assert not np.shares_memory(np.array(opaque), rgb)
    assert not np.shares_memory(opaque.to_array(), rgb)
    assert np.asarray(opaque, np.float32).dtype == np.float32
    for array in (np.asarray(transparent), transparent.to_array()):
        assert array.shape == (4, 5, 4)
        assert (array[..., 3] == rgb[..., 0]).all()
    with pytest.raises(ValueError, match="leave out copy=False"):
        np.array(transparent, copy=False)
    back = Picture.from_array(np.asarray(transparent))
    assert back.alpha is not None
    assert (back.alpha == rgb[..., 0]).all()

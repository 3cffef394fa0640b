"""The pixel contract refuses what is not pixels."""

import numpy as np
import pytest

from mattebox.types import BitDepth, Matte, Picture


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

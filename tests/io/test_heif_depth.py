"""Depth maps in HEIC files, whose boxes are put together here: pillow-heif writes none."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebox.io.heif_depth import DEPTH, DISPARITY, INVERSE_DEPTH, read_heif_depth
from mattebox.io.reader import read
from tests.io.heif_files import DEPTH_TYPE, heic

VALUES = np.tile(np.linspace(20, 230, 96).astype(np.uint8), (64, 1))


def depth_heic() -> bytes:
    """A HEIC whose second picture is the depth of the first."""
    return heic(Image.new("RGB", (96, 64), (120, 90, 60)), [VALUES], [DEPTH_TYPE])


def test_the_depth_of_a_heic_is_read_with_it() -> None:
    picture = read(depth_heic())
    assert picture.shape == (64, 96)
    assert picture.depth is not None
    assert picture.depth.source == "file"
    assert np.abs(picture.depth.inverse_depth * 255 - VALUES).max() < 4


class StoredPicture:
    """A picture as pillow-heif gives it."""

    def __init__(self, values: np.ndarray, metadata: dict[str, Any] | None) -> None:
        self.values, self.info, self.size = values, {"metadata": metadata}, values.shape[::-1]

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.values


@pytest.mark.parametrize("kind", [INVERSE_DEPTH, DISPARITY])
def test_steps_of_inverse_depth_in_metres(kind: int) -> None:
    metadata = {"z_near": 0.5, "z_far": 10.0, "representation_type": kind}
    depth = read_heif_depth({"depth_images": [StoredPicture(np.array([[0, 255]], np.uint8), metadata)]})
    assert depth is not None
    assert depth.unit == "1/m"
    assert depth.inverse_depth == pytest.approx(np.array([[0.1, 2]]))


def test_an_iphones_disparities() -> None:
    metadata = {"d_min": 1.5, "d_max": 4.4, "representation_type": DISPARITY}
    depth = read_heif_depth({"depth_images": [StoredPicture(np.array([[0, 255]], np.uint8), metadata)]})
    assert depth is not None
    assert depth.unit == "1/m"
    assert depth.inverse_depth == pytest.approx(np.array([[1.5, 4.4]]))
    nonsense = {"d_min": 4.0, "d_max": 1.0, "representation_type": DISPARITY}
    depth = read_heif_depth({"depth_images": [StoredPicture(np.array([[0, 255]], np.uint8), nonsense)]})
    assert depth is not None
    assert depth.unit == "relative"


def test_steps_of_depth_in_metres() -> None:
    metadata = {"z_near": 0.5, "z_far": 10.0, "representation_type": DEPTH}
    depth = read_heif_depth({"depth_images": [StoredPicture(np.array([[0, 255]], np.uint8), metadata)]})
    assert depth is not None
    assert depth.inverse_depth == pytest.approx(np.array([[0.1, 2]]))


def test_none() -> None:
    assert read_heif_depth({}) is None
    assert read_heif_depth({"depth_images": []}) is None

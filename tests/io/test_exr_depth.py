"""Depth in OpenEXR: there and back, of a renderer's picture, and what has no distance."""

from pathlib import Path

import numpy as np
import pytest

from mattebox.io.depth_file import encode_depth
from mattebox.io.reader import read
from mattebox.types import DepthMap

OpenEXR = pytest.importorskip("OpenEXR")
INVERSE = np.linspace(0.1, 2, 48, dtype=np.float32).reshape(6, 8)


@pytest.mark.parametrize("unit", ["1/m", "relative"])
def test_there_and_back(unit: str) -> None:
    picture = read(encode_depth(DepthMap(INVERSE, "stereo", unit), "exr"))
    assert picture.depth is not None
    assert (picture.depth.source, picture.depth.unit) == ("file", unit)
    assert picture.depth.inverse_depth == pytest.approx(INVERSE, rel=1e-5)


def test_a_rendered_picture_brings_its_depth(tmp_path: Path) -> None:
    distance = np.full((6, 8), 4, np.float32)
    distance[0], distance[1], distance[2] = np.inf, 0, np.nan
    channels = {"RGB": np.full((6, 8, 3), 0.2, np.float32), "Z": distance}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, channels).write(str(tmp_path / "a.exr"))
    picture = read(tmp_path / "a.exr")
    assert picture.depth is not None
    assert picture.depth.unit == "relative"
    assert not picture.depth.inverse_depth[:3].any()
    assert (picture.depth.inverse_depth[3:] == 0.25).all()
    assert picture.rgb.shape == (6, 8, 3)

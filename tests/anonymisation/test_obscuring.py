"""Nothing of the original is left in a filled shape, little in a mosaic; outside, every pixel stays."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import skimage.data

from mattebox.anonymisation.obscuring import MOSAIC_CELLS, MOSAIC_LEVELS, Method, obscure_objects
from mattebox.anonymisation.regions import DetectedObject
from mattebox.types import Picture

FACE = DetectedObject("face", (178, 62, 267, 172), 0.9, 1)  # the astronaut's
PLATE = DetectedObject("plate", (330, 300, 420, 330), 0.9, 2)


@pytest.fixture
def photograph() -> Picture:
    return Picture(skimage.data.astronaut())


def find_changes(result: Picture, photograph: Picture) -> np.ndarray:
    return (result.rgb != photograph.rgb).any(2)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_fill_leaves_one_colour(photograph: Picture, depth: type) -> None:
    bright = Picture(np.maximum(photograph.rgb, 1).astype(depth) * (257 if depth == np.uint16 else 1))
    result = obscure_objects(bright, [FACE, PLATE])
    hidden = find_changes(result, bright)
    assert not result.rgb[hidden].any()  # black
    assert hidden[62:172, 178:267].all()  # no pixel of the original in the box
    assert hidden[300:330, 330:420].all()
    assert not hidden[:, :120].any()
    assert not hidden[230:280].any()
    assert result.rgb.dtype == depth


def test_a_mosaic_keeps_few_rounded_colours(photograph: Picture) -> None:
    result = obscure_objects(photograph, [FACE], "mosaic", "box")
    hidden = find_changes(result, photograph)
    rows, columns = np.flatnonzero(hidden.any(1)), np.flatnonzero(hidden.any(0))
    area = result.rgb[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert len(np.unique(area.reshape(-1, 3), axis=0)) <= MOSAIC_CELLS**2
    levels = np.rint(np.arange(MOSAIC_LEVELS) * 255 / (MOSAIC_LEVELS - 1))
    assert np.isin(area, levels).all()


def test_a_mosaic_tells_nothing_of_small_changes(photograph: Picture) -> None:
    """Means are rounded: noise of a few levels is gone."""
    noisy = photograph.rgb.copy()
    noisy[100, 200] ^= 3
    results = [obscure_objects(Picture(rgb), [FACE], "mosaic").rgb for rgb in (photograph.rgb, noisy)]
    np.testing.assert_array_equal(results[0][62:172, 178:267], results[1][62:172, 178:267])


def test_blur_leaves_no_detail(photograph: Picture) -> None:
    result = obscure_objects(photograph, [FACE], "blur")
    face = result.rgb[80:150, 190:255].astype(float)
    assert np.abs(np.diff(face, axis=0)).max() < 8
    assert np.abs(np.diff(face, axis=1)).max() < 8


@pytest.mark.parametrize("kind", ["face", "plate"])
def test_a_blur_fades_out_without_an_edge(kind: Literal["face", "plate"]) -> None:
    """A white object on grey: no pixel differs from its neighbour as it would on the outline of a blurred shape."""
    rgb = np.full((240, 240, 3), 60, np.uint8)
    rgb[80:160, 90:150] = 255
    result = obscure_objects(Picture(rgb), [DetectedObject(kind, (90, 80, 150, 160), 0.9, 1)], "blur").rgb.astype(int)
    assert max(np.abs(np.diff(result, axis=axis)).max() for axis in (0, 1)) <= 25  # without fading, over 80
    assert result[80:160, 90:150].max() < 235
    assert (result[:30] == 60).all()


def test_a_face_within_a_face_leaves_no_outline(photograph: Picture) -> None:
    """A large shape is drawn over small ones within it, whatever their order."""
    small = DetectedObject("face", (200, 100, 220, 125), 0.4, 2)
    results = [obscure_objects(photograph, items, "blur").rgb for items in ([FACE, small], [small, FACE])]
    np.testing.assert_array_equal(*results)
    face = results[0][80:150, 190:255].astype(float)
    assert max(np.abs(np.diff(face, axis=axis)).max() for axis in (0, 1)) < 8


@pytest.mark.parametrize("method", ["fill", "mosaic", "blur"])
def test_colours_under_transparent_pixels_go_too(photograph: Picture, method: Method) -> None:
    alpha = np.zeros(photograph.shape, np.uint8)
    result = obscure_objects(Picture(photograph.rgb, alpha), [FACE], method)
    assert result.alpha is alpha
    assert find_changes(result, photograph)[90:150, 190:250].mean() > 0.95


def test_without_objects_it_is_the_picture_itself(photograph: Picture) -> None:
    assert obscure_objects(photograph, []) is photograph
    outside = DetectedObject("face", (900, 900, 950, 950), 0.5)
    np.testing.assert_array_equal(obscure_objects(photograph, [outside]).rgb, photograph.rgb)


def test_a_tiny_face_is_hidden(photograph: Picture) -> None:
    result = obscure_objects(photograph, [DetectedObject("face", (300.2, 300.2, 303.1, 304.0), 0.4)], "mosaic")
    assert find_changes(result, photograph)[300:304, 300:304].any()

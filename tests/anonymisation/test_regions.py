"""Shapes cover the boxes they are grown from, whole pixels and all, and stay inside the picture."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.anonymisation.regions import DetectedObject, grow_box, pixel_box, region_mask

SHAPE = (300, 400)


def find_cover(box: tuple[float, float, float, float], kind: str, shape: str, growth: float = 1.0) -> np.ndarray:
    """Which pixels of a picture are hidden."""
    picture = np.zeros(SHAPE, bool)
    grown = grow_box(box, kind, growth)  # type: ignore[arg-type]
    left, top, right, bottom = pixels = pixel_box(grown, SHAPE)
    picture[top:bottom, left:right] = region_mask(grown, shape, pixels)  # type: ignore[arg-type]
    return picture


@pytest.mark.parametrize("box", [(100, 100, 140, 160), (100.4, 100.6, 104.2, 106.1), (50, 50, 250, 290)])
def test_an_ellipse_covers_the_whole_box_of_a_face(box: tuple[float, float, float, float]) -> None:
    hidden = find_cover(box, "face", "ellipse")
    left, top, right, bottom = pixel_box(box, SHAPE)
    assert hidden[top:bottom, left:right].all()
    above = hidden[: int(box[1])].any(1).sum()
    assert above >= min(int(box[1]), 0.3 * (box[3] - box[1]))  # hair


def test_an_ellipse_is_smaller_than_its_box_and_a_plate_has_none() -> None:
    box = (100, 100, 160, 180)
    assert find_cover(box, "face", "ellipse").sum() < find_cover(box, "face", "box").sum()
    plate = find_cover(box, "plate", "box")
    rows, columns = np.flatnonzero(plate.any(1)), np.flatnonzero(plate.any(0))
    assert plate[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()


def test_shapes_end_at_the_border() -> None:
    hidden = find_cover((-20, 260, 30, 330), "face", "ellipse")
    assert hidden[299, 0]
    assert not find_cover((500, 500, 520, 520), "face", "ellipse").any()


def test_growth_decides_how_far_they_reach() -> None:
    areas = [find_cover((150, 100, 200, 160), "face", "ellipse", growth).sum() for growth in (0.0, 1.0, 2.0)]
    assert areas[0] < areas[1] < areas[2]
    assert find_cover((150, 100, 151, 101), "plate", "box", 0.0)[99:102, 149:152].all()  # a pixel at least


def test_fields_and_back() -> None:
    item = DetectedObject("plate", (1.0, 2.0, 30.5, 12.0), 0.75, 3, False)
    assert DetectedObject.from_fields(item.to_fields()) == item
    assert item.area == 295

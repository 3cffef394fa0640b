"""Scribbles: points, strokes and rectangles as text, in pixels and percent."""

from __future__ import annotations

import pytest

from mattebox.errors import UsageError
from mattebox.matting.scribbles import Rectangle, Stroke, check_scribbles, parse_scribbles

SIZE = (300, 400)


def test_points_strokes_and_boxes() -> None:
    assert parse_scribbles("none", SIZE) == ()
    assert parse_scribbles("200,150 25%,10%", SIZE) == (Stroke(((0.5, 0.5),)), Stroke(((0.25, 0.1),)))
    assert parse_scribbles("0,0/40px,30", SIZE) == (Stroke(((0, 0), (0.1, 0.1))),)
    assert parse_scribbles("10%,10%:50%,90%", SIZE) == (Rectangle(((0.1, 0.1), (0.5, 0.9))),)


def test_seed_masks() -> None:
    point, stroke, box = parse_scribbles("399,299 0,0/399,0 50%,50%:100%,100%", SIZE)
    assert point.seed_mask((30, 40)).sum() == 1
    assert point.seed_mask((30, 40))[29, 39]
    assert stroke.seed_mask((30, 40))[0].all()
    assert stroke.seed_mask((30, 40)).sum() == 40
    assert box.seed_mask((30, 40))[15:, 20:].all()
    assert box.seed_mask((30, 40)).sum() == 15 * 20


def test_a_stroke_has_no_gaps() -> None:
    (stroke,) = parse_scribbles("10,290/390,10", SIZE)
    rows = stroke.seed_mask(SIZE).nonzero()[0]
    assert set(rows) == set(range(10, 291))


@pytest.mark.parametrize(
    ("text", "message"),
    [("10", "is not a point"), ("a,b", "is not a point"), ("401,10", "outside"), ("10,101%", "outside"),
     ("1,1:2,2:3,3", "is not a box"), ("1,1/2,2:3,3", "is not a box")],
)  # fmt: skip
def test_nonsense_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_scribbles(text, SIZE)


def test_scribbles_are_checked_without_a_picture() -> None:
    check_scribbles("100000,3 10%,10%")
    with pytest.raises(UsageError, match="outside the picture; stay"):
        check_scribbles("120%,3")

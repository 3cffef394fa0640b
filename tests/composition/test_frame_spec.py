"""Frame parameters as users write them."""

import pytest

from mattebox.composition.frame_spec import (
    parse_aspect,
    parse_canvas_size,
    parse_fill,
    parse_margins,
    parse_position,
)
from mattebox.errors import UsageError


@pytest.mark.parametrize(("text", "size"), [("original", None), ("800", 800), ("640x480", (640, 480))])
def test_sizes(text: str, size: object) -> None:
    assert parse_canvas_size(text) == size


@pytest.mark.parametrize(("text", "aspect"), [("original", None), ("1:1", 1), ("4/5", 0.8), ("1.5:1", 1.5)])
def test_aspects(text: str, aspect: float | None) -> None:
    assert parse_aspect(text) == aspect


def test_margins_are_in_the_order_of_css() -> None:
    first, two, three, four = ((float(n), "px") for n in (1, 2, 3, 4))
    assert parse_margins("1") == (first, first, first, first)
    assert parse_margins("1px, 2px") == (two, first, two, first)
    assert parse_margins("1 2 3 4") == (four, first, two, three)
    assert parse_margins("5%") == ((5.0, "%"),) * 4


@pytest.mark.parametrize(
    ("text", "shares"), [("center", (0.5, 0.5)), ("top", (0.5, 0)), ("30%", (0.3, 0.3)), ("30% 100%", (0.3, 1))]
)
def test_positions(text: str, shares: tuple[float, float]) -> None:
    assert parse_position(text) == shares


@pytest.mark.parametrize(("text", "share"), [("any", None), ("1%", 0.01), ("85%", 0.85), ("100%", 1)])
def test_fills(text: str, share: float | None) -> None:
    assert parse_fill(text) == share


@pytest.mark.parametrize("parse", [parse_canvas_size, parse_aspect, parse_margins, parse_position, parse_fill])
@pytest.mark.parametrize("text", ["", "x", "-1", "0x0", "1 2 3", "101%%", "1:0"])
def test_anything_else_is_refused_with_a_remedy(parse: object, text: str) -> None:
    assert callable(parse)
    with pytest.raises(UsageError, match="; (give|let)"):
        parse(text)

"""Lengths in pixels and percent."""

from __future__ import annotations

import pytest

from mattebox.core.length import parse_length


@pytest.mark.parametrize(
    ("text", "pixels", "share"), [("40", 40, 0.2), ("40px", 40, 0.2), ("25%", 50, 0.25), ("2.5%", 5, 0.025)]
)
def test_pixels_and_percent(text: str, pixels: float, share: float) -> None:
    length = parse_length(text)
    assert length is not None
    assert length.in_pixels(200) == pytest.approx(pixels)
    assert length.as_share(200) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "px", "-3", "1e3", "4 px", "50%%", "3,5"])
def test_nonsense_is_no_length(text: str) -> None:
    assert parse_length(text) is None

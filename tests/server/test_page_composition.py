"""Shadows, outlines and frames that the page draws by itself, compared with the download; comparison with the
photograph where the frame is another.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.server.page_visit import CHROMIUM, Visit
from tests.server.test_page_marks import composed_pixels

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.timeout(240),
]
Files = dict[str, Path]


def flatten(rgba: np.ndarray, level: int) -> np.ndarray:
    """H x W x 3 over a grey level."""
    share = rgba[..., 3:] / 255
    flat: np.ndarray = np.rint(share * rgba[..., :3] + (1 - share) * level)
    return flat


def switch_crop(visit: Visit, *, is_on: bool) -> None:
    visit.page.locator("[name=crop]").evaluate(
        "(e, on) => { e.checked = on; e.dispatchEvent(new Event('input', { bubbles: true })); }", is_on
    )


@pytest.mark.parametrize(
    ("name", "values", "crops"),
    [
        ("astronaut", {"shadow": "drop", "shadow_opacity": "80", "aspect": "16:9"}, False),
        ("two", {"shadow": "contact", "shadow_softness": "9"}, True),
        ("two", {"shadow": "cast", "outline": "20", "aspect": "4:5"}, True),
        ("two", {"shadow": "reflection", "outline": "0", "margin": "0"}, True),
        ("astronaut", {"outline": "50", "margin": "12"}, True),
    ],
)
def test_effects_are_drawn_as_the_server_does(
    browser: Any, address: str, files: Files, name: str, values: dict[str, str], *, crops: bool
) -> None:
    """Without a request, before black and white."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        visit.open(files[name])
        request_count = len(visit.post_paths)
        for field, value in values.items():
            visit.choose(f"[name={field}]", value)
        switch_crop(visit, is_on=crops)
        visit.settle()
        shown = composed_pixels(visit)
        assert len(visit.post_paths) == request_count
        result = np.asarray(visit.downloaded()[1].convert("RGBA"))
        assert result.shape == shown.shape
        for level in (0, 255):
            difference = np.abs(flatten(shown, level) - flatten(result, level))
            assert np.percentile(difference, 99.9) <= 1
            assert difference.max() <= 2  # where the server's dithering and the canvas's rounding add up


def test_white_on_white_does_not_fill_the_frame(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address, reduced_motion="reduce") as visit:
        visit.open(files["two"])
        visit.paint("White")
        switch_crop(visit, is_on=True)
        shown = composed_pixels(visit)
        result = np.asarray(visit.downloaded()[1].convert("RGB"))
        assert result.shape == (*shown.shape[:2], 3)
        assert np.abs(flatten(shown, 255) - result).max() <= 1


def test_comparison_in_every_frame(browser: Any, address: str, files: Files) -> None:
    """The photograph lies under the result where it came from, also with a preset of the server."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.open(files["two"])
        switch_crop(visit, is_on=True)
        composed_pixels(visit)

        def gap() -> float:
            """How far from the disc's left end in the result that in the photograph is, in pixels of the screen."""
            left, _, width, height = page.locator("#before").evaluate(
                "e => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; }"
            )
            assert page.locator("#slider").is_enabled()
            assert width / height == pytest.approx(4 / 3, rel=0.01)
            sheet = page.locator("#sheet").bounding_box()
            result = np.asarray(visit.downloaded()[1].convert("RGB")).astype(int)
            is_red = (result[..., 0] > 150) & (result[..., 1] < 90)
            first = np.flatnonzero(is_red.any(0))[0] / result.shape[1]
            return float(abs(sheet["x"] + first * sheet["width"] - (left + 31 / 400 * width)))

        assert gap() < 2
        switch_crop(visit, is_on=False)
        visit.tab("Presets")
        page.locator("[name=preset][value=product]").check(force=True)
        page.locator("#status", has_text="2000 × 2000").wait_for()
        assert gap() < 3
        page.focus("#slider")
        for _ in range(50):
            page.keyboard.press("ArrowRight")
        visit.pictured("compare-preset.png")

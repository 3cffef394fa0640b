"""The tool Heal: what is brushed gives way to its surroundings, is taken back, and nothing else changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.server.page_network import needs_network
from tests.server.page_visit import CHROMIUM, Visit, draw_two_subjects
from tests.server.test_page_device import SWITCH
from tests.server.test_page_marks import composed_pixels

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.timeout(180),
]
SPOT = (slice(140, 152), slice(96, 108))  # a white square on the red disc
BRUSHED = (slice(126, 166), slice(82, 122))


@pytest.fixture
def spotted_photograph(tmp_path: Path) -> Path:
    rgb = draw_two_subjects()
    rgb[SPOT] = 255
    Image.fromarray(rgb).save(tmp_path / "spotted.png")
    return tmp_path / "spotted.png"


def brush_spot(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Heal", exact=True).click()
    expect(page.locator("#status")).to_have_text("Paint over what should go: its surroundings take its place.")
    assert page.locator("#ways").is_hidden()
    visit.choose("#brush", "14")
    visit.draw((102 / 400, 146 / 300))


def test_a_spot_is_healed(browser: Any, address: str, spotted_photograph: Path) -> None:
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.open(spotted_photograph)
        before = np.asarray(visit.downloaded()[1])
        assert before[SPOT][..., :3].min() > 200
        brush_spot(visit)
        visit.settle()
        assert composed_pixels(visit)[SPOT][..., 1].max() < 90  # red, as the disc is
        page.get_by_role("button", name="Compare", exact=True).click()
        healed = np.asarray(visit.downloaded()[1])
        changed = (healed != before).any(2)
        assert healed[SPOT][..., 1].max() < 90
        changed[BRUSHED] = False
        assert not changed.any()
        request_count = len(visit.post_paths)
        page.get_by_role("button", name="Undo").click()
        visit.settle()
        assert np.array_equal(np.asarray(visit.downloaded()[1]), before)
        page.get_by_role("button", name="Redo").click()
        visit.settle()
        assert np.array_equal(np.asarray(visit.downloaded()[1]), healed)
        assert len(visit.post_paths) == request_count  # from memory
        assert visit.complaints == visit.foreign == []


def test_with_its_own_background_by_keyboard_and_after_a_reload(
    browser: Any, address: str, spotted_photograph: Path
) -> None:
    """Where nothing is cut out."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.open(spotted_photograph)
        visit.paint("Original")
        visit.settle()
        page.locator("#frame").press("h")
        visit.choose("#brush", "15")
        page.locator("#frame").focus()
        for key in [*["Shift+ArrowLeft"] * 2, *["ArrowLeft"] * 2, "Enter"]:
            page.keyboard.press(key)
        visit.settle()
        result = np.asarray(visit.downloaded()[1].convert("RGB"))
        assert result[SPOT][..., 1].max() < 90
        page.reload()
        page.locator("#strip .face").wait_for()
        visit.settle()
        assert np.array_equal(np.asarray(visit.downloaded()[1].convert("RGB")), result)


def test_too_much_is_said(browser: Any, address: str, spotted_photograph: Path) -> None:
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.open(spotted_photograph)
        page.get_by_role("button", name="Heal", exact=True).click()
        visit.choose("#brush", "30")
        visit.draw((0.1, 0.3), (0.9, 0.3))
        expect(page.locator("#status")).to_have_text("That’s too much to heal at once.")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#status")).to_contain_text("400 × 300 pixels")


@needs_network[1]
def test_a_device_alone_does_not_offer_it(browser: Any, address: str, spotted_photograph: Path) -> None:
    with Visit(browser, address) as visit:
        visit.open(spotted_photograph)
        tool = visit.page.locator(".tool[data-tool=heal]")
        tool.click()
        visit.page.locator(SWITCH).evaluate("e => e.click()")
        expect(tool).to_be_hidden()
        assert visit.page.locator(".tool[data-tool=look]").get_attribute("aria-pressed") == "true"

"""The line for words in the page, by keyboard: plan, question, correction; without a reload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.server.page_visit import CHROMIUM, DONE, Visit

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.timeout(180),
]
WORDS = "green backgruond, size 300x200"


def test_words_are_shown_as_a_plan_then_done_and_taken_back(browser: Any, address: str, files: dict[str, Path]) -> None:
    with Visit(browser, address) as visit:
        visit.open(files["two"])
        page = visit.page
        page.fill("#said", WORDS)
        page.keyboard.press("Enter")
        page.locator("#plan dl").wait_for()
        assert page.locator("#plan dd").all_inner_texts() == ["background: green", "size: 300x200"]
        assert "“backgruond” was read as “background”" in page.locator("#plan").inner_text()
        assert not any("words" in path for path in visit.post_paths)
        visit.pictured("words-plan.png")
        page.keyboard.press("Enter")
        page.locator("#applied").wait_for()
        assert WORDS in page.locator("#applied").inner_text()
        page.locator("#status", has_text="300 × 200").wait_for()
        _, result = visit.downloaded()
        assert (result.size, result.convert("RGB").getpixel((2, 2))) == ((300, 200), (0, 128, 0))
        visit.pictured("words-done.png")

        page.fill("#said", "make it pop")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="white outline").click()  # the answer to the question
        page.get_by_role("button", name="Do it").click()
        page.locator("#applied", has_text="white outline").wait_for()
        page.locator(DONE).wait_for()
        page.fill("#said", "add a hat")
        page.keyboard.press("Enter")
        page.locator("#plan .bad").wait_for()
        assert "hat" in page.locator("#plan").inner_text()
        page.keyboard.press("Escape")
        assert page.locator("#plan").inner_text() == ""

        page.click("#unsay")
        assert page.locator("#applied").is_hidden()
        with Image.open(files["two"]) as photograph:
            width, height = photograph.size
        page.locator("#status", has_text=f"{width} × {height}").wait_for()
        assert [line for line in visit.complaints if "422" not in line] == []
        assert visit.foreign == []

"""The line for words in the page, by keyboard: plan, question, correction; without a reload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

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
        said = page.locator("#said")
        said.fill(WORDS)
        said.press("Enter")
        page.locator("#plan dl").wait_for()
        assert page.locator("#plan dd").all_inner_texts() == ["background: green", "size: 300x200"]
        assert "“backgruond” was read as “background”" in page.locator("#plan").inner_text()
        assert not any("words" in path for path in visit.post_paths)
        visit.pictured("words-plan.png")
        said.press("Enter")
        page.locator("#applied").wait_for()
        assert WORDS in page.locator("#applied").inner_text()
        expect(page.locator("#status")).to_contain_text("300 × 200")
        _, result = visit.downloaded()
        assert (result.size, result.convert("RGB").getpixel((2, 2))) == ((300, 200), (0, 128, 0))
        visit.pictured("words-done.png")

        said.fill("make it pop")
        said.press("Enter")
        page.get_by_role("button", name="white outline").click()  # the answer to the question
        page.get_by_role("button", name="Do it").click()
        expect(page.locator("#applied")).to_contain_text("white outline")
        page.locator(DONE).wait_for()
        said.fill("add a hat")
        said.press("Enter")
        page.locator("#plan .bad").wait_for()
        assert "hat" in page.locator("#plan").inner_text()
        said.press("Escape")
        assert page.locator("#plan").inner_text() == ""

        page.click("#unsay")
        assert page.locator("#applied").is_hidden()
        with Image.open(files["two"]) as photograph:
            width, height = photograph.size
        expect(page.locator("#status")).to_contain_text(f"{width} × {height}")
        assert [line for line in visit.complaints if "422" not in line] == []
        assert visit.foreign == []


def test_phrases_are_completed(browser: Any, address: str, files: dict[str, Path]) -> None:
    """What stands after the last comma, by keyboard and pointer."""
    with Visit(browser, address) as visit:
        visit.open(files["two"])
        page, line, options = visit.page, visit.page.locator("#said"), visit.page.locator("#phrases li")
        line.press_sequentially("soft sh")
        options.first.wait_for()
        assert line.get_attribute("aria-expanded") == "true"
        assert options.first.inner_text() == "soft shadow"  # the shortest
        assert all("soft shadow" in text for text in options.all_inner_texts())
        line.press("ArrowDown")
        assert line.get_attribute("aria-activedescendant") == "phrase-0"
        line.press("Enter")
        assert (line.input_value(), options.count()) == ("soft shadow", 0)
        assert page.locator("#plan").inner_text() == ""  # taken, not asked yet
        line.press_sequentially(", white back")
        page.get_by_role("option", name="white background", exact=True).click()
        assert line.input_value() == "soft shadow, white background"
        line.press_sequentially(", war")
        options.first.wait_for()
        line.press("Escape")
        assert options.count() == 0
        assert visit.complaints == visit.foreign == []


SPEECH = """window.SpeechRecognition = class extends EventTarget {
  static available(options) { window.asked = options; return Promise.resolve("available"); }
  get processLocally() { return this.isLocal; }
  set processLocally(value) { this.isLocal = value; }
  start() {
    window.wasLocal = this.isLocal;
    setTimeout(() => {
      const results = [[{ transcript: "white background" }]];
      this.dispatchEvent(Object.assign(new Event("result"), { results }));
      this.dispatchEvent(new Event("end"));
    }, 50);
  }
};"""


def test_voice_where_the_browser_recognises_it_here(browser: Any, address: str, files: dict[str, Path]) -> None:
    """The plan is shown before anything is done; elsewhere there is no button."""
    with Visit(browser, address) as visit:
        page = visit.page
        page.evaluate("delete window.SpeechRecognition")
        page.evaluate("loadModule('voice.js').then(({ showVoice }) => showVoice())")
        assert page.locator("#speak").is_hidden()
        page.add_init_script(SPEECH)
        page.reload()
        visit.open(files["two"])
        assert page.evaluate("window.asked") == {"langs": ["en-US"], "processLocally": True}
        page.locator("#speak").click()
        page.locator("#plan dl").wait_for()
        assert page.evaluate("window.wasLocal") is True
        assert page.locator("#plan dd").all_inner_texts() == ["background: white"]
        assert page.locator("#applied").is_hidden()

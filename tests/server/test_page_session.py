"""What the page keeps in the browser: nothing is lost by a reload or a crash, tabs do not disturb each other, and one
click erases all of it. Settings of all photographs or of one; undo and redo of marks and settings.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.server.page_visit import CHROMIUM, CHROMIUM_FLAGS, DONE, LOAD_MODULE, Visit

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.timeout(180),
]
Files = dict[str, Path]
PAINT = "[name=paint]:checked"
STORED = """async () => {
  const { getSessions, getBySession, ITEM_STORES } = await loadModule("database.js");
  const sessions = await getSessions();
  const counts = sessions.map(({ id }) => ITEM_STORES.map(async (name) => (await getBySession(name, id)).length));
  return [sessions.length, ...(await Promise.all(counts.flat()))];
}"""
IS_STORED = "async () => (await loadModule('session_store.js')).isAllStored()"


def wait_until_stored(page: Any) -> None:
    while not page.evaluate(IS_STORED):
        page.wait_for_timeout(30)


def test_a_reload_loses_nothing(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        visit.open(files["two"], files["coffee"])
        visit.paint("Mint")
        page.get_by_role("button", name="Remove", exact=True).first.click()
        page.get_by_role("button", name="Brush").click()
        visit.draw((0.275, 0.4), (0.275, 0.6))
        visit.settle()
        before = np.asarray(visit.downloaded()[1])
        wait_until_stored(page)
        post_count = len(visit.post_paths)
        page.reload()
        page.locator(DONE).nth(1).wait_for()
        assert page.locator(PAINT).get_attribute("value") == "#dcecdc"
        assert len(visit.post_paths) == post_count  # the results are there, too
        assert [page.locator("#strip .face").nth(i).get_attribute("title") for i in range(2)] == [
            "two.png",
            "coffee.jpg",
        ]
        assert np.array_equal(np.asarray(visit.downloaded()[1]), before)
        for paint in ("#dcecdc", "transparent"):
            page.get_by_role("button", name="Undo").click()  # first the mark, then the background
            assert page.locator(PAINT).get_attribute("value") == paint
        assert page.locator("#undo").is_enabled()  # the quality, which the visit chose
        visit.settle()
        assert visit.downloaded()[1].convert("RGBA").getpixel((110, 150))[3] == 255
        assert visit.complaints == visit.foreign == []


def test_a_killed_browser_loses_nothing(browser: Any, address: str, files: Files, tmp_path: Path) -> None:
    def open_page() -> Any:
        context = browser.browser_type.launch_persistent_context(
            tmp_path, executable_path=CHROMIUM, args=CHROMIUM_FLAGS
        )
        context.add_init_script(LOAD_MODULE)
        page = context.new_page()
        page.goto(address)
        return page

    page = open_page()
    page.set_input_files("#files", [files["two"]])
    page.locator(DONE).wait_for()
    page.get_by_role("button", name="Remove", exact=True).first.click()
    page.locator("#frame").click()
    wait_until_stored(page)
    with page.context.expect_event("close"):
        os.kill(int(os.readlink(tmp_path / "SingletonLock").rpartition("-")[2]), signal.SIGKILL)

    page = open_page()
    page.get_by_text("A photograph from last time is still in this browser.").wait_for()
    assert page.locator("#strip .face").count() == 0
    page.get_by_role("button", name="Go on with them").click()
    page.locator(DONE).wait_for()
    assert page.locator("#undo").is_enabled()
    page.get_by_role("button", name="Keyboard and privacy").click()
    page.get_by_role("button", name="Erase all that this browser keeps").click()
    page.locator("#empty").wait_for()
    while page.evaluate(STORED) != [0]:
        page.wait_for_timeout(30)
    page.context.close()


def test_two_tabs_do_not_disturb_each_other(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        visit.open(files["two"])
        visit.paint("Mint")
        wait_until_stored(visit.page)
        other = visit.context.new_page()
        other.goto(address)
        wait_until_stored(other)
        assert other.locator("#last-time").is_hidden()  # the other tab has it
        other.set_input_files("#files", [files["coffee"]])
        assert other.locator(PAINT).get_attribute("value") == "transparent"  # offered, not silently applied
        other.get_by_role("button", name="Use the settings of last time").click()
        assert other.locator(PAINT).get_attribute("value") == "#dcecdc"
        other.get_by_role("button", name="Undo").click()
        assert other.locator(PAINT).get_attribute("value") == "transparent"
        other.locator(DONE).wait_for()
        wait_until_stored(other)
        session = other.evaluate("sessionStorage.getItem('mattebox-session')")
        copied = visit.context.new_page()  # as a browser copies a tab: with its session's id
        copied.add_init_script(
            f"sessionStorage.getItem('copied') ?? (sessionStorage.setItem('mattebox-session', "
            f"'{session}'), sessionStorage.setItem('copied', '1'))"
        )
        copied.goto(address)
        wait_until_stored(copied)
        assert copied.evaluate("sessionStorage.getItem('mattebox-session')") != session
        assert copied.locator("#empty").is_visible()
        other.get_by_role("button", name="Remove all").click()
        wait_until_stored(other)
        visit.page.reload()
        visit.page.locator(DONE).wait_for()
        assert visit.page.locator("#strip .face").get_attribute("title") == "two.png"


def test_settings_of_one_photograph(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page, faces = visit.page, visit.page.locator("#strip .face")
        visit.open(files["two"])
        assert page.get_by_role("button", name="This one").is_hidden()
        visit.open(files["two"], files["two"])
        visit.paint("Mint")
        faces.nth(1).click()
        page.get_by_role("button", name="This one").click()
        visit.paint("Black")
        for index, colour in ((0, (220, 236, 220)), (1, (0, 0, 0)), (2, (220, 236, 220))):
            faces.nth(index).click()
            assert visit.downloaded()[1].convert("RGB").getpixel((390, 290)) == colour
        faces.nth(1).click()
        assert page.get_by_role("button", name="This one").get_attribute("aria-pressed") == "true"
        page.get_by_role("button", name="Use for all").click()
        assert page.get_by_role("button", name="This one").get_attribute("aria-pressed") == "false"
        faces.nth(2).click()
        assert page.locator(PAINT).get_attribute("value") == "black"
        for _ in range(3):  # for all, black, this one
            page.get_by_role("button", name="Undo").click()
        page.get_by_role("button", name="Undo").click()
        assert faces.nth(1).get_attribute("aria-current") == "true"  # where it was done
        assert page.get_by_role("button", name="This one").get_attribute("aria-pressed") == "false"
        assert page.locator(PAINT).get_attribute("value") == "#dcecdc"


def test_a_preset_can_be_removed(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        visit.open(files["two"])
        visit.tab("Presets")
        page.get_by_role("radio", name="Sticker").check(force=True)
        visit.tab("Background")
        assert page.locator("#preset-chip").inner_text() == "Sticker"
        page.reload()
        page.locator("#preset-chip").get_by_text("Sticker").wait_for()
        page.get_by_role("button", name="Remove this preset").click()
        assert page.locator("#preset-chip").is_hidden()
        assert page.locator("[name=preset]:checked").get_attribute("value") == ""
        page.keyboard.press("Control+z")
        assert page.locator("[name=preset]:checked").get_attribute("value") == "sticker"

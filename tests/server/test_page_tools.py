"""Tools of the page: colour codes, sizes in pixels, the subject's size and place, file quality, samples, dropped
folders, the grid.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.server.page_visit import CHROMIUM, DONE, Visit
from tests.server.test_page_marks import composed_pixels

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.timeout(180),
]
Files = dict[str, Path]
DROP_FOLDER = """async () => {
  const { droppedFiles } = await import("/page/folder_drop.js");
  const file = (name) => ({ isFile: true, name, file: (resolve) => resolve(new File(["x"], name)) });
  const folder = (name, children) => {
    const parts = [children.slice(0, 2), children.slice(2), []];
    return { isDirectory: true, name, createReader: () => ({ readEntries: (resolve) => resolve(parts.shift()) }) };
  };
  const dropped = [folder("a", [file("10.png"), file("9.png"), folder("b", [file("c.png")])]), file("z.png")];
  const files = await droppedFiles({ items: dropped.map((entry) => ({ webkitGetAsEntry: () => entry })), files: [] });
  return files.map(({ name }) => name);
}"""


def test_a_colour_is_typed(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        visit.open(files["two"])
        visit.paint("Colour")
        code = page.get_by_label("Colour code")
        code.fill("12")
        assert code.get_attribute("aria-invalid") == "true"
        code.fill("#1A2b3c")
        assert code.get_attribute("aria-invalid") == "false"
        assert page.locator("[name=colour]").input_value() == "#1a2b3c"
        assert visit.downloaded()[1].convert("RGB").getpixel((2, 2)) == (0x1A, 0x2B, 0x3C)
        code.fill("f80")
        code.blur()
        page.get_by_role("button", name="Undo").click()
        assert code.input_value() == "#1a2b3c"


def test_pixels_place_and_quality(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.open(files["two"])
        visit.tab("Size")
        assert page.locator("[name=width]").is_hidden()
        page.select_option("[name=size]", "exact")
        page.locator("[name=width]").fill("500")
        page.locator("[name=height]").fill("250")
        visit.tab("Frame")
        visit.choose("[name=fill]", "50")
        visit.choose("[name=across]", "0")
        page.get_by_text("500 × 250 pixels").wait_for()
        alpha = np.asarray(visit.downloaded()[1].convert("RGBA"))[..., 3]
        rows, columns = (np.flatnonzero((alpha > 127).any(axis)) for axis in (1, 0))
        assert alpha.shape == (250, 500)
        assert (rows[0], rows[-1] + 1) == pytest.approx((62.5, 187.5), abs=3)  # half of the height, in the middle
        assert columns[0] <= 2

        page.select_option("[name=format]", "jpg")
        sizes = []
        for quality in ("95", "20"):
            visit.choose("[name=quality]", quality)
            page.locator("#weight:empty").wait_for(state="attached")
            page.locator("#weight:not(:empty)").wait_for(state="attached")
            sizes.append(int(page.locator("#weight").text_content().split()[0]))
        request_count = len(visit.post_paths)
        assert page.locator("#weight").text_content() == f"{sizes[1]} kB"
        assert visit.downloaded()[1].format == "JPEG"
        assert len(visit.post_paths) == request_count  # that file is what is downloaded
        assert sizes[1] < sizes[0]


def test_the_size_of_a_file_is_estimated_without_making_it(browser: Any, address: str, files: Files) -> None:
    """Other formats and qualities need no request until the download."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page, weight = visit.page, visit.page.locator("#weight")
        visit.open(files["coffee"])
        visit.paint("Mint")
        visit.settle()
        request_count = len(visit.post_paths)
        for file_format, quality in (("webp", "40"), ("jpg", "40"), ("jpg", "95")):
            page.select_option("[name=format]", file_format)
            visit.choose("[name=quality]", quality)
            page.locator("#weight:not(:empty)").wait_for(state="attached")
            visit.settle()
        page.wait_for_function("document.querySelector('#weight').textContent.startsWith('≈')")
        estimate = int(weight.text_content().split()[1])
        assert len(visit.post_paths) == request_count
        visit.downloaded()
        page.wait_for_function("!document.querySelector('#weight').textContent.startsWith('≈')")
        assert estimate == pytest.approx(int(weight.text_content().split()[0]), rel=0.5)


def test_free_crop(browser: Any, address: str, files: Files) -> None:
    """By pointer and keys, in a chosen shape; without a request, and taken back."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page, handle = visit.page, visit.page.locator(".crop-handle")
        visit.open(files["two"])
        visit.paint("White")
        visit.tab("Frame")
        page.get_by_role("button", name="Crop by hand").click()
        request_count = len(visit.post_paths)
        visit.draw((0.002, 0.002), (0.252, 0.102))  # the upper left corner
        assert page.locator("#status").inner_text() == "300 × 270 pixels stay."
        page.select_option("[name=aspect]", "1:1")
        handle.nth(4).focus()
        page.keyboard.press("ArrowUp")  # the lower right corner: the width follows
        assert page.locator("#status").inner_text() == "270 × 270 pixels stay."
        page.keyboard.press("Enter")
        assert page.locator("#crop").is_hidden()
        shown = composed_pixels(visit)
        assert len(visit.post_paths) == request_count
        result = np.asarray(visit.downloaded()[1].convert("RGB"))
        assert result.shape == (*shown.shape[:2], 3) == (270, 270, 3)
        opaque = shown[..., 3] == 255
        assert np.abs(result.astype(int) - shown[..., :3])[opaque].max() <= 1
        page.get_by_role("button", name="Whole photograph").click()
        assert visit.downloaded()[1].size[1] == 400  # square, with the shape alone
        page.get_by_role("button", name="Undo").click()
        assert page.locator("[name=crop_to]").input_value().startswith("25.")


def test_the_edge_is_moved(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        visit.open(files["two"])
        areas = []
        for shift in ("0", "-5", "5"):
            visit.choose("[name=edge_shift]", shift)
            visit.settle()
            areas.append(np.asarray(visit.downloaded()[1].convert("RGBA"))[..., 3].sum())
        assert areas[1] < 0.95 * areas[0] < 0.9 * areas[2]


def test_samples_and_grid(browser: Any, address: str) -> None:
    with Visit(browser, address) as visit:
        page, faces = visit.page, visit.page.locator("#strip .face")
        page.get_by_role("button", name="a mug").click()
        page.locator(DONE).wait_for()
        assert page.locator("#doubt").is_hidden()
        assert page.locator("#grid").is_hidden()
        page.locator("[data-sample=plant]").evaluate("e => e.click()")
        page.locator(DONE).nth(1).wait_for()
        page.get_by_role("button", name="All in a grid").click()
        assert page.locator("#frame").is_hidden()
        assert faces.nth(1).bounding_box()["width"] > 130
        faces.first.click()
        assert page.locator("#frame").is_visible()
        assert faces.first.get_attribute("aria-current") == "true"
        assert visit.complaints == visit.foreign == []


def test_folders_are_searched(browser: Any, address: str) -> None:
    with Visit(browser, address) as visit:
        assert visit.page.evaluate(DROP_FOLDER) == ["9.png", "10.png", "c.png", "z.png"]


def test_looks_are_saved_and_used_again(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.open(files["two"])
        visit.paint("Mint")
        visit.choose("[name=shadow]", "contact")
        visit.tab("Presets")
        page.get_by_label("Name of this look").fill("My “shop”")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.textContent") == "My “shop”"
        page.locator("#defaults").click()
        assert page.locator("[name=shadow]").input_value() == "none"
        page.reload()
        visit.tab("Presets")
        page.get_by_role("button", name="My “shop”", exact=True).click()
        assert page.locator("[name=shadow]").input_value() == "contact"
        assert page.locator("[name=paint]:checked").get_attribute("value") == "#dcecdc"
        page.get_by_role("button", name="Undo").click()
        assert page.locator("[name=shadow]").input_value() == "none"
        page.get_by_role("button", name="Remove the look “My “shop””").click()
        assert page.locator("#look-list button").count() == 0
        page.get_by_role("button", name="Dark squares").click()
        page.reload()
        assert page.locator("#ground").get_attribute("aria-pressed") == "true"

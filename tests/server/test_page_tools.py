"""Tools of the page: colour codes, sizes in pixels, the subject's size and place, file quality, samples, dropped
folders, addresses, the grid; which subject, edges, scenes, recipe files.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from mattebox.pipeline.scene import AppliedScene
from mattebox.recipe.scene_defaults import SCENE_DEFAULTS
from mattebox.recipe.serialization import load_recipe
from mattebox.recipe.steps import Background, Cut, Shadow
from tests.server.page_placing import place_by_keys, place_by_pointers
from tests.server.page_visit import CHROMIUM, DONE, Visit
from tests.server.test_page_device import serve_folder
from tests.server.test_page_marks import composed_pixels
from tests.serving import start_server

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.timeout(180),
]
Files = dict[str, Path]
DROP_FOLDER = """async () => {
  const { droppedFiles } = await loadModule("folder_drop.js");
  const file = (name) => ({ isFile: true, name, file: (resolve) => resolve(new File(["x"], name)) });
  const folder = (name, children) => {
    const parts = [children.slice(0, 2), children.slice(2), []];
    return { isDirectory: true, name, createReader: () => ({ readEntries: (resolve) => resolve(parts.shift()) }) };
  };
  const dropped = [folder("a", [file("10.png"), file("9.png"), folder("b", [file("c.png")])]), file("z.png")];
  const files = await droppedFiles({ items: dropped.map((entry) => ({ webkitGetAsEntry: () => entry })), files: [] });
  return files.map(({ name }) => name);
}"""


SCENE_NOTES = """async (scenes) => {
  const { sceneNote } = await loadModule("scene_note.js"), { setLanguage } = await loadModule("strings.js");
  return ["de", "en"].flatMap((language) => (setLanguage(language), scenes.map(sceneNote)));
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
    """Without a request until the download."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.open(files["two"])
        request_count = len(visit.post_paths)
        visit.tab("Size")
        assert page.locator("[name=width]").is_hidden()
        page.select_option("[name=size]", "exact")
        page.locator("[name=width]").fill("500")
        page.locator("[name=height]").fill("250")
        visit.tab("Frame")
        visit.choose("[name=fill]", "50")
        visit.choose("[name=across]", "0")
        expect(page.locator("#status")).to_contain_text("500 × 250 pixels")
        visit.settle()
        assert len(visit.post_paths) == request_count
        alpha = np.asarray(visit.downloaded()[1].convert("RGBA"))[..., 3]
        rows, columns = (np.flatnonzero((alpha > 127).any(axis)) for axis in (1, 0))
        assert alpha.shape == (250, 500)
        assert (rows[0], rows[-1] + 1) == pytest.approx((62.5, 187.5), abs=3)  # half of the height, in the middle
        assert columns[0] <= 2

        place_by_pointers(visit)
        place_by_keys(visit)
        page.select_option("[name=format]", "jpg")
        sizes = []
        for quality in ("95", "20"):
            visit.choose("[name=quality]", quality)
            assert visit.downloaded()[1].format == "JPEG"
            sizes.append(int(page.locator("#weight:not(:empty)", has_not_text="≈").text_content().split()[0]))
        assert sizes[1] < sizes[0]


def test_a_canvas_too_large_is_said_before_the_download(browser: Any, address: str, files: Files) -> None:
    """With a remedy, and until it is small enough; the server is not asked."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        status = visit.page.locator("#status")
        visit.open(files["two"])
        request_count = len(visit.post_paths)
        visit.choose("[name=size]", "exact")
        visit.choose("[name=width]", "9000")
        visit.choose("[name=height]", "8000")
        expect(status).to_have_text(
            "9000 × 8000 pixels are more than the server makes (50 megapixels). "
            "Choose fewer under “Size”, or a smaller margin under “Frame”."
        )
        visit.choose("[name=height]", "800")
        visit.choose("[name=width]", "900")
        expect(status).to_contain_text("900 × 800 pixels, confidence")
        assert len(visit.post_paths) == request_count


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
        expect(weight).to_contain_text(re.compile("^≈"))
        estimate = int(weight.text_content().split()[1])
        assert len(visit.post_paths) == request_count
        visit.downloaded()
        expect(weight).not_to_contain_text("≈")
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
        handle.nth(4).press("ArrowUp")  # the lower right corner: the width follows
        assert page.locator("#status").inner_text() == "270 × 270 pixels stay."
        handle.nth(4).press("Enter")
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


def test_a_photograph_too_large_is_made_smaller(browser: Any, address: str, files: Files) -> None:
    """With a word, where the server has refused it."""
    refusal = {"code": "image_too_large", "detail": "too large", "remedy": "send less"}
    with Visit(browser, address) as visit:
        page, sent = visit.page, []

        def answer(route: Any) -> None:
            sent.append(len(route.request.post_data_buffer or b""))
            route.fulfill(status=413, json=refusal) if len(sent) == 1 else route.continue_()

        page.route("**/v1/photographs", answer)
        visit.open(files["two"])
        assert page.locator("#status").inner_text().startswith("280 × 210 pixels")
        assert "Made smaller here" in page.locator("#status").inner_text()
        assert len(sent) == 2
        assert visit.downloaded()[1].size == (280, 210)


def test_the_edge_is_moved(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        visit.open(files["two"])
        areas = []
        for shift in ("0", "-5", "5"):
            visit.choose("[name=edge_shift]", shift)
            visit.settle()
            areas.append(np.asarray(visit.downloaded()[1].convert("RGBA"))[..., 3].sum())
        assert areas[1] < 0.95 * areas[0] < 0.9 * areas[2]


def test_folders_samples_and_grid(browser: Any, address: str) -> None:
    with Visit(browser, address) as visit:
        page, faces = visit.page, visit.page.locator("#strip .face")
        assert page.evaluate(DROP_FOLDER) == ["9.png", "10.png", "c.png", "z.png"]
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


def test_looks_are_saved_and_used_again(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.open(files["two"])
        visit.paint("Mint")
        visit.choose("[name=shadow]", "contact")
        visit.tab("Presets")
        name = page.get_by_label("Name of this look")
        name.fill("My “shop”")
        name.press("Enter")
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


def test_one_of_several_subjects(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.open(files["two"])
        both = np.asarray(visit.downloaded()[1])[..., 3]
        assert both[150, 110] == both[165, 305] == 255
        page.select_option("[name=pick]", "place")
        assert page.locator("#pick-tool").get_attribute("aria-pressed") == "true"
        visit.draw((0.76, 0.55))  # the box
        visit.settle()
        picked = np.asarray(visit.downloaded()[1])[..., 3]
        assert (picked[150, 110], picked[165, 305]) == (0, 255)
        page.select_option("[name=pick]", "largest")
        visit.settle()
        largest = np.asarray(visit.downloaded()[1])[..., 3]
        assert (largest[150, 110], largest[165, 305]) == (255, 0)


def test_edges_and_models(browser: Any, address: str, files: Files) -> None:
    """Networks that are installed beside the product's own are offered; what none of them does is not."""
    listed = [
        {"name": "u2net", "task": "cutout", "embedded": False}, {"name": "gfpgan", "task": "faces", "embedded": False},
        {"name": "pair-4", "task": "cutout", "embedded": True},
    ]  # fmt: skip
    with Visit(browser, address) as visit:
        page = visit.page
        visit.open(files["two"])
        assert page.locator("[name=model] option").all_inner_texts() == ["Standard", "Fast", "Balanced", "Best"]
        assert page.locator("[data-row=faces]").get_attribute("hidden") is not None
        with page.expect_request(lambda request: "edges" in (request.post_data or "")):
            visit.choose("[name=edges]", "network")
        visit.settle()
        page.route("**/v1/models", lambda route: route.fulfill(json={"models": listed}))
        page.reload()
        page.locator("[name=model] option", has_text="u2net").wait_for(state="attached")
        assert page.locator("[name=model] option").count() == 5
        assert page.locator("[data-row=faces]").get_attribute("hidden") is None


def test_what_the_scene_sets_is_said(browser: Any, address: str, files: Files) -> None:
    """In words of the page's language, whatever scene it is."""
    scenes = [AppliedScene("food", 0.4, False, {}), AppliedScene("other", 0.9, False, {})]
    for name, defaults in SCENE_DEFAULTS.items():
        scenes += [AppliedScene(name, 0.9, True, values) for values in (defaults.cut, defaults.enhance)]
    with Visit(browser, address) as visit:
        page = visit.page
        said = page.evaluate(SCENE_NOTES, [scene.to_fields() for scene in scenes])
        assert len(said) == 2 * len(scenes)
        for line in said:
            assert line.startswith(("Scene: ", "Szene: "))
            assert not set(line) & set("=_")
        visit.open(files["two"])
        visit.choose("[name=scene]", "product")
        expect(page.locator("#scene-note")).to_have_text(
            "Scene: Product. Set by it: Crop to the subject, Margin 5 %, Background white."
        )
        result = visit.downloaded()[1].convert("RGB")
        assert result.getpixel((1, 1)) == (255, 255, 255)
        assert result.size != (400, 300)  # cropped to the subject
        visit.choose("[name=scene]", "none")
        visit.settle()
        assert page.locator("#scene-note").get_attribute("hidden") is not None


def test_recipe_files_are_saved_and_opened(browser: Any, address: str, files: Files, tmp_path: Path) -> None:
    """What is downloaded has the pixels that the command line makes with the saved recipe."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.open(files["coffee"])
        visit.paint("Mint")
        for name, value in {"shadow": "contact", "rotate": "10", "fill": "60", "across": "20", "outline": "10"}.items():
            visit.choose(f"[name={name}]", value)
        visit.tab("Presets")
        with page.expect_download() as download:
            page.get_by_role("button", name="Save settings").click()
        path = tmp_path / "saved.toml"
        path.write_bytes(Path(download.value.path()).read_bytes())
        recipe = load_recipe(path)
        assert recipe.find_step(Background) == Background(paint="#dcecdc")
        assert recipe.find_step(Shadow).kind == "contact"
        assert recipe.find_step(Cut) is not None
        downloaded, made = visit.downloaded()[1], tmp_path / "made.png"
        command = [sys.executable, "-m", "mattebox", "run", str(path), str(files["coffee"]), "-o", str(made)]
        subprocess.run(command, check=True, env=os.environ | {"MATTEBOX_OFFLINE": "1"})
        with Image.open(made) as picture:
            assert picture.mode == downloaded.mode
            assert np.array_equal(np.asarray(picture), np.asarray(downloaded))
        own = tmp_path / "own.toml"
        own.write_text('title = "Blue"\n[[steps]]\nstep = "cut"\n[[steps]]\nstep = "background"\npaint = "#0000ff"\n')
        page.locator("#defaults").click()
        page.set_input_files("#recipe-file", own)
        expect(page.locator("#preset-chip")).to_contain_text("Recipe: Blue")
        visit.settle()
        assert visit.downloaded()[1].convert("RGB").getpixel((2, 2)) == (0, 0, 255)
        own.write_text("no recipe")
        page.set_input_files("#recipe-file", own)
        expect(page.locator("#status")).to_have_text(
            "The server can’t do this with these settings. Reset the settings, then choose again."
        )
        page.get_by_role("button", name="Remove this preset").click()
        visit.settle()
        assert visit.downloaded()[1].getpixel((2, 2))[3] == 0


def test_a_photograph_by_its_address(browser: Any, address: str, files: Files, tmp_path: Path) -> None:
    """Where the server fetches; it is not sent up again."""
    with serve_folder(files["two"].parent) as host:
        port = host.rsplit(":", 1)[1]
        settings = {"urls": "1", "url_networks": "127.0.0.1/32", "url_ports": port}
        with start_server(tmp_path, **settings) as server, Visit(browser, f"{server}/") as visit:
            page = visit.page
            field, note = page.locator("#address"), page.locator("#address-note")
            field.fill(f"{host}/none.png")
            field.press("Enter")
            expect(note).to_have_text(
                "The server gets no picture from this address. Check it, or save the picture, then add the file."
            )
            expect(field).to_be_focused()
            field.fill(f"{host.replace('127.0.0.1', '127.0.0.2')}/two.png")
            field.press("Enter")
            expect(note).to_have_text("The server can’t fetch this address. Save the picture, then add the file.")
            field.fill(f"{host}/two.png")
            page.get_by_role("button", name="Fetch").click()
            expect(page.locator("#strip .face")).to_have_accessible_name("two.png, done")
            assert visit.post_paths == [*["v1/photographs"] * 3, "v1/cutouts"]
            assert max(visit.sent_bytes()) < 3000
    with Visit(browser, address) as visit:
        assert visit.page.locator("#addresses").is_hidden()

"""The page in a real browser: files in, results viewed, changed and exported; busy servers and broken files; by mouse,
touch and keyboard.
"""

from __future__ import annotations

import io
import re
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from mattebox.composition.marketplace import compliance
from mattebox.core.srgb import decode_srgb, encode_srgb
from mattebox.enhancement.tone_adjustment import ToneAdjustment, apply_exposure_and_lift
from mattebox.recipe.flat_parameters import parameters_by_name
from mattebox.server.openapi.problem_codes import CODES_BY_STATUS
from mattebox.server.page_files.listing import PAGE_FOLDER
from tests.server.page_visit import CHROMIUM, DONE, FAILED, Visit

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.timeout(180),
]
Files = dict[str, Path]
DROP = """async ([name, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(bytes)], name, { type: "image/jpeg" }));
  const eventInit = { dataTransfer: transfer, bubbles: true, cancelable: true };
  for (const kind of ["dragover", "drop"]) document.dispatchEvent(new DragEvent(kind, eventInit));
}"""
STYLE = "(e, name) => getComputedStyle(e)[name]"


@pytest.fixture(scope="module")
def open_visit(browser: Any, address: str) -> Iterator[Visit]:
    """The page as it opens; tests only ask it."""
    with Visit(browser, address, locale="en-GB") as visit:  # in a context of its own
        yield visit


def test_drop_compare_change_download(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        assert "stay on this computer" in page.locator("#promise").inner_text()
        waiting: list[Any] = []
        page.route("**/v1/cutouts", lambda route: waiting.append(route))  # the server does not answer yet
        page.evaluate(DROP, ["coffee.jpg", list(files["coffee"].read_bytes())])
        page.locator("[data-status=working]").wait_for()
        page.locator("#before").evaluate("e => e.decode()")
        assert page.locator("#before").evaluate("e => e.naturalWidth") == 600
        assert page.locator("#busy").inner_text() == "Working…"
        waiting[0].continue_()
        page.unroute("**/v1/cutouts")
        page.locator(DONE).wait_for()
        assert re.fullmatch(r"600 × 400 pixels, confidence \d+ %, \d+\.\d s\..*", page.locator("#status").inner_text())
        page.focus("#slider")
        for _ in range(30):
            page.keyboard.press("ArrowRight")
        assert page.locator("#slider").input_value() == "30"
        left, _ = visit.at(0.3, 0)
        handle = page.locator("#handle").bounding_box()
        assert abs(handle["x"] + handle["width"] / 2 - left) < 2
        visit.pictured("page.png")

        visit.paint("White")
        assert page.locator("#behind").evaluate(STYLE, "backgroundColor") == "rgb(255, 255, 255)"  # at once
        page.select_option("[name=format]", "jpg")
        name, result = visit.downloaded()
        assert (name, result.format, result.size) == ("coffee-cut.jpg", "JPEG", (600, 400))
        assert min(result.getpixel((590, 5))) >= 250
        assert visit.complaints == visit.foreign == []


def shown_address(page: Any) -> str:
    return str(page.locator("#after").get_attribute("src"))


def test_a_photograph_goes_up_once(browser: Any, address: str, files: Files, tmp_path: Path) -> None:
    """Plain backgrounds, undo and redo need no request; a stroke sends itself alone; the download is in full size."""
    Image.open(files["rocket"]).resize((2400, 1600)).save(tmp_path / "large.jpg", quality=90)
    photograph_bytes = (tmp_path / "large.jpg").stat().st_size
    with Visit(browser, address) as visit:
        page, sent = visit.page, visit.sent_bytes
        with page.expect_response("**/v1/cutouts") as first:
            visit.open(tmp_path / "large.jpg")
        assert visit.post_paths == ["v1/photographs", "v1/cutouts"]
        assert photograph_bytes < sum(sent()) < photograph_bytes + 3000
        assert page.locator("#status").inner_text().startswith("2400 × 1600 pixels")
        assert page.locator("#after").evaluate("e => e.naturalWidth * e.naturalHeight") <= 2_000_000

        for paint, css in (("Mint", "rgb(220, 236, 220)"), ("White", "rgb(255, 255, 255)")):
            visit.paint(paint)
            visit.settle()
            assert page.locator("#behind").evaluate(STYLE, "backgroundColor") == css
        visit.paint("Blurred")
        visit.settle()
        assert len(sent()) == 2  # no request for a background

        page.get_by_role("button", name="Remove", exact=True).first.click()
        with page.expect_response("**/v1/cutouts") as answer:
            visit.draw((0.1, 0.2), (0.12, 0.3))
        visit.settle()
        assert visit.post_paths[2:] == ["v1/cutouts"]
        assert sent()[2] < 5000
        assert len(answer.value.body()) < len(first.value.body()) / 2  # what has changed
        stroked = shown_address(page)
        page.get_by_role("button", name="Undo").click()
        assert shown_address(page) != stroked
        page.get_by_role("button", name="Redo").click()
        assert shown_address(page) == stroked
        assert len(sent()) == 3  # nor for undo and redo

        visit.paint("Mint")
        _, result = visit.downloaded()
        assert result.size == (2400, 1600)
        assert visit.post_paths[3:] == ["v1/cutouts"]
        assert sent()[3] < 3000
        page.get_by_role("button", name="Compare", exact=True).click()
        with page.expect_response("**/v1/cutouts"):
            page.locator("#actual").click()  # each pixel as it is
        visit.settle()
        assert page.locator("#after").evaluate("e => e.decode().then(() => e.naturalWidth)") == 2400


def test_a_batch_on_this_computer_is_made_once(browser: Any, address: str, files: Files, tmp_path: Path) -> None:
    """The photograph on show as a preview first, all others in full size at once."""
    for name in ("rocket", "coffee"):
        Image.open(files[name]).resize((2100, 1400)).save(tmp_path / f"{name}.jpg", quality=90)
    with Visit(browser, address) as visit:
        visit.open(tmp_path / "rocket.jpg", tmp_path / "coffee.jpg")
        assert visit.post_paths.count("v1/cutouts") == 2
        with visit.page.expect_download() as download:
            visit.page.get_by_role("button", name="All as ZIP").click()
        assert visit.post_paths.count("v1/cutouts") == 3
        with zipfile.ZipFile(download.value.path()) as archive:
            sizes = {Image.open(io.BytesIO(archive.read(name))).size for name in archive.namelist()}
        assert sizes == {(2100, 1400)}


def test_the_page_composes_as_the_server_does(browser: Any, address: str, files: Files) -> None:
    """Backgrounds that the page draws without a request, compared with the download."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.open(files["two"])
        for paint in ("Mint", "Morning"):  # test_page_composition has the others
            visit.paint(paint)
            page.locator("#frame").focus()
            page.keyboard.press("1")
            visit.settle()
            shot = Image.open(io.BytesIO(page.screenshot(clip=page.locator("#sheet").bounding_box()))).convert("RGB")
            _, result = visit.downloaded()
            assert shot.size == result.size == (400, 300)
            difference = np.abs(np.asarray(shot, int) - np.asarray(result.convert("RGB"), int))[:, 30:]  # no handle
            assert np.percentile(difference, 99) <= 1
            assert difference.max() <= 20  # at the edges


def test_an_erased_photograph_goes_up_again(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        with page.expect_response("**/v1/photographs") as sent:
            visit.open(files["two"])
        first = sent.value.json()["id"]
        erasure = urllib.request.Request(f"{address}v1/photographs/{first}", method="DELETE")
        urllib.request.urlopen(erasure).close()
        with page.expect_response("**/v1/photographs") as sent:
            visit.choose("[name=edges]", "network")
        second = sent.value.json()["id"]
        page.locator(DONE).wait_for()
        with page.expect_response(f"**/v1/photographs/{second}") as erased:
            page.get_by_role("button", name="Remove two.png").click(force=True)  # erases it on the server, too
        assert erased.value.status == 204


def test_drag_and_copy_the_result(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address, permissions=["clipboard-read", "clipboard-write"]) as visit:
        visit.open(files["two"])
        drag_data = visit.page.evaluate("""() => {
          const transfer = new DataTransfer();
          const eventInit = { dataTransfer: transfer, bubbles: true, cancelable: true };
          document.querySelector("#strip .face").dispatchEvent(new DragEvent("dragstart", eventInit));
          return [transfer.getData("DownloadURL"), transfer.files[0].name, transfer.files[0].type];
        }""")
        assert re.fullmatch(r"image/png:two-cut\.png:blob:http.*", drag_data[0])
        assert drag_data[1:] == ["two-cut.png", "image/png"]
        visit.page.get_by_role("button", name="Copy").click()
        visit.page.get_by_text("Copied.").wait_for()
        kinds = visit.page.evaluate("async () => (await navigator.clipboard.read())[0].types")
        assert kinds == ["image/png"]


def test_by_keyboard_alone(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page, press = visit.page, visit.page.keyboard.press
        page.on("filechooser", lambda chooser: chooser.set_files([files["two"], files["coffee"]]))
        page.locator("#choose").focus()
        press("Enter")
        page.locator(DONE).nth(1).wait_for()
        press("?")
        assert page.locator("#keys").is_visible()
        press("Escape")
        press(".")
        assert page.locator("#strip .face").nth(1).get_attribute("aria-current") == "true"
        press(",")
        press("k")
        page.locator("#frame").focus()
        for key in ("ArrowLeft", "ArrowLeft", "ArrowDown", "Enter"):
            press(key)
        assert page.locator("#ink polyline.keep").first.get_attribute("points") == "184.00,156.00 184.00,156.00"
        press("Control+z")
        assert page.locator("#ink polyline.keep").count() == 0
        press("v")
        press("1")
        assert page.locator("#scale").inner_text() == "100 %"
        press("+")
        assert page.locator("#scale").inner_text() == "125 %"
        press("c")
        assert page.get_by_role("button", name="Show the original").get_attribute("aria-pressed") == "true"


def test_panels_and_strip_by_keyboard(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page, press = visit.page, visit.page.keyboard.press
        visit.open(files["two"], files["coffee"])
        page.get_by_role("tab", name="Background").focus()
        press("ArrowRight")
        assert page.get_by_role("tabpanel", name="Light").is_visible()
        page.locator("[name=exposure]").focus()
        press("ArrowRight")
        assert page.locator("[name=exposure]").input_value() == "0.1"
        page.locator("#strip .face").first.focus()
        press("ArrowRight")
        assert page.locator("#strip .face").nth(1).evaluate("e => e === document.activeElement && e.tabIndex === 0")
        press("ArrowLeft")
        press("Delete")
        assert page.locator("#strip .face").count() == 1
        page.locator("#download").focus()
        with page.expect_download() as download:
            press("Enter")
        assert download.value.suggested_filename == "coffee-cut.png"


def test_zoom_by_wheel_double_click_and_pinch(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address, has_touch=True) as visit:
        page = visit.page
        visit.open(files["two"])

        def scale() -> int:
            return int(page.locator("#scale").inner_text().removesuffix(" %"))

        whole, spot = scale(), visit.at(0.25, 0.25)
        page.mouse.move(*spot)
        for _ in range(6):
            page.mouse.wheel(0, -100)
        page.wait_for_timeout(100)
        assert scale() > 3 * whole
        assert visit.at(0.25, 0.25) == pytest.approx(spot, abs=4)  # what is under the pointer stays there
        page.mouse.dblclick(*spot)
        assert scale() == whole
        page.mouse.dblclick(*spot)
        assert scale() >= max(100, 2 * whole - 1)
        assert page.locator("#after").evaluate(STYLE, "imageRendering") == "pixelated"
        page.get_by_role("button", name="Fit").click()
        touch = visit.context.new_cdp_session(page)
        x, y = visit.at(0.5, 0.5)
        for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80)):
            points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert scale() == pytest.approx(2 * whole, rel=0.05)


def test_enhance_without_cutting(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        visit.open(files["two"])
        visit.paint("Original")
        visit.settle()
        visit.tab("Light")
        waiting: list[Any] = []
        page.route("**/v1/enhancements", lambda route: waiting.append(route))  # the server does not answer yet
        page.locator("input[name=exposure]").fill("-1")
        assert page.locator("#after").evaluate(STYLE, "filter") == 'url("#tone")'  # at once, by the server's curve
        curve = page.locator("#tone feFuncG").get_attribute("tableValues").split()
        tone = ToneAdjustment(exposure=-1)
        expected = encode_srgb(
            apply_exposure_and_lift(decode_srgb(np.linspace(0, 1, len(curve), dtype=np.float32)), tone)
        )
        assert np.abs(np.array(curve, float) - expected).max() < 1 / 255
        while not waiting:
            page.wait_for_timeout(20)
        waiting[0].continue_()
        page.unroute("**/v1/enhancements")
        visit.tab("Size")
        page.select_option("[name=upscale]", "2x")
        page.get_by_text("800 × 600 pixels").wait_for()
        assert page.locator("#after").evaluate(STYLE, "filter") == "none"
        name, result = visit.downloaded()
        assert (name, result.mode, result.size) == ("two-enhanced.png", "RGB", (800, 600))
        was = Image.open(files["two"]).getpixel((256, 60))
        assert all(m < 0.8 * w for m, w in zip(result.getpixel((512, 120)), was, strict=True))


def test_a_marketplace_preset_is_checked(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        visit.open(files["two"])
        visit.tab("Presets")
        visit.page.get_by_role("radio", name="Amazon").check(force=True)
        visit.page.get_by_text("File: meets Amazon’s image rules").wait_for()
        assert "Cutout: " in visit.page.locator("#verdict").inner_text()
        name, result = visit.downloaded()
        assert (name, result.size) == ("two-cut.jpg", (2000, 2000))
        visit.tab("Frame")
        assert visit.page.locator("[name=crop]").is_disabled()
        visit.tab("Background")
        visit.paint("Mint")
        visit.page.get_by_text("The background must be pure white.").wait_for()
        visit.page.get_by_role("button", name="Make it white").click()
        visit.page.get_by_text("File: meets Amazon’s image rules").wait_for()


def test_a_background_picture_and_stored_settings(browser: Any, address: str, files: Files, tmp_path: Path) -> None:
    plain = tmp_path / "plain.png"
    Image.new("RGB", (40, 30), (10, 200, 90)).save(plain)
    with Visit(browser, address) as visit:
        page = visit.page
        visit.open(files["two"])
        page.set_input_files("#backdrop", plain)
        visit.settle()
        assert visit.downloaded()[1].getpixel((5, 5))[:3] == (10, 200, 90)
        visit.paint("Mint")
        page.reload()
        assert page.locator("[name=paint]:checked").get_attribute("value") == "#dcecdc"
        assert page.locator("[name=model]").input_value() == "fast"


def test_a_batch_with_a_broken_file(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        page.set_input_files("#files", [files["two"], files["broken"], files["two"], files["coffee"]])
        page.locator(FAILED).wait_for()
        page.locator(DONE).nth(2).wait_for()
        assert page.locator("#counted").inner_text() == "3 of 4 done, 1 failed"
        page.get_by_role("button", name="broken.png, failed").click()
        assert "This file can’t be read." in page.locator("#failure").inner_text()
        request_count = len(visit.post_paths)
        page.locator("#retry").click()
        page.locator(FAILED).wait_for()
        assert len(visit.post_paths) > request_count
        with page.expect_download() as download:
            page.get_by_role("button", name="All as ZIP").click()
        assert download.value.suggested_filename == "mattebox-3-photographs.zip"
        with zipfile.ZipFile(download.value.path()) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == ["two-cut.png", "two-cut-2.png", "coffee-cut.png"]
            assert archive.infolist()[0].date_time >= (2026, 1, 1, 0, 0, 0)
        page.locator("#discard").click()
        assert page.locator("#counted").inner_text() == "3 photographs, all done"


def test_a_doubtful_result_is_marked(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page, tiles = visit.page, visit.page.locator("#strip li")
        visit.open(files["rocket"], files["astronaut"])
        rocket = page.get_by_role("button", name="rocket.jpg, done, needs a look")
        astronaut = page.get_by_role("button", name="astronaut.jpg, done", exact=True)
        assert rocket.locator("use").get_attribute("href") == "#i-bad"
        assert rocket.locator("i").evaluate(STYLE, "backgroundColor") == "rgb(138, 82, 0)"  # amber, not green
        assert astronaut.locator("use").get_attribute("href") == "#i-good"
        page.get_by_role("button", name="Needs a look (1)").click()
        assert [tiles.nth(i).is_visible() for i in range(2)] == [True, False]
        page.get_by_role("button", name="Needs a look (1)").click()
        assert tiles.nth(1).is_visible()
        rocket.click()
        assert page.locator("#failure").is_hidden()
        assert "this is a guess" in page.locator("#doubt").inner_text()
        visit.pictured("doubt.png")
        page.get_by_role("button", name="Something missing? Click it.").click()
        assert page.locator(".tool[data-tool=keep]").get_attribute("aria-pressed") == "true"
        page.locator(".tool[data-tool=look]").click()
        astronaut.click()
        assert page.locator("#doubt").is_hidden()
        visit.tab("Presets")
        page.get_by_role("radio", name="Amazon").check(force=True)
        rocket.click()
        page.get_by_text("Cutout: needs a look").wait_for()  # whatever the rules of the file say


def test_nothing_is_said_of_the_previous_photograph(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        visit.open(files["rocket"])
        page.set_input_files("#files", files["wall"])
        page.locator(FAILED).wait_for()
        page.route("**/v1/cutouts", lambda route: None)  # the server does not answer any more
        page.set_input_files("#files", files["coffee"])
        page.locator("[data-status=working]").wait_for()
        assert page.locator("#status").inner_text() == ""
        for box in ("#doubt", "#failure", "#verdict"):
            assert page.locator(box).is_hidden()
        page.locator("#strip .face").first.click()
        assert page.locator("#status").inner_text().startswith("640 × 427 pixels, confidence")
        page.locator("#panels[style*='--cut']").wait_for()  # swatches show its subject, until another one is selected
        cut = "e => (e.click(), document.querySelector('#panels').style.getPropertyValue('--cut'))"
        assert page.locator("#strip .face").nth(2).evaluate(cut) == ""


def test_where_nothing_stands_out_a_subject_can_be_painted(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        page.locator("#files").set_input_files(files["wall"])
        page.get_by_role("button", name="wall.png, failed").wait_for()
        assert page.locator("#failure strong").inner_text() == "No subject found."
        visit.pictured("nothing.png")
        page.get_by_role("button", name="Paint the subject").click()
        assert page.locator("#failure").is_hidden()
        assert page.locator(".way[data-way=brush]").get_attribute("aria-pressed") == "true"
        visit.draw((0.4, 0.5), (0.6, 0.5))
        page.get_by_role("button", name=re.compile("wall.png, done")).wait_for(timeout=60_000)


def test_languages(browser: Any, address: str, files: Files) -> None:
    """The browser's language, until another one is chosen; photographs and settings stay."""
    with Visit(browser, address, locale="de-AT") as visit:
        page = visit.page
        assert page.locator("html").get_attribute("lang") == "de"
        page.set_input_files("#files", [files["rocket"], files["wall"]])
        page.locator(DONE).wait_for()
        page.locator(FAILED).wait_for()
        assert re.fullmatch(r"640 × 427 Pixel, Konfidenz \d+ %, \d+,\d s\.", page.locator("#status").inner_text())
        visit.tab("Licht")
        page.locator("[name=exposure]").fill("0.5")
        page.get_by_role("button", name="EN: English").click()
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.get_by_role("tabpanel", name="Light").is_visible()
        assert page.locator("[name=exposure]").input_value() == "0.5"
        page.get_by_role("button", name="wall.png, failed").click()
        assert page.locator("#failure strong").inner_text() == "No subject found."
        page.reload()
        assert page.get_by_role("button", name="DE: Deutsch").is_visible()


def test_all_languages_say_all(open_visit: Visit) -> None:
    """The same texts in each, with words for all problems and rules that the server knows."""
    rules = set(re.findall(r"""(?:Finding|advice)\(\s*"([^"]+)""", Path(str(compliance.__file__)).read_text()))
    codes = {code for by_code in CODES_BY_STATUS.values() for code in by_code}
    english, german = open_visit.page.evaluate("""async () => {
      const { text } = await loadModule("strings.js"), { german } = await loadModule("german.js");
      const describe = (v) => typeof v === "function" ? v.length : Array.isArray(v) ? v.length
        : v && typeof v === "object" ? describeEntries(v) : typeof v;
      const describeEntries = (v) => Object.fromEntries(Object.entries(v).map(([k, e]) => [k, describe(e)]));
      return [describe(text), describe(german)];
    }""")
    titles = open_visit.page.evaluate("fetch('/v1/presets').then((response) => response.json())")
    optional = {"presetTitles", "presetNames"}  # English ones are the server's
    assert {k: v for k, v in english.items() if k not in optional} == {
        k: v for k, v in german.items() if k not in optional
    }
    assert german["presetTitles"].keys() == titles.keys() - {"enhance"}
    assert len(rules) > 20
    assert english["rules"].keys() == rules
    assert english["problems"].keys() == codes - {"words_not_understood", "ambiguous_words"}  # the server quotes them


def test_results_of_many_photographs_are_bounded(open_visit: Visit) -> None:
    """Beyond the room for all, those of photographs that were not used lately go, but for what is on show."""
    kept = open_visit.page.evaluate("""async () => {
      const { ItemResults } = await loadModule("item_results.js"), blob = { size: 30e6 };
      const all = Array.from({ length: 12 }, () => {
        const shown = { blob, url: "" }, results = new ItemResults(() => [shown]);
        results.add("shown", shown);
        results.add("earlier", { blob, url: "" });
        return results;
      });
      return all.map((results) => results.size);
    }""")
    assert kept == [1] * 11 + [2]


def test_busy_and_unreachable_servers(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page, tries = visit.page, []

        def answered(route: Any) -> None:
            tries.append(route)
            if len(tries) == 1:
                route.fulfill(status=503, headers={"Retry-After": "5"}, body="{}")
            elif len(tries) == 2:
                route.abort("connectionrefused")
            else:
                route.continue_()

        page.route("**/v1/cutouts", answered)
        page.set_input_files("#files", files["two"])
        status, busy = page.locator("#status"), re.compile(r"^The server is busy\. Trying again in \d s\.$")
        expect(status).to_have_text(busy)
        said = status.inner_text()
        expect(status).not_to_have_text(said)  # it counts down
        expect(status).to_contain_text("The server isn’t responding. Trying again in")
        page.get_by_role("button", name="Try now").click()
        page.locator(DONE).wait_for()
        assert len(tries) == 3


def test_a_server_with_api_keys(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page = visit.page

        def answered(route: Any) -> None:
            known = route.request.headers.get("x-api-key") == "secret"
            route.continue_() if known else route.fulfill(status=401, body="{}")

        page.route("**/v1/cutouts", answered)
        page.set_input_files("#files", files["two"])
        for key in ("guessed", "secret"):
            page.get_by_label("API key").fill(key)
            page.get_by_role("button", name="Continue").click()
            if key == "guessed":
                page.get_by_text("key isn’t valid").wait_for()
        page.locator(DONE).wait_for()


def test_a_job_is_followed_and_erased(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        late = {"Prefer": "respond-async"}
        visit.page.route("**/v1/cutouts", lambda r: r.continue_(headers=r.request.headers | late))
        with visit.page.expect_response("**/v1/jobs/*/result") as result:
            visit.open(files["two"])
        assert result.value.status == 200
        assert visit.downloaded()[1].size == (400, 300)
        with urllib.request.urlopen(f"{address}v1/jobs") as answer:
            assert answer.read() == b'{"jobs":[]}'


def test_progress(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        busy, late = visit.page.locator("#busy"), {"Prefer": "respond-async"}
        line = visit.page.context.new_cdp_session(visit.page)
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1}
        line.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": 20_000})
        visit.page.locator("input[type=file]").first.set_input_files(files["coffee"])
        busy.get_by_text(re.compile(r"Sending… \d\d %")).wait_for()
        line.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
        visit.page.locator(DONE).wait_for()
        progress: list[float] = [0.42, 0.0]

        def running(route: Any) -> None:
            if route.request.method != "GET":
                return route.continue_()
            answer = route.fetch()
            changes = {"state": "running", "progress": progress[-1]} if progress else {}
            return route.fulfill(response=answer, json=answer.json() | changes)

        visit.page.route("**/v1/jobs/*", running)
        visit.page.route("**/v1/cutouts", lambda r: r.continue_(headers=r.request.headers | late))
        visit.page.locator("input[type=file]").first.set_input_files(files["two"])
        visit.page.locator("#strip .face").last.click()
        progress.pop()
        busy.get_by_text("Working… 42 %").wait_for()
        progress.clear()
        visit.page.locator("[data-status=done]").nth(1).wait_for()


def test_leaving_with_unsaved_results(browser: Any, address: str, files: Files) -> None:
    """Where the browser stores nothing, it asks before unsaved results are lost."""
    with Visit(browser, address) as visit:
        dialogs: list[str] = []
        visit.page.on("dialog", lambda d: (dialogs.append(d.type), d.dismiss()))
        visit.page.add_init_script("Object.defineProperty(window, 'indexedDB', { get() { throw new Error('none'); } })")
        visit.page.reload()
        visit.open(files["two"])
        visit.page.locator("#strip .face").click()  # browsers ask only those who have done something
        visit.page.close(run_before_unload=True)
        visit.page.wait_for_timeout(500)
        assert dialogs == ["beforeunload"]
        visit.downloaded()
        visit.page.reload()
        assert dialogs == ["beforeunload"]


def test_the_controls_match_the_recipe(open_visit: Visit) -> None:
    """Every control that goes into a request under its own name is a parameter, and stays within its bounds."""
    known = parameters_by_name()
    own = {"paint", "colour", "blur", "auto", "only", "preset", "words", "words_cut", "backdrop"}
    own |= {"longer", "width", "height", "across", "down"}
    own |= {"recipe", "recipe_cut", "recipe_name", "pick_place", "backdrop_bokeh"}
    found = open_visit.page.locator("#controls").evaluate(
        "form => [...form.elements].filter(e => e.name).map(e => [e.name, e.min, e.max])"
    )
    names = {name for name, *_ in found}
    assert own <= names
    assert names - own <= known.keys()
    shares = {"margin", "outline", "fill", "rotate", "bokeh"}  # sent as text
    for name, least, most in found:
        if name in known and most and name not in shares:
            low, high = bounds(known[name].field.type)
            assert low <= float(least) < float(most) <= high, name


def bounds(kind: Any) -> tuple[float, float]:
    meta = next(m for m in kind.__metadata__ if m.ge is not None)
    return meta.ge, meta.le


def test_all_texts_are_in_strings_js() -> None:
    html = (PAGE_FOLDER / "index.html").read_text()
    spoken = re.sub(r"<[^>]*>", " ", re.sub(r"<noscript>.*?</noscript>", "", html)).split()
    assert set(spoken) == {"mattebox"}
    strings = (PAGE_FOLDER / "strings.js").read_text()
    for key in re.findall(r'data-(?:text|label|title|alt)="(\w+)"', html):
        assert re.search(rf"^  {key}:", strings, re.M), key

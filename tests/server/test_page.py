"""The page in a real browser: a photograph in, a cutout seen, changed and downloaded; by keyboard and on a phone."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.timeout(120),
]


def pictured(page, name: str) -> None:  # type: ignore[no-untyped-def]
    """The page as docs/ shows it: written there when MATTEBOX_TEST_DOCS says where."""
    shot = page.screenshot()
    if folder := os.environ.get("MATTEBOX_TEST_DOCS"):
        Image.open(io.BytesIO(shot)).quantize(128).save(Path(folder) / name, optimize=True)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server process as users start it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "mattebox", "serve", "--port", str(port), "--workers", "1", "--model", "fast"]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL, env=os.environ | {"MATTEBOX_OFFLINE": "1"})
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def browser() -> Iterator:  # type: ignore[type-arg]
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory, astronaut) -> Path:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("photos") / "astronaut.jpg"
    Image.fromarray(astronaut.rgb).save(path)
    return path


def test_drop_look_change_download(address: str, browser, photo: Path) -> None:  # type: ignore[no-untyped-def]
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    complaints: list[str] = []
    foreign: list[str] = []
    page.on("console", lambda m: complaints.append(m.text))
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.on("request", lambda r: foreign.append(r.url) if not r.url.startswith((address, "blob:", "data:")) else None)
    page.goto(address)
    page.set_input_files("#files", [photo])
    page.locator("[data-status=done]").wait_for()
    assert "confidence" in page.locator("#status").inner_text()
    page.get_by_role("button", name="White").click()
    page.select_option("#format", "jpg")
    page.wait_for_timeout(400)
    page.locator("[data-status=done]").wait_for()
    page.focus("#slider")
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    assert page.locator("#slider").input_value() == "30"
    pictured(page, "page.png")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    assert download.value.suggested_filename == "astronaut-cut.jpg"
    made = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert (made.format, made.size) == ("JPEG", (512, 512))
    assert min(made.getpixel((505, 5))) >= 250
    assert complaints == []
    assert foreign == []
    page.close()


def test_a_click_drops_what_should_not_be_there(address: str, browser, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    import numpy as np

    rgb = np.full((300, 400, 3), (225, 228, 230), np.uint8)
    y, x = np.mgrid[:300, :400]
    rgb[(x - 110) ** 2 + (y - 150) ** 2 < 80**2] = (190, 40, 30)
    rgb[100:230, 260:350] = (30, 60, 160)
    path = tmp_path / "two.png"
    Image.fromarray(rgb).save(path)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    page.set_input_files("#files", [path])
    page.locator("[data-status=done]").wait_for()

    def alphas() -> tuple[int, int]:
        with page.expect_download() as download:
            page.get_by_role("button", name="Download", exact=True).click()
        made = Image.open(download.value.path()).convert("RGBA")
        return made.getpixel((110, 150))[3], made.getpixel((305, 165))[3]

    before = alphas()
    assert min(before) > 128, before
    page.get_by_role("button", name="Paint to drop").click()
    box = page.locator("#after").bounding_box()
    scale = min(box["width"] / 400, box["height"] / 300)
    left, top = (box["width"] - 400 * scale) / 2, (box["height"] - 300 * scale) / 2
    page.mouse.move(box["x"] + left + 290 * scale, box["y"] + top + 150 * scale)
    page.mouse.down()
    page.mouse.move(box["x"] + left + 320 * scale, box["y"] + top + 190 * scale, steps=5)
    page.mouse.up()
    assert page.locator("#ink polyline.drop").count() == 1
    page.wait_for_timeout(100)
    page.locator("[data-status=done]").wait_for()
    after = alphas()
    assert after[0] > 128
    assert after[1] < 64
    page.get_by_role("button", name="Undo the last mark").click()
    page.wait_for_timeout(100)
    page.locator("[data-status=done]").wait_for()
    assert min(alphas()) > 128
    page.close()


def test_marks_by_keyboard(address: str, browser, photo: Path) -> None:  # type: ignore[no-untyped-def]
    page = browser.new_page()
    page.goto(address)
    page.set_input_files("#files", [photo])
    page.locator("[data-status=done]").wait_for()
    page.get_by_role("button", name="Paint to keep").click()
    page.focus("#frame")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert page.locator("#ink polyline.keep").get_attribute("points") == "46,52 46,52"
    page.get_by_role("button", name="Undo the last mark").wait_for()
    page.locator("[data-status=done]").wait_for()
    page.close()


def test_better_without_a_cut(address: str, browser, photo: Path) -> None:  # type: ignore[no-untyped-def]
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    page.set_input_files("#files", [photo])
    page.locator("[data-status=done]").wait_for()
    page.get_by_role("button", name="As it is").click()
    page.locator("input[name=exposure]").fill("-1")
    assert page.evaluate("getComputedStyle(document.querySelector('#after')).filter").startswith("brightness(0.7")
    page.locator("summary").filter(has_text="Size and style").click()
    page.select_option("#upscale", "2x")
    page.get_by_text("1024 × 1024 pixels").wait_for()
    assert page.evaluate("getComputedStyle(document.querySelector('#after')).filter") == "none"
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    assert download.value.suggested_filename == "astronaut-enhanced.png"
    made = Image.open(download.value.path())
    assert (made.mode, made.size) == ("RGB", (1024, 1024))
    was = Image.open(photo).getpixel((256, 60))
    assert all(m < 0.8 * w for m, w in zip(made.getpixel((512, 120)), was, strict=True))
    page.close()


def test_many_at_once_and_one_that_is_none(address: str, browser, photo: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    import zipfile

    page = browser.new_page()
    page.goto(address)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    page.set_input_files("#files", [photo, broken, photo])
    page.locator("[data-status=failed]").wait_for()
    page.locator("[data-status=done]").nth(1).wait_for()
    page.get_by_role("button", name="broken.png").click()
    assert "give a JPEG" in page.locator("#status").inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["astronaut-cut.png", "astronaut-cut-2.png"]
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_and_a_screen_reader(address: str, browser, photo: Path, scheme: str) -> None:  # type: ignore[no-untyped-def]
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(address)
    page.set_input_files("#files", [photo])
    page.locator("[data-status=done]").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    pictured(page, f"phone-{scheme}.png")
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    context.close()

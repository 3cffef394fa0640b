"""Cutting out in the browser: on this device only, first of all, without a server, and as static files."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebox.server.page_files.static_site import write_site
from tests.server.page_network import needs_network
from tests.server.page_visit import DONE, FAILED, Visit
from tests.server.test_page_accessibility import axe_violations
from tests.serving import start_server

pytestmark = [*needs_network, pytest.mark.timeout(240)]
Files = dict[str, Path]
SWITCH = "#panels .device-switch input"
IS_READY_OFFLINE = "navigator.serviceWorker.ready.then((registration) => Boolean(registration.active))"


class Watch:
    """What a page asks for from now on: requests that the server's interfaces would get, and bytes of bodies."""

    def __init__(self, visit: Visit) -> None:
        self.api_paths: list[str] = []
        self.bodies: list[int] = []
        visit.page.on("request", self._add)

    def _add(self, request: Any) -> None:
        if "/v1" in request.url:
            self.api_paths.append(f"{request.method} {request.url}")
        if request.method != "GET":
            self.bodies.append(len(request.post_data_buffer or b""))


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """A plain web server of a folder; yields its address."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def use_device_only(visit: Visit) -> None:
    visit.page.locator("#empty .device-switch").click()


def test_on_this_device_only(browser: Any, address: str, files: Files) -> None:
    """Cutout, brush, background, shadow, crop and download, without a request."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        use_device_only(visit)
        watch = Watch(visit)
        assert page.locator("#promise").inner_text() == "Nothing is uploaded: your photographs stay on this device."
        visit.open(files["two"])
        for hidden in ("#words", "#t-light", "#t-presets", "[data-row=model]", "[data-rows=size]"):
            assert page.locator(hidden).is_hidden()
        before = np.asarray(visit.downloaded()[1])
        assert before.shape == (300, 400, 4)
        page.get_by_role("button", name="Keep", exact=True).click()
        page.get_by_role("button", name="Brush").click()
        visit.draw((0.1, 0.1), (0.5, 0.1))
        visit.settle()
        visit.paint("Mint")
        visit.choose("[name=shadow]", "contact")
        visit.choose("[name=aspect]", "1:1")
        page.select_option("[name=format]", "jpg")
        name, result = visit.downloaded()
        assert (name, result.format) == ("two-cut.jpg", "JPEG")
        assert result.size[0] == result.size[1]
        assert np.abs(np.subtract(result.getpixel((3, 3)), (220, 236, 220))).max() <= 3
        assert page.locator("[name=format] option:disabled").count() == 3
        assert (watch.api_paths, watch.bodies) == ([], [])
        assert visit.complaints == visit.foreign == []


def test_downloads_are_as_the_server_makes_them(browser: Any, address: str, files: Files) -> None:
    """The same background, shadow and frame around the same mark; only the cutout is another network's."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        visit.open(files["two"])
        for value in ("linear-gradient(160deg, #fdf6e3, #a8c0ff)", "blur"):
            visit.page.locator(f"[name=paint][value='{value}']").check(force=True)
            results = []
            for is_here in (False, True):
                visit.page.locator(SWITCH).set_checked(is_here)
                visit.settle()
                results.append(np.asarray(visit.downloaded()[1].convert("RGB")).astype(int))
            visit.page.locator(SWITCH).set_checked(False)
            differences = np.abs(results[0] - results[1])[:60]  # above the subjects
            assert differences.max() <= 2


def test_without_a_subject_and_unreadable(browser: Any, address: str, files: Files, tmp_path: Path) -> None:
    """Paint where nothing stands out; say so where the browser cannot read a file, or settings need the server."""
    Image.new("RGB", (80, 60), "grey").save(tmp_path / "scan.tif")
    with Visit(browser, address) as visit:
        page = visit.page
        use_device_only(visit)
        page.set_input_files("#files", [tmp_path / "scan.tif", files["wall"]])
        page.locator(FAILED).nth(1).wait_for()
        assert page.locator("#failure strong").inner_text() == "This browser can’t read this file."
        page.get_by_role("button", name="wall.png, failed").click()
        page.get_by_role("button", name="Paint the subject").click()
        visit.draw((0.4, 0.5), (0.6, 0.5))
        page.locator(DONE).wait_for()
        assert np.asarray(visit.downloaded()[1])[100, 150, 3] == 255
        visit.choose("[name=exposure]", "1")
        page.locator(FAILED).nth(1).wait_for()
        assert page.locator("#failure strong").inner_text() == "These settings need the server."


def test_an_upload_ends_when_the_switch_is_turned(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        page.route("**/v1/photographs", lambda route: None)  # it never arrives
        page.set_input_files("#files", files["two"])
        page.locator("[data-status=working]").wait_for()
        watch = Watch(visit)
        page.locator(SWITCH).check()
        page.locator(DONE).wait_for()
        assert watch.bodies == []
        assert visit.downloaded()[1].size == (400, 300)


def test_the_first_cutout_comes_before_the_upload_ends(browser: Any, address: str, files: Files) -> None:
    """And the server's takes its place without a jump."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        page.evaluate("localStorage.setItem('mattebox-device', 'first')")  # this server is on this computer
        page.reload()
        visit.choose("select[name=model]", "fast")
        waiting: list[Any] = []
        page.route("**/v1/photographs", lambda route: waiting.append(route))
        page.set_input_files("#files", files["coffee"])
        page.get_by_text("A first cutout, made on this device.").wait_for()
        assert len(waiting) == 1  # it is still going up
        assert page.locator("#strip li").get_attribute("data-status") == "working"
        first, box = page.locator("#after").get_attribute("src"), page.locator("#sheet").bounding_box()
        assert page.locator("#after").evaluate("e => e.naturalWidth") == 600
        visit.paint("Mint")
        page.get_by_role("button", name="Remove", exact=True).first.click()
        page.get_by_role("button", name="Brush").click()
        visit.draw((0.3, 0.5), (0.5, 0.5))  # marks are not lost when the server's cutout comes
        waiting[0].continue_()
        page.locator(DONE).wait_for()
        assert page.locator("#after").get_attribute("src") != first
        assert page.locator("#sheet").bounding_box() == box
        assert visit.post_paths == ["v1/photographs", "v1/cutouts"]  # the page draws the stroke
        assert page.locator("#ink polyline").count() == 1
        assert visit.complaints == visit.foreign == []


def test_the_page_works_when_its_server_is_stopped(browser: Any, files: Files, tmp_path: Path) -> None:
    with start_server(tmp_path) as server:
        visit = Visit(browser, f"{server}/")
        use_device_only(visit)
        assert visit.page.evaluate(IS_READY_OFFLINE)
    with visit:
        page = visit.page
        page.reload()
        assert page.locator("#promise").inner_text().startswith("Nothing is uploaded")
        visit.open(files["two"])
        visit.paint("White")
        assert visit.downloaded()[1].getpixel((2, 2))[:3] == (255, 255, 255)


def test_a_server_that_goes_away_can_be_done_without(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        page.route("**/v1/**", lambda route: route.abort())
        page.set_input_files("#files", files["two"])
        page.get_by_role("button", name="Go on without it, on this device").click()
        page.locator(DONE).wait_for()
        assert page.locator("#now").is_hidden()
        assert page.locator(SWITCH).is_checked()


def test_static_files_below_a_path(browser: Any, files: Files, tmp_path: Path) -> None:
    """Without any server of ours; and without one at all, once it was open."""
    write_site(tmp_path / "tools" / "cutout", overwrite=False)
    with serve_folder(tmp_path) as host:
        visit = Visit(browser, f"{host}/tools/cutout/")
        assert visit.page.locator(".device-switch").first.is_hidden()
        assert visit.page.evaluate(IS_READY_OFFLINE)
        watch = Watch(visit)
        visit.open(files["two"])
        assert visit.downloaded()[1].size == (400, 300)
        assert (watch.api_paths, watch.bodies, visit.complaints, visit.foreign) == ([], [], [], [])
        manifest = visit.context.new_cdp_session(visit.page).send("Page.getAppManifest")
        assert manifest["errors"] == []
    with visit:
        visit.page.reload()
        visit.page.get_by_role("button", name="two.png, done").wait_for()  # as it was
        visit.page.set_input_files("#files", files["wall"])
        visit.page.locator(FAILED).wait_for()  # no subject
        assert visit.page.locator("#failure strong").inner_text() == "No subject found."
        assert visit.foreign == []


def test_axe_on_this_device_only(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address, reduced_motion="reduce", bypass_csp=True) as visit:
        use_device_only(visit)
        assert axe_violations(visit) == []
        visit.open(files["two"])
        assert axe_violations(visit) == []
        tabs = [visit.page.locator(f"#t-{name}") for name in ("background", "frame", "size")]
        tabs[0].focus()
        for tab in (tabs[1], tabs[2], tabs[0]):  # there are only three
            visit.page.keyboard.press("ArrowRight")
            assert tab.get_attribute("aria-selected") == "true"


def test_another_app_shares_photographs(browser: Any, address: str, files: Files) -> None:
    """With the installed page, whose service worker takes them; they are not sent."""
    with Visit(browser, address) as visit:
        page = visit.page
        use_device_only(visit)
        assert page.evaluate(IS_READY_OFFLINE)
        page.reload()  # now the service worker serves the page
        page.wait_for_load_state("networkidle")  # it has looked whether something was shared
        watch = Watch(visit)
        page.evaluate(
            """(bytes) => {
              const body = new FormData();
              body.append("photographs", new File([Uint8Array.from(bytes)], "two dogs.png", { type: "image/png" }));
              return fetch("share", { method: "POST", body }).then((response) => response.url);
            }""",
            list(files["two"].read_bytes()),
        )
        page.reload()
        page.get_by_role("button", name="two dogs.png, done").wait_for()
        assert watch.api_paths == []
        page.reload()
        page.get_by_role("button", name="two dogs.png, done").wait_for()
        assert page.locator("#strip li").count() == 1  # it was taken once


def test_downloads_keep_the_photographs_exif(browser: Any, address: str, files: Files, tmp_path: Path) -> None:
    """The tags that the server keeps, in each format; not where it was taken."""
    exif = Image.Exif()
    exif[0x10F], exif[0x13B], exif[0x112] = "Maker", "Ada", 1
    exif.get_ifd(0x8769).update({0x9003: "2026:01:02 03:04:05", 0x829A: (1, 200), 0xA431: "serial"})
    exif.get_ifd(0x8825).update({1: "N", 2: (50.0, 1.0, 2.0)})
    path = tmp_path / "taken.jpg"
    Image.open(files["two"]).resize((200, 150)).save(path, exif=exif)
    with Visit(browser, address, reduced_motion="reduce") as visit:
        use_device_only(visit)
        visit.open(path)
        for file_format in ("auto", "jpg", "webp"):
            visit.page.select_option("[name=format]", file_format)
            visit.settle()
            kept = visit.downloaded()[1].getexif()
            assert (kept[0x10F], kept[0x13B]) == ("Maker", "Ada")
            assert {*kept.get_ifd(0x8769)} == {0x9003, 0x829A}
            assert not kept.get_ifd(0x8825)

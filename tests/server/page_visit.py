"""A visit to the page in a real browser, for its tests."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from PIL import Image

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DONE, FAILED = "[data-status=done]", "[data-status=failed]"
TIMEOUT_MS = 60_000
STORAGE = "cookies,indexeddb,local_storage,service_workers,cache_storage"
LOAD_MODULE = """window.loadModule = async (name, bundle = "app.js") => {
  const entry = document.querySelector("script[type=module]").src;
  return (await import(new URL(bundle, entry).href)).modules[name];
};"""  # what a module of the page exports, as the page itself uses it
IS_DRAWN = """async () => {
  await document.querySelector("#after").decode().catch(() => null);
  for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
}"""


@contextmanager
def start_browser() -> Iterator[Any]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


_contexts: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()


def _open_context(browser: Any, options: dict[str, Any]) -> Any:
    """A browser context with these options, which the visits of a module share: its files are in the cache."""
    contexts = _contexts.setdefault(browser, {})
    key = repr(sorted(options.items()))
    if key not in contexts:
        contexts[key] = browser.new_context(**options)
        contexts[key].add_init_script(LOAD_MODULE)
    return contexts[key]


class Visit:
    """The page as a visitor sees it for the first time: in a page of its own, without anything stored.

    Attributes
    ----------
    complaints
        Messages of the console and uncaught errors.
    foreign
        URLs of requests to other servers.
    post_paths
        Paths of POST requests.
    """

    def __init__(self, browser: Any, address: str, **context: Any) -> None:
        self.context = _open_context(browser, {"viewport": {"width": 1280, "height": 860}} | context)
        self.page = page = self.context.new_page()
        line = self.context.new_cdp_session(page)
        line.send("Storage.clearDataForOrigin", {"origin": "/".join(address.split("/")[:3]), "storageTypes": STORAGE})
        line.detach()
        page.set_default_timeout(TIMEOUT_MS)
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.post_paths: list[str] = []
        self._posts: list[Any] = []
        page.on("console", lambda m: self.complaints.append(m.text))
        page.on("pageerror", lambda e: self.complaints.append(str(e)))
        page.on("request", self._requested)
        self.address = address
        page.goto(address)
        self.choose("select[name=model]", "fast")

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        for page in self.context.pages:
            page.close()

    def _requested(self, request: Any) -> None:
        if not request.url.startswith((self.address, "blob:", "data:")):
            self.foreign.append(request.url)
        if request.method == "POST":
            self.post_paths.append(request.url.removeprefix(self.address))
            self._posts.append(request)

    def sent_bytes(self) -> list[int]:
        """Lengths of the bodies of POST requests."""
        return [int(request.all_headers()["content-length"]) for request in self._posts]

    def choose(self, where: str, value: str) -> None:
        """Set the value of a control, even in a hidden panel."""
        self.page.locator(where).evaluate(
            "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', { bubbles: true })); }", value
        )

    def open(self, *files: Path) -> None:
        """Add photographs and wait for all results."""
        self.page.set_input_files("#files", files)
        self.page.locator(DONE).nth(len(files) - 1).wait_for()

    def settle(self) -> None:
        """Wait until the result of the last change is on show."""
        self.page.locator("#frame:not([data-pausing], [data-draft])").wait_for(state="attached")
        self.page.locator(".face[aria-current=true]").locator("xpath=..").and_(self.page.locator(DONE)).wait_for()
        self.page.evaluate(IS_DRAWN)

    def paint(self, name: str) -> None:
        self.page.get_by_role("radio", name=name, exact=True).check(force=True)

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def downloaded(self) -> tuple[str, Image.Image]:
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name="Download", exact=True).click()
        picture = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
        return download.value.suggested_filename, picture

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Screen position of a point of the picture, which is given in shares of its size."""
        box = self.page.locator("#sheet").bounding_box()
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def draw(self, *points: tuple[float, float]) -> None:
        first, *rest = (self.at(*p) for p in points)
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for point in rest:
            self.page.mouse.move(*point, steps=5)
        self.page.mouse.up()

    def pictured(self, name: str) -> None:
        """Write a screenshot for the documentation to the folder MATTEBOX_TEST_DOCS, if set."""
        if folder := os.environ.get("MATTEBOX_TEST_DOCS"):
            self.page.wait_for_timeout(900)
            shot = Image.open(io.BytesIO(self.page.screenshot()))
            shot.quantize(160).save(Path(folder) / name, optimize=True)


def draw_two_subjects() -> np.ndarray:
    """A red disc and a blue box on grey, 300 x 400."""
    rgb = np.full((300, 400, 3), (225, 228, 230), np.uint8)
    y, x = np.mgrid[:300, :400]
    rgb[(x - 110) ** 2 + (y - 150) ** 2 < 80**2] = (190, 40, 30)
    rgb[100:230, 260:350] = (30, 60, 160)
    return rgb

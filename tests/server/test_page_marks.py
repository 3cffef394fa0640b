"""Marks show at once, before the server answers: brushed strokes as the server will have them, parts as a guess; undo
and redo from memory.
"""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.server.page_visit import CHROMIUM, FAILED, Visit

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.timeout(180),
]
Files = dict[str, Path]


def composed_pixels(visit: Visit) -> np.ndarray:
    """RGBA of the canvas that the page has composed, H x W x 4."""
    return canvas_pixels(visit, "#composed")


def canvas_pixels(visit: Visit, where: str) -> np.ndarray:
    """RGBA of a canvas, H x W x 4."""
    visit.page.locator(where).wait_for()
    encoded = visit.page.locator(where).evaluate("e => e.toDataURL()").partition(",")[2]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGBA"))


def stop_answers(visit: Visit) -> list[Any]:
    """From now on the server does not answer; the requests that wait for it."""
    waiting: list[Any] = []
    visit.page.route("**/v1/cutouts", lambda route: waiting.append(route))
    return waiting


def resume_answers(visit: Visit, waiting: list[Any]) -> None:
    for route in waiting:
        route.continue_()
    visit.page.unroute("**/v1/cutouts")


def test_strokes_show_as_the_server_will_have_them(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        visit.open(files["two"])
        page.get_by_role("button", name="Keep", exact=True).click()
        page.get_by_role("button", name="Brush").click()
        page.locator("#brush").fill("10")
        before = composed_pixels(visit)
        waiting = stop_answers(visit)
        page.mouse.move(*visit.at(0.1, 0.1))
        page.mouse.down()
        page.mouse.move(*visit.at(0.3, 0.1), steps=4)
        drawn = composed_pixels(visit)[24:37, 45:115].astype(int)  # while the button is down
        assert np.abs(drawn - (225, 228, 230, 255)).max() <= 1
        page.mouse.move(*visit.at(0.5, 0.1), steps=4)
        page.mouse.up()
        page.get_by_role("button", name="Remove", exact=True).first.click()
        visit.draw((0.275, 0.4), (0.275, 0.6))
        shown = composed_pixels(visit)
        assert (shown[24:37, 45:196] == (225, 228, 230, 255)).all()
        assert (shown[122:178, 103:118, 3] == 0).all()
        rest = np.ones((300, 400), bool)
        rest[16:45, 25:216] = rest[105:195, 95:126] = False
        assert np.array_equal(shown[rest], before[rest])

        page.get_by_role("button", name="Undo").click()
        assert (composed_pixels(visit)[122:178, 103:118, 3] == before[122:178, 103:118, 3]).all()
        page.get_by_role("button", name="Redo").click()
        assert np.array_equal(composed_pixels(visit), shown)
        visit.settle()
        assert waiting == []  # nothing is asked for
        resume_answers(visit, waiting)
        result = np.asarray(visit.downloaded()[1].convert("RGBA")).astype(int)
        assert np.abs(result[..., 3] - shown[..., 3].astype(int)).max() <= 2
        opaque = (result[..., 3] == 255) & (shown[..., 3] == 255)
        assert np.abs(result - shown)[opaque].max() <= 1
        assert visit.complaints == []


def test_a_click_shows_at_once(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        visit.open(files["two"])
        page.get_by_role("button", name="Remove", exact=True).first.click()
        assert composed_pixels(visit)[165, 305, 3] == 255
        waiting = stop_answers(visit)
        visit.draw((0.76, 0.55))
        assert page.locator("#ink polyline.drop.part").count() == 1
        alpha = composed_pixels(visit)[..., 3]
        assert (alpha[110:220, 270:340] == 0).all()  # the box
        assert alpha[150, 110] == 255  # not the disc
        page.get_by_role("button", name="Undo").click()
        assert (composed_pixels(visit)[110:220, 270:340] == (30, 60, 160, 255)).all()
        page.get_by_role("button", name="Redo").click()
        while not waiting:
            page.wait_for_timeout(20)
        with page.expect_response("**/v1/cutouts") as answer:
            resume_answers(visit, waiting)
        visit.settle()
        shown, result = composed_pixels(visit).astype(int), visit.downloaded()[1]
        patch = json.loads(answer.value.headers["x-made"])["patch"]
        assert 0 < len(patch["tiles"]) < 16 * 12 / 2  # what the click has changed
        wanted = np.asarray(result.convert("RGBA")).astype(int)
        assert np.array_equal(shown[..., 3], wanted[..., 3])
        assert np.abs((shown - wanted)[..., :3] * wanted[..., 3:] / 255).max() <= 1


def test_a_subject_is_painted_out_of_nothing(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address) as visit:
        visit.page.set_input_files("#files", files["wall"])
        visit.page.locator(FAILED).wait_for()
        visit.page.get_by_role("button", name="Paint the subject").click()
        waiting = stop_answers(visit)
        visit.draw((0.4, 0.5), (0.6, 0.5))
        shown = composed_pixels(visit)
        assert shown.shape == (200, 300, 4)
        assert (shown[97:103, 125:175] == (128, 128, 128, 255)).all()
        assert shown[20, 20, 3] == 0
        resume_answers(visit, waiting)

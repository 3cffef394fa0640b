"""Shadows, outlines and frames that the page draws by itself, compared with the download; comparison with the
photograph where the frame is another.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebox.composition.backdrop import fit_image
from mattebox.types import Picture
from tests.server.page_visit import CHROMIUM, Visit
from tests.server.test_page_marks import canvas_pixels, composed_pixels

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.timeout(240),
]
Files = dict[str, Path]


def flatten(rgba: np.ndarray, level: int) -> np.ndarray:
    """H x W x 3 over a grey level."""
    share = rgba[..., 3:] / 255
    flat: np.ndarray = np.rint(share * rgba[..., :3] + (1 - share) * level)
    return flat


def switch_crop(visit: Visit, *, is_on: bool) -> None:
    visit.page.locator("[name=crop]").evaluate(
        "(e, on) => { e.checked = on; e.dispatchEvent(new Event('input', { bubbles: true })); }", is_on
    )


def settled_pixels(visit: Visit) -> np.ndarray:
    """RGBA of what the page has composed, over the background that it has drawn, H x W x 4."""
    visit.settle()
    shown = composed_pixels(visit)
    if visit.page.locator("#drawn-behind").is_hidden():
        return shown
    drawn = Image.fromarray(canvas_pixels(visit, "#drawn-behind"))  # smaller, where the composition is large
    behind = np.asarray(drawn.resize(shown.shape[1::-1], Image.Resampling.BILINEAR))
    share = shown[..., 3:] / 255
    rgb = np.rint(share * shown[..., :3] + (1 - share) * behind[..., :3])
    return np.dstack([rgb, np.full(share.shape, 255)]).astype(np.uint8)


COMBINATIONS: dict[str, list[dict[str, str]]] = {
    "astronaut": [
        {"shadow": "drop", "shadow_opacity": "80", "aspect": "16:9"},
        {"crop": "on", "outline": "50", "margin": "12"},
        {"rotate": "-7.5", "paint": "blur", "aspect": "16:9"},
    ],
    "two": [
        {"crop": "on", "shadow": "contact", "shadow_softness": "9"},
        {"crop": "on", "shadow": "cast", "outline": "20", "aspect": "4:5"},
        {"crop": "on", "shadow": "reflection", "margin": "0"},
        {"crop": "on", "paint": "blur", "margin": "20", "outline": "10"},
        {"paint": "studio", "rotate": "12", "shadow": "drop", "fill": "60", "across": "20", "down": "80"},
        {"paint": "white", "rotate": "90", "fill": "35", "across": "90", "outline": "15"},
        {"size": "exact", "width": "300", "height": "500", "fill": "70", "rotate": "-20", "shadow": "contact"},
        {"size": "longer", "longer": "1000", "crop": "on", "shadow": "cast", "outline": "20"},  # composed by a worker
    ],
}


@pytest.mark.parametrize("name", COMBINATIONS)
def test_the_page_composes_as_the_server_does(browser: Any, address: str, files: Files, name: str) -> None:
    """Without a request, before black and white."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        visit.open(files[name])
        for values in COMBINATIONS[name]:
            visit.page.locator("#defaults").evaluate("e => e.click()")
            visit.choose("select[name=model]", "fast")
            visit.settle()
            request_count = len(visit.post_paths)
            switch_crop(visit, is_on="crop" in values)
            if paint := values.get("paint"):
                visit.page.locator(f"[name=paint][value={paint}]").check(force=True)
            for field in values.keys() - {"crop", "paint"}:
                visit.choose(f"[name={field}]", values[field])
            shown = settled_pixels(visit)
            assert len(visit.post_paths) == request_count, values
            result = np.asarray(visit.downloaded()[1].convert("RGBA"))
            assert result.shape == shown.shape, values
            for level in (255,) if paint == "white" else (0, 255):
                difference = np.abs(flatten(shown, level) - flatten(result, level))
                assert np.percentile(difference, 99.9) <= 1, values
                # where the server's dithering and the canvas's rounding add up
                assert difference.max() <= 2, (values, difference.max())
        assert visit.complaints == []


COVER = """async ([picture, size]) => {
  const { coverWith } = await loadModule("covering.js");
  const bitmap = await createImageBitmap(await (await fetch(picture)).blob());
  return Array.from(coverWith(bitmap, size).data);
}"""


def test_a_picture_behind_is_scaled_as_on_the_server(browser: Any, address: str) -> None:
    """Smaller, larger, and cut off on either side; its transparent parts become white."""
    noise = np.random.default_rng(5).integers(0, 256, (90, 130, 4), np.uint8)
    noise[..., 3] = np.where(noise[..., 3] < 40, 0, 255)
    picture = Picture(np.ascontiguousarray(noise[..., :3]), np.ascontiguousarray(noise[..., 3]))
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "png")
    url = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    with Visit(browser, address, bypass_csp=True) as visit:
        for width, height in ((61, 47), (200, 90), (130, 90), (90, 300)):
            values = visit.page.evaluate(COVER, [url, [width, height]])
            drawn = np.array(values, np.uint8).reshape(height, width, 4)
            wanted = fit_image(picture, Picture(np.zeros((height, width, 3), np.uint8)), "cover")
            assert (drawn[..., 3] == 255).all()
            assert np.abs(drawn[..., :3].astype(int) - wanted).max() <= 1


def test_white_on_white_does_not_fill_the_frame(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address, reduced_motion="reduce") as visit:
        visit.open(files["two"])
        visit.paint("White")
        switch_crop(visit, is_on=True)
        shown = composed_pixels(visit)
        result = np.asarray(visit.downloaded()[1].convert("RGB"))
        assert result.shape == (*shown.shape[:2], 3)
        assert np.abs(flatten(shown, 255) - result).max() <= 1


def test_comparison_in_every_frame(browser: Any, address: str, files: Files) -> None:
    """The photograph lies under the result where it came from, also with a preset of the server."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.open(files["two"])
        switch_crop(visit, is_on=True)
        composed_pixels(visit)

        def gap() -> float:
            """How far from the disc's left end in the result that in the photograph is, in pixels of the screen."""
            left, _, width, height = page.locator("#before").evaluate(
                "e => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; }"
            )
            assert page.locator("#slider").is_enabled()
            assert width / height == pytest.approx(4 / 3, rel=0.01)
            sheet = page.locator("#sheet").bounding_box()
            result = np.asarray(visit.downloaded()[1].convert("RGB")).astype(int)
            is_red = (result[..., 0] > 150) & (result[..., 1] < 90)
            first = np.flatnonzero(is_red.any(0))[0] / result.shape[1]
            return float(abs(sheet["x"] + first * sheet["width"] - (left + 31 / 400 * width)))

        assert gap() < 2
        switch_crop(visit, is_on=False)
        visit.tab("Presets")
        page.locator("[name=preset][value=product]").check(force=True)
        page.locator("#status", has_text="2000 × 2000").wait_for()
        assert gap() < 3
        page.focus("#slider")
        for _ in range(50):
            page.keyboard.press("ArrowRight")
        visit.pictured("compare-preset.png")

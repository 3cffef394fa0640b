"""The lens in the page: its blur is the server's, drawn at once and without a request; the focus by tap and keys."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebox.lens.layered_depth import floor_depth, layer_depth, tilted_depth
from mattebox.lens.lens_blur import Lens
from mattebox.lens.photograph_blur import Subject, blur_photograph, nearness_of_subject
from mattebox.pipeline.lens import MAX_HIGHLIGHTS, RADIUS_AT_F1
from mattebox.types import Picture
from tests.server.page_network import needs_network
from tests.server.page_visit import CHROMIUM, Visit
from tests.server.test_page_device import Watch, use_device_only
from tests.server.test_page_marks import composed_pixels

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.timeout(240),
]
Files = dict[str, Path]
WIDTH, HEIGHT = 200, 150
BLUR = """async ([photograph, cutout, width, height, depth, contactRow, lens]) => {
  const { blurScene, prepareScene } = await loadModule("photograph_blur.js", "lens_worker.js");
  const bytes = (text) => text && Uint8ClampedArray.from(atob(text), (c) => c.charCodeAt(0));
  const scene = prepareScene(bytes(photograph), bytes(cutout), width, height, depth, contactRow);
  const pixels = blurScene(scene, lens);
  let text = "";
  for (let at = 0; at < pixels.length; at += 8192) text += String.fromCharCode(...pixels.subarray(at, at + 8192));
  return btoa(text);
}"""


def draw_scene() -> tuple[np.ndarray, np.ndarray]:
    """A photograph with lights and texture, and its subject's alpha: a soft disc that stands on the floor."""
    rng = np.random.default_rng(4)
    rgb = np.repeat(np.repeat(rng.integers(30, 160, (15, 20, 3)), 10, 0), 10, 1).astype(np.uint8)
    rgb[20:23, 30:33] = rgb[40:43, 150:153] = 255
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    alpha = np.clip((45 - np.hypot(x - 100, y - 85)) / 3 + 0.5, 0, 1)
    rgb = np.rint(rgb * (1 - alpha[..., None]) + np.array([210, 70, 40]) * alpha[..., None]).astype(np.uint8)
    return rgb, np.rint(alpha * 255).astype(np.uint8)


def blurred_in_browser(visit: Visit, arguments: list[Any]) -> np.ndarray:
    pixels = np.frombuffer(base64.b64decode(visit.page.evaluate(BLUR, arguments)), np.uint8)
    return pixels.reshape(HEIGHT, WIDTH, 4)[..., :3]


@pytest.fixture(scope="module")
def kernel_visit(browser: Any, address: str) -> Iterator[Visit]:
    """A page whose arithmetic is called."""
    with Visit(browser, address, locale="en-GB") as visit:  # in a context of its own
        yield visit


def encode_rgba(rgb: np.ndarray, alpha: np.ndarray) -> str:
    return base64.b64encode(np.dstack([rgb, alpha]).tobytes()).decode()


@pytest.mark.parametrize(
    ("shape", "f_number", "focus"),
    [("disc", 1.0, None), ("5", 2.0, None), ("anamorphic", 1.4, None), ("disc", 1.4, [0.1, 0.1]), ("swirl", 2.0, None),
     ("cats-eye", 1.4, [0.5, 0.99])],
)  # fmt: skip
def test_a_subject_before_its_background(kernel_visit: Visit, shape: str, f_number: float, focus: Any) -> None:
    rgb, alpha = draw_scene()
    colours = np.where(alpha[..., None] > 0, np.array([210, 70, 40], np.uint8), rgb)
    nearness = layer_depth(alpha).nearness()
    place = nearness_of_subject(nearness, alpha.astype(np.float32) / 255)
    in_focus = place if focus is None else float(nearness[int(focus[1] * HEIGHT), int(focus[0] * WIDTH)])
    lens = Lens(RADIUS_AT_F1 * WIDTH / f_number, in_focus, shape, MAX_HIGHLIGHTS * 0.5)
    expected = blur_photograph(Picture(rgb), nearness, lens, Subject(Picture(colours, alpha), place)).rgb
    settings = {"fNumber": f_number, "shape": shape, "highlights": 50, "focus": focus}
    sources = [encode_rgba(rgb, np.full_like(alpha, 255)), encode_rgba(colours, alpha)]
    found = blurred_in_browser(kernel_visit, [*sources, WIDTH, HEIGHT, None, None, settings])
    assert np.abs(expected.astype(int) - rgb).max() > 40  # it is blurred
    assert np.abs(found.astype(int) - expected).max() <= 1
    if focus is None:
        assert (found[alpha == 255] == rgb[alpha == 255]).all()


@pytest.mark.parametrize("depth", ["tilt", "floor"])
def test_without_a_subject(kernel_visit: Visit, depth: str) -> None:
    rgb, _ = draw_scene()
    radius, contact = RADIUS_AT_F1 * WIDTH / 1.4, 120
    tilted = tilted_depth((HEIGHT, WIDTH)).nearness()
    if depth == "tilt":
        nearness, focus, place = tilted, float(tilted[int(0.3 * HEIGHT), 0]), [0.5, 0.3]
    else:
        nearness, focus, place = floor_depth((HEIGHT, WIDTH), contact).inverse_depth, 1.0, None
    expected = blur_photograph(Picture(rgb), nearness, Lens(radius, focus, "disc", MAX_HIGHLIGHTS * 0.5)).rgb
    settings = {"fNumber": 1.4, "shape": "disc", "highlights": 50, "focus": place}
    source = encode_rgba(rgb, np.full(rgb.shape[:2], 255, np.uint8))
    found = blurred_in_browser(kernel_visit, [source, None, WIDTH, HEIGHT, depth, contact, settings])
    assert np.abs(found.astype(int) - expected).max() <= 1


def turn_dial(visit: Visit, index: int) -> np.ndarray:
    """The photograph through the lens, when the fine preview is there."""
    visit.choose("[name=bokeh]", str(index))
    return settled_pixels(visit)


def settled_pixels(visit: Visit) -> np.ndarray:
    visit.settle()
    visit.page.locator("#frame:not([data-blurring])").wait_for()
    return composed_pixels(visit)[..., :3].astype(int)


def detail(pixels: np.ndarray) -> float:
    """How much neighbours differ from the mean of theirs."""
    return float(np.abs(np.diff(pixels, 2, axis=0)).mean())


def test_dial_and_tap_without_a_request(browser: Any, address: str, files: Files) -> None:
    """A wider aperture blurs more, the subject stays; a tap focuses on the background. The download is nearly that."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.choose("select[name=model]", "balanced")  # as the server's lens takes
        visit.open(files["astronaut"])
        visit.paint("Lens blur")
        requests = len(visit.post_paths)
        photograph = page.locator("#before").evaluate("e => e.naturalWidth")
        narrow, wide = turn_dial(visit, 2), turn_dial(visit, 8)
        assert page.locator("[data-row=bokeh] output").inner_text() == "f/1"
        corner, middle = (slice(0, 160), slice(0, 140)), (slice(160, 200), slice(200, 260))
        assert detail(wide[corner]) < 0.7 * detail(narrow[corner])
        assert (wide[middle] == narrow[middle]).mean() > 0.95  # but where the matte is not quite opaque
        visit.draw((0.9, 0.1))
        assert page.locator("#place-ring").is_visible()
        assert page.locator("[name=bokeh_focus]").input_value().startswith(("90", "89"))
        far = settled_pixels(visit)
        assert np.abs(far[middle] - wide[middle]).mean() > 3
        assert len(visit.post_paths) == requests
        visit.pictured("lens.png")
        name, result = visit.downloaded()
        assert name == "astronaut-enhanced.png"
        assert result.width == photograph
        difference = np.abs(np.asarray(result.convert("RGB")).astype(int) - far)
        assert difference.mean() < 2  # the server puts the photograph's noise back
        page.get_by_role("button", name="The subject").click()
        assert page.locator("#place-ring").is_hidden()
        page.get_by_role("button", name="Undo").click()
        assert page.locator("#place-ring").is_visible()
        assert visit.complaints == visit.foreign == []


def test_the_place_in_focus_by_keys(browser: Any, address: str, files: Files) -> None:
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.open(files["two"])
        visit.paint("Lens blur")
        page.get_by_role("button", name="Choose what is sharp").focus()
        page.keyboard.press("Enter")
        for key in ("ArrowRight", "ArrowRight", "Shift+ArrowUp", "Enter"):
            page.keyboard.press(key)
        assert page.locator("[name=bokeh_focus]").input_value() == "54.00%,40.00%"
        assert page.locator("#focus-tool").get_attribute("aria-pressed") == "false"
        page.locator("#frame").press("ArrowRight")  # the keys are the viewer's again
        assert page.locator("[name=bokeh_focus]").input_value() == "54.00%,40.00%"


def test_a_picture_behind_out_of_focus(browser: Any, address: str, files: Files) -> None:
    """As the server composes it, but for the noise that it puts back."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        visit.open(files["two"])
        page.set_input_files("#backdrop", files["chelsea"])
        visit.choose("[name=backdrop_bokeh]", "7")
        shown = settled_pixels(visit)
        result = np.asarray(visit.downloaded()[1].convert("RGB")).astype(int)
        assert result.shape == shown.shape
        assert np.abs(result - shown).mean() < 2
        assert np.percentile(np.abs(result - shown), 99) < 12


@needs_network[1]
def test_on_this_device_only(browser: Any, address: str, files: Files, tmp_path: Path) -> None:
    Image.open(files["two"]).resize((160, 120)).save(tmp_path / "small.png")  # each pixel takes long
    with Visit(browser, address, reduced_motion="reduce") as visit:
        visit.page.set_default_timeout(150_000)
        use_device_only(visit)
        watch = Watch(visit)
        visit.open(tmp_path / "small.png")
        visit.paint("Lens blur")
        visit.settle()
        name, result = visit.downloaded()
        assert (name, result.size) == ("small-enhanced.png", (160, 120))
        assert (watch.api_paths, watch.bodies) == ([], [])

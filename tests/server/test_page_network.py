"""The network in the browser answers as it does in Python: matte, confidence, edges and colours."""

from __future__ import annotations

import base64
import io
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from mattebox.matting.auto_refinement import MAX_CRISP_SOFTNESS, edge_softness, refine_in_two_passes
from mattebox.matting.colour_refinement import refine
from mattebox.matting.foreground import estimate_foreground
from mattebox.matting.matte_cleanup import GHOST_CLIP_ALPHA, clean_up_matte
from mattebox.matting.segmentation import segment
from mattebox.types import Picture
from tests.server.page_network import needs_network, open_page_session
from tests.server.page_visit import CHROMIUM, CHROMIUM_FLAGS, LOAD_MODULE, Visit, draw_two_subjects

pytestmark = [*needs_network, pytest.mark.timeout(180)]
SWIFTSHADER_FLAGS = [
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan",
    "--use-vulkan=swiftshader",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
GHOST_STEEPNESS = 1 / (1 - 2 * GHOST_CLIP_ALPHA)  # uncertain areas are made steeper, and differences with them
CUT = """async (base64) => {
  const { predictMatte, cutOut } = await loadModule("device_network.js");
  const file = new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], "photo.png", { type: "image/png" });
  const toBase64 = (array) => {
    const bytes = new Uint8Array(array.buffer);
    let text = "";
    for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
    return btoa(text);
  };
  const { network, matte, confidence, isFound } = await predictMatte(file), { bitmap } = await cutOut(file, matte, 1e9);
  const { width, height } = bitmap, context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixels = context.getImageData(0, 0, width, height).data;
  return { confidence, isFound, shape: [network.height, network.width], size: [height, width],
    network: toBase64(network.data), matte: toBase64(matte.data), pixels: toBase64(pixels) };
}"""


class BrowserCutout(NamedTuple):
    """What the page's worker answers; alphas 0 to 1, pixels H x W x 4 of 8 bits."""

    network: np.ndarray
    matte: np.ndarray
    pixels: np.ndarray
    confidence: float
    is_found: bool


def cut_in_browser(visit: Visit, picture: Picture) -> BrowserCutout:
    file = io.BytesIO()
    Image.fromarray(picture.rgb).save(file, "png")
    answer = visit.page.evaluate(CUT, base64.b64encode(file.getvalue()).decode())
    network, matte = (
        np.frombuffer(base64.b64decode(answer[name]), np.float32).reshape(answer["shape"])
        for name in ("network", "matte")
    )
    pixels = np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8).reshape(*answer["size"], 4)
    return BrowserCutout(network, matte, pixels, answer["confidence"], answer["isFound"])


@pytest.fixture(scope="module")
def visit(browser: Any, address: str) -> Any:
    with Visit(browser, address) as visit:
        yield visit


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket"])
def test_browser_and_python_agree(visit: Visit, request: pytest.FixtureRequest, name: str) -> None:
    """The network's matte within .25/255, and what is made of one and the same; the whole, but for a few pixels."""
    picture, session = request.getfixturevalue(name), open_page_session()
    answer, matte = cut_in_browser(visit, picture), segment(picture, session)
    assert np.abs(answer.network - session.predict_alpha(picture)).max() <= 0.25 / 255
    same = matte.with_alpha(np.rint(answer.network * 65535).astype(np.uint16))
    same = clean_up_matte(same) if matte.found else same
    assert np.abs(answer.matte - same.alpha / 65535).max() <= 2 / 255
    assert np.percentile(np.abs(answer.matte - matte.alpha / 65535), 99.9) <= GHOST_STEEPNESS * 2 / 255
    assert answer.confidence == pytest.approx(matte.confidence, abs=0.005)
    assert answer.is_found == matte.found

    is_soft = edge_softness(same.alpha) > MAX_CRISP_SOFTNESS
    cutout = estimate_foreground(picture, refine(picture, same) if is_soft else refine_in_two_passes(picture, same))
    assert cutout.alpha is not None
    differences = np.abs(answer.pixels[..., 3].astype(int) - cutout.alpha)
    assert np.percentile(differences, 99.9) <= 2
    is_opaque = cutout.alpha > 200  # a canvas rounds the colours of more transparent pixels
    colours = np.abs(answer.pixels[is_opaque][:, :3].astype(int) - cutout.rgb[is_opaque])
    assert np.percentile(colours, 99.9) <= 4
    assert visit.complaints == visit.foreign == []


def test_transparent_and_tiny_photographs(visit: Visit, tmp_path: Path) -> None:
    rgba = np.zeros((40, 60, 4), np.uint8)
    rgba[10:30, 20:40] = (190, 40, 30, 128)
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "png")
    answer = visit.page.evaluate(CUT, base64.b64encode(file.getvalue()).decode())
    pixels = np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8).reshape(40, 60, 4)
    assert pixels[..., 3].max() <= 128
    one = io.BytesIO()
    Image.new("RGB", (1, 1), "red").save(one, "png")
    assert visit.page.evaluate(CUT, base64.b64encode(one.getvalue()).decode())["size"] == [1, 1]


@pytest.mark.skipif(not os.environ.get("MATTEBOX_TEST_WEBGPU"), reason="slow: set MATTEBOX_TEST_WEBGPU=1 to run it")
def test_by_webgpu_too(browser: Any, address: str) -> None:
    """With an imitated graphics processor, which the page would not take."""
    flags = [flag for flag in CHROMIUM_FLAGS if flag != "--disable-gpu"]
    other = browser.browser_type.launch(executable_path=CHROMIUM, args=[*flags, *SWIFTSHADER_FLAGS])

    def accept_any_adapter(route: Any) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=response.text().replace("&& !adapter.info?.isFallbackAdapter", ""))

    try:
        page = other.new_page()
        page.add_init_script(LOAD_MODULE)
        page.route("**/cutout_worker.js", accept_any_adapter)
        page.goto(address)
        if not page.evaluate("navigator.gpu?.requestAdapter().then(Boolean)"):
            pytest.skip("this Chromium has no WebGPU")
        assert page.evaluate("loadModule('device_network.js').then((m) => m.warmUp())")["device"] == "webgpu"
        rgb = draw_two_subjects()
        file = io.BytesIO()
        Image.fromarray(rgb).save(file, "png")
        answer = page.evaluate(CUT, base64.b64encode(file.getvalue()).decode())
        alpha = np.frombuffer(base64.b64decode(answer["network"]), np.float32).reshape(answer["shape"])
        assert np.abs(alpha - open_page_session().predict_alpha(Picture(rgb))).max() <= 2 / 255
    finally:
        other.close()

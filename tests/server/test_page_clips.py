"""Clips on the page, in a real browser: dropped, played and scrubbed, cut out by the server, and taken from there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.server.page_visit import CHROMIUM, Visit
from tests.server.test_page_accessibility import CLIPPED, PHONE, SMALL_TARGETS, axe_violations
from tests.serving import start_server
from tests.video.clips import decode_rgba, disc_alpha, draw_frame, write_clip

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.timeout(300),
]
COUNT, SECONDS = 12, 1.2
DROP_FILES = """async (files) => {
  const transfer = new DataTransfer();
  for (const [name, bytes, type] of files) transfer.items.add(new File([Uint8Array.from(bytes)], name, { type }));
  const eventInit = { dataTransfer: transfer, bubbles: true, cancelable: true };
  for (const kind of ["dragover", "drop"]) document.dispatchEvent(new DragEvent(kind, eventInit));
}"""
ALPHAS = """(video, points) => {
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  context.drawImage(video, 0, 0);
  return points.map(([x, y]) => context.getImageData(x, y, 1, 1).data[3]);
}"""
NOTE_KEYS = """() => {
  const { set } = FormData.prototype;
  FormData.prototype.set = function (...entry) {
    if (entry[0] === "keys") window.sentKeys = entry[1];
    return set.apply(this, entry);
  };
}"""
DEVICE_ONLY = """async () => {
  (await loadModule("device_mode.js")).setDeviceOnly(true);
  (await loadModule("clip_files.js")).refreshClip();
}"""
SHAPES = """async () => {
  const { CLIP_TEXTS } = await loadModule("clip_text.js", "clips.js");
  const shape = (v) => typeof v === "function" ? v.length : Array.isArray(v) ? v.length
    : v && typeof v === "object" ? Object.fromEntries(Object.entries(v).map(([k, e]) => [k, shape(e)])) : typeof v;
  return Object.values(CLIP_TEXTS).map(shape);
}"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A red disc that moves over blue: 12 frames in 1.2 s."""
    path = tmp_path_factory.mktemp("clips") / "disc.webm"
    return write_clip(path, [draw_frame(number) for number in range(COUNT)], codec="libvpx-vp9")


@pytest.fixture(scope="module")
def open_clip(browser: Any, address: str, clip: Path) -> Iterator[Visit]:
    """The page with a clip; tests leave it as it is."""
    with Visit(browser, address, locale="en-GB") as visit:
        add(visit, clip)
        yield visit


def add(visit: Visit, *files: Path) -> None:
    """Choose clips, and wait until the first one's picture is there."""
    visit.page.set_input_files("#files", files)
    visit.page.locator(".clip-tile [data-drawn]").first.wait_for()


def tap(visit: Visit, tool: str, *places: tuple[float, float]) -> None:
    """Tap on places of the frame on show, in shares of its size, with a tool."""
    button = visit.page.get_by_role("button", name=tool, exact=True).locator("visible=true")
    if button.get_attribute("aria-pressed") != "true":
        button.click()
    for x, y in places:
        marks = visit.page.locator(".clip-mark")
        before, box = marks.count(), visit.page.locator("#clip-picture").bounding_box()
        visit.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        expect(marks).not_to_have_count(before)


def answer_json(answer: dict[str, Any], route: Any) -> None:
    route.fulfill(json=answer)


def now(visit: Visit) -> float:
    return float(visit.page.locator("#clip-video").evaluate("e => e.currentTime"))


def test_a_dropped_clip_is_an_item_with_its_length(browser: Any, address: str, clip: Path) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        page.evaluate(DROP_FILES, [["disc.webm", list(clip.read_bytes()), "video/webm"]])
        expect(page.get_by_role("button", name="disc.webm, waiting")).to_be_visible()
        expect(page.locator(".clip-tile .clip-length")).to_have_text("0:01")
        expect(page.locator("#clip-facts")).to_have_text(re.compile(r"0:01\.2 · 160 × 96 · 0\.\d MB"))
        expect(page.locator("#controls")).to_be_hidden()
        expect(page.locator("#frame")).to_be_hidden()
        assert visit.post_paths == []  # nothing is sent before it is asked for
        page.get_by_role("button", name="Remove disc.webm").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#empty")).to_be_visible()
        expect(page.locator("#clip-panel")).to_be_hidden()
        assert visit.complaints == visit.foreign == []


def test_the_time_line_is_played_and_scrubbed(open_clip: Visit) -> None:
    page, line = open_clip.page, open_clip.page.get_by_role("slider", name="Time.")
    line.focus()
    page.keyboard.press("End")
    expect(line).to_have_attribute("aria-valuetext", "0:01.2 of 0:01.2")
    page.keyboard.press("Home")
    expect(page.locator("#clip-clock")).to_have_text("0:00.0 / 0:01.2")
    times = [now(open_clip)]
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        times.append(now(open_clip))
    assert times[0] == 0
    assert 0 < times[1] < times[3] + 0.02 < times[2] + 0.02 < 0.5
    box = line.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert now(open_clip) == pytest.approx(SECONDS / 2, abs=0.05)
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(page.locator("#clip-video")).to_have_js_property("ended", value=True)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_a_clip_is_cut_out_and_taken(browser: Any, address: str, clip: Path, tmp_path: Path) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        add(visit, clip)
        page.locator("#clip-panel [name=model]").select_option("fast")
        page.get_by_role("button", name="Cut out", exact=True).click()
        expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="disc.webm, done")).to_be_visible()
        expect(page.locator("#clip-status")).to_have_text(re.compile(r"12 frames, 160 × 96 pixels, confidence \d+ %\."))
        expect(page.locator("#clip-video")).to_have_js_property("ended", value=True)  # the result is played
        corner, subject = page.locator("#clip-video").evaluate(ALPHAS, [[3, 3], [60, 48]])
        assert corner < 40  # transparent, over the squares of the page
        assert subject > 200
        with page.expect_download() as download:
            page.get_by_role("button", name="Download", exact=True).click()
        assert download.value.suggested_filename == "disc-cut.webm"
        download.value.save_as(tmp_path / "cut.webm")
        frames = decode_rgba(tmp_path / "cut.webm")
        assert len(frames) == COUNT
        assert abs(frames[6][..., 3] / 255 - disc_alpha(6)).mean() < 0.06
        assert visit.post_paths == ["v1/videos"]
        jobs = page.evaluate("fetch('/v1/jobs').then((answer) => answer.json())")["jobs"]
        assert jobs == []  # the job is erased on the server

        page.locator("#clip-panel [name=paint]").select_option("white")
        expect(page.locator("#clip-status")).to_have_text(re.compile("The settings have changed since"))
        page.locator("#clip-panel [name=format]").select_option("mp4")
        page.get_by_role("button", name="Original", exact=True).click()
        page.get_by_role("button", name="Cut out again").click()
        expect(page.locator("#clip-status")).to_have_text(re.compile("12 frames"))
        expect(page.get_by_role("button", name="Result", exact=True)).to_have_attribute("aria-pressed", "true")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download", exact=True).click()
        assert download.value.suggested_filename == "disc-cut.mp4"
        assert visit.foreign == []


def test_a_format_that_the_browser_cannot_play(browser: Any, address: str, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "loud.mp4", [draw_frame(number) for number in range(4)], sound="aac")
    with Visit(browser, address) as visit:
        page = visit.page
        add(visit, path)
        page.locator("#clip-panel [name=format]").select_option("prores")
        page.get_by_role("button", name="Cut out", exact=True).click()
        expect(
            page.get_by_role("alert").filter(has_text="This browser can’t play this format: download it.")
        ).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download", exact=True).click()
        assert download.value.suggested_filename == "loud-cut.mov"
        page.get_by_role("button", name="Original", exact=True).click()
        expect(page.locator("#clip-video")).to_be_visible()
        expect(page.locator("#clip-message")).to_be_hidden()


def test_key_frames_are_marked_and_sent(browser: Any, address: str, clip: Path, tmp_path: Path) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        add(visit, clip)
        tap(visit, "Keep", (0.35, 0.5))
        expect(page.locator("#clip-clock")).to_have_text("0:00.0 / 0:01.2")
        page.get_by_role("slider", name="Time.").press("PageUp")  # a second on
        tap(visit, "Keep", (0.475, 0.5))
        tap(visit, "Remove", (0.9, 0.1), (0.1, 0.9))
        expect(page.locator(".clip-mark")).to_have_count(3)
        page.get_by_role("slider", name="Time.").fill("1.03")  # the same frame
        tap(visit, "Remove", (0.1, 0.9))  # takes it back
        expect(page.locator(".clip-mark")).to_have_count(2)
        expect(page.get_by_role("button", name="Key at 0:01.0, 2 marks")).to_have_attribute("data-current", "")
        page.get_by_role("button", name="Key before").click()
        expect(page.get_by_role("button", name="Key at 0:00.0, 1 mark")).to_have_attribute("data-current", "")
        expect(page.locator(".clip-mark")).to_have_count(1)

        page.evaluate(NOTE_KEYS)
        page.get_by_role("button", name="Cut out by keys").click()
        expect(page.get_by_role("button", name="disc.webm, done")).to_be_visible()
        assert visit.post_paths == ["v1/rotoscopings"]
        keys = json.loads(page.evaluate("window.sentKeys"))
        assert list(keys) == ["0.0000s", "1.0000s"]
        assert [list(key) for key in keys.values()] == [["keep"], ["keep", "drop"]]
        places = [float(v) for key in keys.values() for t in key.values() for v in t.replace("%", "").split(",")]
        assert places == pytest.approx([35, 50, 47.5, 50, 90, 10], abs=0.5)
        with page.expect_download() as download:
            page.get_by_role("button", name="Download", exact=True).click()
        download.value.save_as(tmp_path / "cut.webm")
        frames = decode_rgba(tmp_path / "cut.webm")
        assert len(frames) == COUNT
        for number, frame in enumerate(frames):
            assert abs(frame[..., 3] / 255 - disc_alpha(number)).mean() < 0.04, number
        assert visit.complaints == visit.foreign == []


def test_key_frames_by_keyboard(browser: Any, address: str, clip: Path) -> None:
    with Visit(browser, address) as visit:
        page, stage, keys = (
            visit.page,
            visit.page.locator("#clip-stage"),
            visit.page.get_by_role("button", name="Key at"),
        )
        add(visit, clip)
        page.get_by_role("slider", name="Time.").press("End")
        page.get_by_role("button", name="Remove", exact=True).locator("visible=true").click()
        stage.press("ArrowUp")
        expect(page.locator(".clip-mark.cross")).to_be_visible()
        stage.press("Enter")
        expect(page.locator(".clip-mark.drop")).to_be_visible()
        stage.press("Escape")  # the arrows are the time line's again
        stage.press("Home")
        expect(page.locator(".clip-mark")).to_have_count(0)
        page.get_by_role("button", name="Keep", exact=True).click()
        stage.press("Enter")
        expect(keys).to_have_count(2)
        page.get_by_role("slider", name="Time.").press("Shift+ArrowRight")
        expect(page.locator(".clip-mark.drop")).to_be_visible()
        keys.nth(1).press("Delete")
        expect(keys).to_have_count(1)
        expect(page.get_by_role("slider", name="Time.")).to_be_focused()
        page.get_by_role("button", name="Key before").click()
        page.get_by_role("button", name="Delete this key").click()
        expect(page.get_by_role("button", name="Cut out", exact=True)).to_be_visible()
        assert visit.complaints == visit.post_paths == []


def test_cancelling_erases_the_job(browser: Any, address: str, clip: Path) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        add(visit, clip)
        job = {"id": "0a", "state": "running", "progress": 0.4, "links": {"self": "/v1/jobs/0a"}}
        erased: list[str] = []

        def answer(route: Any) -> None:
            if route.request.method == "DELETE":
                erased.append(route.request.url)
                return route.fulfill(status=204)
            return route.fulfill(status=202 if route.request.method == "POST" else 200, json=job)

        page.route(re.compile(r"/v1/(videos|jobs/0a)$"), answer)
        page.get_by_role("button", name="Cut out", exact=True).click()
        expect(page.locator("#clip-busy")).to_have_text("Working… 40 %")
        expect(page.locator("#clip-status")).to_have_text("Working…")
        with page.expect_response(lambda response: response.request.method == "DELETE"):
            page.get_by_role("button", name="Cancel", exact=True).click()
            expect(page.get_by_role("button", name="Cut out", exact=True)).to_be_focused()
            expect(page.locator("#clip-status")).to_have_text("Cancelled.")
        assert erased
        assert page.locator("#clip-message").is_hidden()


def test_a_reload_loses_nothing(browser: Any, address: str, clip: Path) -> None:
    """Key frames, the result, and a job that goes on meanwhile."""
    with Visit(browser, address) as visit:
        page = visit.page
        add(visit, clip)
        tap(visit, "Keep", (0.35, 0.5))
        page.get_by_role("button", name="Cut out by keys").click()
        expect(page.get_by_role("button", name="disc.webm, done")).to_be_visible()
        is_stored(visit)
        page.reload()
        expect(page.get_by_role("button", name="disc.webm, done")).to_be_visible()
        expect(page.locator("#clip-status")).to_have_text(re.compile("12 frames"))
        page.get_by_role("button", name="Original", exact=True).click()
        expect(page.locator(".clip-mark")).to_have_count(1)
        expect(page.get_by_role("button", name="Cut out by keys")).to_be_hidden()  # the result is that of the keys
        expect(page.get_by_role("button", name="Download", exact=True)).to_be_visible()

        page.locator("#clip-panel [name=paint]").select_option("white")
        running = {"id": "0b", "state": "running", "progress": 0.4, "links": {"self": "/v1/jobs/0b"}}
        page.route("**/v1/rotoscopings", lambda route: route.fulfill(status=202, json=running))
        page.route("**/v1/jobs/0b", partial(answer_json, running))
        page.get_by_role("button", name="Cut out by keys").click()
        expect(page.locator("#clip-busy")).to_have_text("Working… 40 %")
        is_stored(visit)
        page.reload()
        expect(page.locator("#clip-busy")).to_have_text("Working… 40 %")
        assert visit.post_paths.count("v1/rotoscopings") == 2  # nothing is sent again
        page.unroute("**/v1/jobs/0b")  # the server has no such job
        expect(page.get_by_role("alert").filter(has_text="The server has erased this clip.")).to_be_visible()
        page.get_by_role("button", name="Remove disc.webm").press("Enter")
        is_stored(visit)
        page.reload()
        expect(page.locator("#empty")).to_be_visible()
        expect(page.locator("#clip")).to_have_count(0)


def is_stored(visit: Visit) -> None:
    """Wait until what there is has been stored."""
    visit.page.evaluate("async () => (await loadModule('session_store.js')).storedByNow()")


def test_photographs_and_clips_stand_side_by_side(
    browser: Any, address: str, clip: Path, files: dict[str, Path]
) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        page.set_input_files("#files", [files["two"], clip])
        expect(page.locator("#controls")).to_be_visible()  # the photograph is on show
        page.locator(".clip-tile .face").click()
        expect(page.locator("#clip-panel")).to_be_visible()
        expect(page.locator("#controls")).to_be_hidden()
        page.locator(".clip-tile .face").press("ArrowLeft")
        expect(page.locator("#controls")).to_be_visible()
        expect(page.locator("#clip-panel")).to_be_hidden()
        page.get_by_role("button", name=re.compile("two.png")).first.press("ArrowRight")
        expect(page.locator("#clip-panel")).to_be_visible()
        expect(page.locator(".clip-tile .face")).to_have_attribute("aria-current", "true")
        page.locator("[data-status=done]").wait_for()  # the photograph is cut out meanwhile
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Remove all").click()
        expect(page.locator("#empty")).to_be_visible()
        assert visit.complaints == []


def test_a_broken_clip_is_told(browser: Any, address: str, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no clip at all")
    with Visit(browser, address) as visit:
        page = visit.page
        page.set_input_files("#files", tmp_path / "broken.mp4")
        expect(page.get_by_role("alert").filter(has_text="can’t show this clip")).to_be_visible()
        page.get_by_role("button", name="Cut out", exact=True).click()
        expect(page.get_by_role("alert").filter(has_text="The server can’t read this clip.")).to_be_visible()
        expect(page.get_by_role("button", name="broken.mp4, failed")).to_be_visible()


def test_a_server_without_clips_says_so(browser: Any, clip: Path, tmp_path: Path) -> None:
    with start_server(tmp_path, max_video="0") as other, Visit(browser, f"{other}/") as visit:
        add(visit, clip)
        expect(visit.page.locator("#clip-hindrance")).to_contain_text("pip install 'mattebox[video]'")
        expect(visit.page.get_by_role("button", name="Cut out", exact=True)).to_be_hidden()


def test_limits_of_the_server_are_told_before_the_upload(browser: Any, address: str, clip: Path) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        facts = page.evaluate("fetch('/v1/photographs').then((answer) => answer.json())")
        for limits, told in (({"max_video_bytes": 100}, "at most. Shorten"), ({"max_video_seconds": 1}, "0:01.2 long")):
            page.route("**/v1/photographs", partial(answer_json, facts | limits))
            page.reload()
            add(visit, clip)
            expect(page.locator("#clip-hindrance")).to_contain_text(told)
        page.evaluate(DEVICE_ONLY)
        expect(page.locator("#clip-hindrance")).to_contain_text("“On this device only” is on.")
        expect(page.get_by_role("button", name="Use the server")).to_be_visible()


def test_all_languages_say_all_of_clips(open_clip: Visit) -> None:
    english, german = open_clip.page.evaluate(SHAPES)
    assert english == german
    assert len(json.dumps(english)) > 500


def test_clips_are_accessible(browser: Any, address: str, clip: Path) -> None:
    with Visit(browser, address, reduced_motion="reduce", bypass_csp=True) as visit:
        add(visit, clip)
        assert axe_violations(visit) == []
        visit.page.locator("#clip-panel [name=paint]").select_option("colour")
        tap(visit, "Keep", (0.35, 0.5))
        assert axe_violations(visit) == []
        visit.page.get_by_role("button", name="Cut out by keys").click()
        expect(visit.page.get_by_role("button", name="disc.webm, done")).to_be_visible()
        assert axe_violations(visit) == []


@pytest.mark.parametrize("width", [320, 390])
def test_clips_on_a_phone(browser: Any, address: str, clip: Path, width: int) -> None:
    with Visit(browser, address, **PHONE | {"viewport": {"width": width, "height": 844}, "locale": "de-DE"}) as visit:
        page = visit.page
        add(visit, clip)
        for tool in (None, "Behalten"):
            if tool:
                tap(visit, tool, (0.35, 0.5))
            assert page.evaluate(SMALL_TARGETS) == []
            assert page.evaluate(CLIPPED) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_clips_are_loaded_when_one_comes(browser: Any, address: str, clip: Path) -> None:
    with Visit(browser, address) as visit:
        loaded: list[str] = []
        visit.page.on("request", lambda request: loaded.append(request.url.rpartition("/")[2]))
        visit.page.reload()
        assert "app.js" in loaded
        assert not any("clip" in name for name in loaded)
        add(visit, clip)
        assert {"clips.js", "clips.css"} <= set(loaded)

"""Accessibility and layout of the page: axe in every state and both colour schemes, touch targets on a phone, reduced
motion. The pictures in docs/ are made here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.page_visit import CHROMIUM, DONE, FAILED, Visit

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.timeout(180),
]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SMALL_TARGETS = """() =>
  [...document.querySelectorAll("button, select, input, label.swatch, label.preset, .device-switch, .check")]
  .filter(e => e.checkVisibility({ opacityProperty: true }))
  .filter(e => !e.matches(".unseen, .switch, :is(.swatch, .preset, .check) input")) // labels are the targets
  .map(e => [e.id || e.className || e.name, e.getBoundingClientRect().width, e.getBoundingClientRect().height])
  .filter(([, w, h]) => w < 43.9 || h < 43.9)"""


COVERED = """() => ["#status", "#out", "#undo", "#strip .face", "#download"].filter(name => {
  const element = document.querySelector(name);
  element.scrollIntoView({ block: "nearest" });
  const box = element.getBoundingClientRect();
  return !element.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height - 4));
})"""
CLIPPED = """() => [...document.querySelectorAll("button, select, #tabs, #panels, .actions")]
  .filter(e => e.checkVisibility({ opacityProperty: true }) && !e.closest("#strip, #sheet"))
  .filter(e => e.getBoundingClientRect().right > innerWidth + .5 || e.scrollWidth > e.clientWidth + 1)
  .map(e => e.id || e.className)"""


def axe_violations(visit: Visit) -> list[Any]:
    """What axe says against the page as it stands, and against its contrasts in the dark."""
    from axe_playwright_python.sync_playwright import Axe

    page = visit.page
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    page.emulate_media(color_scheme="light")
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    assert len(found["passes"]) > 10
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate("axe.run({ runOnly: ['color-contrast'], resultTypes: ['violations'] })")
    assert dark["passes"]
    violations = [*found["violations"], *dark["violations"]]
    return [(v["id"], v["impact"], v["nodes"][0]["html"]) for v in violations]


def test_axe_in_every_state(browser: Any, address: str, files: dict[str, Path]) -> None:
    # At rest: axe counts the colours of what is half faded in, which is nothing that anyone reads.
    with Visit(browser, address, reduced_motion="reduce", bypass_csp=True) as visit:
        page = visit.page
        assert axe_violations(visit) == []
        page.evaluate(
            "document.querySelectorAll('#last-time, #last-settings, #addresses').forEach(e => { e.hidden = false; })"
        )
        page.evaluate("document.querySelector('#last-time p').textContent = '2 photographs'")
        assert axe_violations(visit) == []
        page.set_input_files("#files", [files["coffee"], files["broken"], files["rocket"], files["wall"]])
        page.locator(DONE).nth(1).wait_for()
        page.locator(FAILED).nth(1).wait_for()
        for tab in ("Background", "Light", "Frame", "Size", "Presets"):
            visit.tab(tab)
            assert (tab, axe_violations(visit)) == (tab, [])
            if tab == "Frame":
                page.get_by_role("button", name="Place by hand").click()
                assert axe_violations(visit) == []
                page.keyboard.press("Escape")
        visit.tab("Background")
        visit.paint("Lens blur")
        page.locator("#focus-tool").click()
        page.locator("#said").press_sequentially("soft")
        page.locator("#phrases li").first.wait_for()
        page.keyboard.press("ArrowDown")
        assert axe_violations(visit) == []
        page.locator("#said").fill("")
        visit.paint("Transparent")
        visit.tab("Presets")
        page.get_by_role("button", name="Keep", exact=True).click()
        page.get_by_role("button", name="Brush").click()
        assert axe_violations(visit) == []
        page.get_by_role("button", name="Compare", exact=True).click()
        for tile in (1, 2, 3):  # broken, doubtful, without a subject
            page.locator("#strip .face").nth(tile).click()
            assert (tile, axe_violations(visit)) == (tile, [])
        page.locator("#to-check").click()
        page.get_by_role("radio", name="Amazon").check(force=True)
        page.locator("#strip .face").nth(2).click()
        page.get_by_text("Cutout: needs a look").wait_for()
        assert axe_violations(visit) == []
        page.locator("#language").click()
        assert axe_violations(visit) == []
        page.locator("#help").click()
        assert axe_violations(visit) == []


def test_on_a_phone(browser: Any, address: str, files: dict[str, Path]) -> None:
    with Visit(browser, address, **PHONE) as visit:
        page = visit.page
        assert page.evaluate(SMALL_TARGETS) == []
        visit.open(files["astronaut"], files["coffee"], files["chelsea"])
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            visit.pictured(f"phone-{scheme}.png")
        for tab in ("Background", "Light", "Frame", "Size", "Presets"):
            visit.tab(tab)
            assert (tab, page.evaluate(SMALL_TARGETS)) == (tab, [])
        rest = page.locator("#frame").bounding_box()["height"]
        assert rest > 200
        page.get_by_role("button", name="Remove", exact=True).first.tap()
        page.get_by_role("button", name="Brush").tap()
        assert page.evaluate(SMALL_TARGETS) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert page.locator("#frame").bounding_box()["height"] > 1.5 * rest  # the controls make room
        assert page.locator("#panels").is_hidden()
        assert page.locator("#download").is_visible()


def test_on_the_smallest_screens(browser: Any, address: str, files: dict[str, Path]) -> None:
    """Nothing is wider than the screen, cut off or covered, also with the button to share that phones have; nor on a
    laptop's screen at 200 %, which is 640 x 430."""
    with Visit(browser, address, **PHONE) as visit:
        page = visit.page
        page.locator("#language").tap()  # German words are the longer ones
        page.set_viewport_size({"width": 320, "height": 568})
        page.evaluate("document.querySelector('#last-time').hidden = false")
        assert page.locator("#empty").evaluate("e => e.scrollWidth - e.clientWidth") <= 0
        visit.open(files["rocket"], files["coffee"])
        page.locator("#share").evaluate("e => e.hidden = false")
        for width, height in ((320, 568), (360, 640), (640, 430)):
            page.set_viewport_size({"width": width, "height": height})
            for tool in ("drop", "look"):
                page.locator(f".tool[data-tool={tool}]").tap()
                assert page.evaluate("document.documentElement.scrollWidth") == width
                assert page.evaluate(CLIPPED) == page.evaluate(SMALL_TARGETS) == page.evaluate(COVERED) == []
            for tab in ("Hintergrund", "Vorlagen"):
                visit.tab(tab)
                assert page.evaluate("document.documentElement.scrollWidth") == width
                assert page.evaluate(CLIPPED) == page.evaluate(SMALL_TARGETS) == page.evaluate(COVERED) == []


def tool_states(visit: Visit) -> Iterator[str]:
    """The page with each tool at work, one after the other."""
    page = visit.page
    press = "e => e.click()"
    page.locator("#t-frame").evaluate(press)
    for name in ("crop-tool", "subject-tool"):
        page.locator(f"#{name}").evaluate(press)
        page.locator({"crop-tool": "#crop", "subject-tool": "#placing"}[name]).wait_for()
        yield name
    page.keyboard.press("Escape")
    page.locator(".tool[data-tool=heal]").click()
    yield "heal"
    page.locator(".tool[data-tool=look]").click()
    page.locator("#said").fill("white background, soft shadow, size 300x200")
    page.locator("#said").press("Enter")
    page.locator("#plan dl").wait_for()
    yield "words"
    page.locator("#said").press("Escape")
    page.locator("#grid").click()
    yield "grid"
    page.locator("#grid").click()
    page.locator("#strip .face").nth(1).click()
    page.locator("#failure").wait_for()
    yield "failure"
    page.locator("#help").click()
    yield "help"
    page.keyboard.press("Escape")


@pytest.mark.parametrize(("width", "height", "direction"), [(320, 568, "ltr"), (640, 430, "rtl")])
def test_no_tool_overflows(
    browser: Any, address: str, files: dict[str, Path], width: int, height: int, direction: str
) -> None:
    """On the smallest phone, and from right to left at 200 % on a laptop."""
    with Visit(browser, address, **PHONE) as visit:
        page = visit.page
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(
            "d => loadModule('strings.js').then(({ text }) => { document.documentElement.dir = text.direction = d; })",
            direction,
        )
        page.set_input_files("#files", [files["two"], files["broken"]])
        page.locator(DONE).wait_for()
        page.locator(FAILED).wait_for()
        for state in tool_states(visit):
            visit.pictured(f"{direction}-{width}-{state}.png")
            assert page.evaluate("document.documentElement.scrollWidth") == width, state
            assert (state, page.evaluate(CLIPPED)) == (state, [])
            assert (state, page.evaluate(SMALL_TARGETS)) == (state, [])


def test_from_right_to_left(browser: Any, address: str, files: dict[str, Path]) -> None:
    """The page is mirrored, the photograph is not."""
    with Visit(browser, address, reduced_motion="reduce") as visit:
        page = visit.page
        page.evaluate("loadModule('strings.js').then(({ text }) => { text.direction = 'rtl'; })")
        page.evaluate("document.documentElement.dir = 'rtl'")
        visit.open(files["rocket"], files["coffee"])
        assert page.locator("#controls").bounding_box()["x"] < page.locator("#bench").bounding_box()["x"]
        visit.tab("Background")
        page.keyboard.press("ArrowLeft")  # forwards
        assert page.get_by_role("tabpanel", name="Light").is_visible()
        page.focus("#slider")
        for _ in range(30):
            page.keyboard.press("ArrowRight")
        left, _ = visit.at(0.3, 0)
        handle = page.locator("#handle").bounding_box()
        assert abs(handle["x"] + handle["width"] / 2 - left) < 2
        visit.pictured("right-to-left.png")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate(CLIPPED) == []


def test_reduced_motion(browser: Any, address: str, files: dict[str, Path]) -> None:
    with Visit(browser, address, reduced_motion="reduce") as visit:
        visit.open(files["two"])
        moving = visit.page.evaluate(
            "() => document.getAnimations().filter(a => a.effect.getComputedTiming().duration < 3000).length"
        )
        assert moving == 0
        assert visit.page.locator("#sheet").evaluate("e => e.style.getPropertyValue('--share')") == "0%"


def test_the_layout_does_not_jump(browser: Any, address: str, files: dict[str, Path]) -> None:
    """From the photograph's arrival to its result, nothing is pushed about."""
    with Visit(browser, address) as visit:
        waiting: list[Any] = []
        visit.page.route("**/v1/cutouts", lambda route: waiting.append(route))
        visit.page.set_input_files("#files", files["coffee"])
        visit.page.locator("[data-status=working]").wait_for()
        places = ("#frame", "#foot", "#strip", "#panels", ".actions")
        before = [visit.page.locator(p).bounding_box() for p in places]
        while not waiting:  # the photograph goes up first
            visit.page.wait_for_timeout(20)
        waiting[0].continue_()
        visit.page.unroute("**/v1/cutouts")
        visit.page.locator(DONE).wait_for()
        assert [visit.page.locator(p).bounding_box() for p in places] == before

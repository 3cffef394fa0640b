"""Accessibility and layout of the page: axe in every state and both colour schemes, touch targets on a phone, reduced
motion. The pictures in docs/ are made here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.server.page_visit import CHROMIUM, DONE, FAILED, Visit

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
    pytest.mark.timeout(180),
]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SMALL_TARGETS = """() => [...document.querySelectorAll("button, select, input, label.swatch, label.preset")]
  .filter(e => e.checkVisibility({ opacityProperty: true }))
  .filter(e => !e.matches(".unseen, .swatch input, .preset input, .switch")) // their labels are the targets
  .map(e => [e.id || e.className || e.name, e.getBoundingClientRect().width, e.getBoundingClientRect().height])
  .filter(([, w, h]) => w < 43.9 || h < 43.9)"""


COVERED = """() => ["#status", "#out", "#undo", "#strip .face", "#download"].filter(name => {
  const element = document.querySelector(name);
  element.scrollIntoView({ block: "nearest" });
  const box = element.getBoundingClientRect();
  return !element.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height - 4));
})"""
CLIPPED = """() => [...document.querySelectorAll("button, select, #tabs, #panels, .actions")]
  .filter(e => e.checkVisibility({ opacityProperty: true }) && !e.closest("#strip"))
  .filter(e => e.getBoundingClientRect().right > innerWidth + .5 || e.scrollWidth > e.clientWidth + 1)
  .map(e => e.id || e.className)"""


def axe_violations(visit: Visit) -> list[Any]:
    """What axe says against the page as it stands."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(visit.page).response
    assert len(found["passes"]) > 10
    return [(v["id"], v["impact"], v["nodes"][0]["html"]) for v in found["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_in_every_state(browser: Any, address: str, files: dict[str, Path], scheme: str) -> None:
    # At rest: axe counts the colours of what is half faded in, which is nothing that anyone reads.
    with Visit(browser, address, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True) as visit:
        page = visit.page
        assert axe_violations(visit) == []
        page.set_input_files("#files", [files["coffee"], files["broken"]])
        page.locator(DONE).wait_for()
        page.locator(FAILED).wait_for()
        for tab in ("Background", "Light", "Frame", "Size", "Presets"):
            visit.tab(tab)
            assert (tab, axe_violations(visit)) == (tab, [])
        page.get_by_role("button", name="Keep", exact=True).click()
        page.get_by_role("button", name="Brush").click()
        assert axe_violations(visit) == []
        page.locator("#strip .face").nth(1).click()
        assert axe_violations(visit) == []
        page.locator("#help").click()
        assert axe_violations(visit) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(browser: Any, address: str, files: dict[str, Path], scheme: str) -> None:
    with Visit(browser, address, color_scheme=scheme, **PHONE) as visit:
        page = visit.page
        assert page.evaluate(SMALL_TARGETS) == []
        visit.open(files["astronaut"], files["coffee"], files["chelsea"])
        page.wait_for_timeout(800)
        visit.pictured(f"phone-{scheme}.png")
        for tab in ("Background", "Light", "Frame", "Size", "Presets"):
            visit.tab(tab)
            assert (tab, page.evaluate(SMALL_TARGETS)) == (tab, [])
        page.get_by_role("button", name="Remove", exact=True).first.tap()
        page.get_by_role("button", name="Brush").tap()
        assert page.evaluate(SMALL_TARGETS) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        frame = page.locator("#frame").bounding_box()
        assert frame["height"] > 200
        assert page.locator("#download").is_visible()


def test_on_the_smallest_phones(browser: Any, address: str, files: dict[str, Path]) -> None:
    """Nothing is wider than the screen, cut off or covered, also with the button to share that phones have."""
    with Visit(browser, address, **PHONE) as visit:
        page = visit.page
        visit.open(files["astronaut"], files["coffee"])
        page.get_by_role("button", name="Remove", exact=True).first.tap()
        page.get_by_role("button", name="Brush").tap()
        page.locator("#share").evaluate("e => e.hidden = false")
        for width, height in ((320, 568), (360, 640)):
            page.set_viewport_size({"width": width, "height": height})
            for tab in ("Background", "Presets"):
                visit.tab(tab)
                assert page.evaluate("document.documentElement.scrollWidth") == width
                assert page.evaluate(CLIPPED) == page.evaluate(SMALL_TARGETS) == page.evaluate(COVERED) == []


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
        waiting[0].continue_()
        visit.page.unroute("**/v1/cutouts")
        visit.page.locator(DONE).wait_for()
        assert [visit.page.locator(p).bounding_box() for p in places] == before

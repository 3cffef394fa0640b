"""The page for everybody: axe finds nothing in any state of it, in both schemes; on a phone all of it is there, large
enough to touch, and nothing moves sideways. docs/ has its pictures from here.
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
TARGETS = """() => [...document.querySelectorAll("button, select, input, label.swatch, label.preset")]
  .filter(e => e.checkVisibility({ opacityProperty: true }))
  .filter(e => !e.matches(".unseen, .swatch input, .preset input, .switch")) // their labels are the targets
  .map(e => [e.id || e.className || e.name, e.getBoundingClientRect().width, e.getBoundingClientRect().height])
  .filter(([, w, h]) => w < 43.9 || h < 43.9)"""


def accused(visit: Visit) -> list[Any]:
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
        assert accused(visit) == []
        page.set_input_files("#files", [files["coffee"], files["broken"]])
        page.locator(DONE).wait_for()
        page.locator(FAILED).wait_for()
        for tab in ("Background", "Light", "Frame", "Size", "Presets"):
            visit.tab(tab)
            assert (tab, accused(visit)) == (tab, [])
        page.get_by_role("button", name="Keep", exact=True).click()
        page.get_by_role("button", name="Brush").click()
        assert accused(visit) == []
        page.locator("#strip .face").nth(1).click()
        assert accused(visit) == []
        page.locator("#help").click()
        assert accused(visit) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(browser: Any, address: str, files: dict[str, Path], scheme: str) -> None:
    with Visit(browser, address, color_scheme=scheme, **PHONE) as visit:
        page = visit.page
        assert page.evaluate(TARGETS) == []
        visit.open(files["astronaut"], files["coffee"], files["chelsea"])
        page.wait_for_timeout(800)
        visit.pictured(f"phone-{scheme}.png")
        for tab in ("Background", "Light", "Frame", "Size", "Presets"):
            visit.tab(tab)
            assert (tab, page.evaluate(TARGETS)) == (tab, [])
        page.get_by_role("button", name="Remove", exact=True).first.tap()
        page.get_by_role("button", name="Brush").tap()
        assert page.evaluate(TARGETS) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        frame = page.locator("#frame").bounding_box()
        assert frame["height"] > 200
        assert page.locator("#download").is_visible()


def test_nothing_moves_for_those_who_asked_for_rest(browser: Any, address: str, files: dict[str, Path]) -> None:
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

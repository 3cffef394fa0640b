"""The subject placed by hand in the page: half of the height at the left of 500 x 250 pixels at first."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tests.server.page_visit import Visit
from tests.server.test_page_marks import composed_pixels

PINCH = """([ratio, degrees]) => {
  const area = document.querySelector("#placing"), box = document.querySelector("#subject-box").getBoundingClientRect();
  const middle = [box.left + box.width / 2, box.top + box.height / 2], reach = 40;
  const send = (type, pointerId, angle, distance) => area.dispatchEvent(new PointerEvent(type, {
    pointerId, pointerType: "touch", button: 0, bubbles: true,
    clientX: middle[0] + distance * Math.cos(angle), clientY: middle[1] + distance * Math.sin(angle),
  }));
  area.setPointerCapture = () => {};
  const turn = (degrees * Math.PI) / 180;
  for (const [finger, angle] of [[1, 0], [2, Math.PI]]) send("pointerdown", finger, angle, reach);
  for (const [finger, angle] of [[1, 0], [2, Math.PI]]) send("pointermove", finger, angle + turn, ratio * reach);
  for (const finger of [1, 2]) send("pointerup", finger, 0, reach);
  delete area.setPointerCapture;
}"""  # two fingers on the subject
BOX, STATUS = "#subject-box", "#status"


def place_values(page: Any) -> list[float]:
    """Size, place and rotation of the subject."""
    return [float(page.locator(f"[name={name}]").input_value()) for name in ("fill", "across", "down", "rotate")]


def drag_middle(page: Any, where: Any, right: float, down: float) -> None:
    """Drag the middle of an element by pixels of the screen."""
    area = where.bounding_box()
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=4)
    page.mouse.up()


def place_by_pointers(visit: Visit) -> None:
    """Moved, sized, turned, each one step of the history; then by two fingers at once."""
    page, box = visit.page, visit.page.locator(BOX)
    before = place_values(page)
    page.get_by_role("button", name="Place by hand").click()
    assert page.evaluate("document.activeElement.id") == "placing"
    start = box.bounding_box()
    drag_middle(page, box, 60, 20)
    moved = box.bounding_box()
    assert (moved["x"] - start["x"], moved["y"] - start["y"]) == pytest.approx((60, 20), abs=2)
    said = page.locator(STATUS).inner_text()
    assert re.fullmatch(r"Size 50 %, .* % from the left, .* % from the top\.", said)
    drag_middle(page, page.locator("[data-kind=size]").nth(2), moved["width"] / 4, moved["height"] / 4)
    sized = box.bounding_box()
    assert sized["height"] == pytest.approx(1.5 * moved["height"], rel=0.08)
    middles = [area["y"] + area["height"] / 2 for area in (moved, sized)]
    assert middles[0] == pytest.approx(middles[1], abs=3)
    drag_middle(page, page.locator("[data-kind=rotate]"), sized["width"], sized["height"] / 2 + 26)  # a quarter turn
    assert place_values(page)[3] == 90
    assert page.locator(STATUS).inner_text().endswith("turned by 90°.")
    for _ in range(3):
        page.get_by_role("button", name="Undo").click()
    assert place_values(page) == before
    assert box.bounding_box() == start
    page.evaluate(PINCH, [0.5, 30])
    assert place_values(page)[::3] == [25, 30]
    page.get_by_role("button", name="Undo").click()
    assert place_values(page) == before


def place_by_keys(visit: Visit) -> None:
    """With the tool open; what is shown then is what is downloaded."""
    page, request_count = visit.page, len(visit.post_paths)
    _, across_before, down_before, _ = place_values(page)
    page.focus("#placing")
    for key in ("+", "ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    fill, across, down, _ = place_values(page)
    assert fill == 51
    assert (across - across_before, down - down_before) == pytest.approx((1, 10), abs=1)
    page.locator("[data-kind=rotate]").focus()
    page.keyboard.press("ArrowLeft")
    assert place_values(page)[3] == -1
    page.keyboard.press("Shift+ArrowLeft")
    assert place_values(page)[3] == -15
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "subject-tool"
    assert page.locator("#placing").is_hidden()
    visit.settle()
    assert len(visit.post_paths) == request_count
    shown, result = composed_pixels(visit), np.asarray(visit.downloaded()[1].convert("RGBA"))
    assert result.shape == shown.shape == (250, 500, 4)
    assert np.abs(result[..., 3].astype(int) - shown[..., 3]).max() <= 1

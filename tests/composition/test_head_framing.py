"""A person's head is detected in a drawn silhouette, and framed without being cut."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.composition import layer_composition
from mattebox.composition.head_detection import head_box
from mattebox.composition.head_framing import place_around_head
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Cut, Frame
from mattebox.types import Picture

SKIN, CLOTH = (215, 160, 130), (40, 60, 160)


def person(height: int = 600, width: int = 400, colour: tuple[int, int, int] = SKIN) -> Picture:
    """Head of 100 x 140 from row 60, a neck of 40, and shoulders of 260 down to the lower rim."""
    y, x = np.mgrid[:height, :width].astype(float)
    head = ((x - 200) / 50) ** 2 + ((y - 130) / 70) ** 2 < 1
    neck = (abs(x - 200) < 20) & (y > 150) & (y < 240)
    trunk = (abs(x - 200) < np.clip(40 + (y - 225) * 3, 0, 130)) & (y > 225)
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[trunk] = CLOTH
    rgb[head | neck] = colour
    return Picture(rgb, np.where(head | neck | trunk, 255, 0).astype(np.uint8))


def test_found_to_a_few_pixels() -> None:
    assert head_box(person()) == pytest.approx((150, 60, 250, 200), abs=12)


@pytest.mark.parametrize("colour", [(90, 60, 45), (140, 95, 70), (235, 190, 165)])
def test_whatever_the_colour_of_the_skin(colour: tuple[int, int, int]) -> None:
    assert head_box(person(colour=colour)) is not None


def test_a_green_bottle_is_no_person() -> None:
    assert head_box(person(colour=(20, 120, 40))) is None


def test_a_disc_and_nothing_have_no_head() -> None:
    y, x = np.mgrid[:200, :200]
    alpha = np.where((x - 100) ** 2 + (y - 100) ** 2 < 6400, 255, 0).astype(np.uint8)
    skin = np.full((200, 200, 3), SKIN, np.uint8)
    assert head_box(Picture(skin, alpha)) is None
    assert head_box(Picture(skin, np.zeros_like(alpha))) is None
    assert head_box(Picture(skin)) is None


def test_an_ear_is_no_head() -> None:
    """Narrow, of the colour of skin, above a neck: but at one side of what is below, or far too small for it."""
    y, x = np.mgrid[:600, :900].astype(float)
    ear = ((x - 200) / 50) ** 2 + ((y - 130) / 70) ** 2 < 1
    face = ((x - 400) / 300) ** 2 + ((y - 400) / 200) ** 2 < 1
    bridge = (abs(x - 200) < 30) & (y > 150) & (y < 330)
    skin = np.full((600, 900, 3), SKIN, np.uint8)
    assert head_box(Picture(skin, np.where(ear | face | bridge, 255, 0).astype(np.uint8))) is None
    small = person().rgb[::4, ::4], person().alpha[::4, ::4]  # type: ignore[index]
    alpha = np.zeros((600, 900), np.uint8)
    alpha[:150, 400:500], alpha[150:, 100:800] = small[1], 255
    assert head_box(Picture(skin, alpha)) is None


def test_the_head_takes_its_share_in_the_middle_with_room_above() -> None:
    placement = place_around_head(
        (70, 60, 330, 600), (150, 60, 250, 200), Frame(around="head", fill="50%", size="500x500")
    )
    left, top, right, bottom = placement.map_box((150, 60, 250, 200))
    assert bottom - top == 250
    assert (left + right) / 2 == 250
    assert 40 < top < 130
    assert placement.map_box((70, 60, 330, 600))[3] == 500


def test_a_bust_cut_short_is_enlarged_until_it_reaches_the_rim() -> None:
    placement = place_around_head(
        (70, 60, 330, 260), (150, 60, 250, 200), Frame(around="head", fill="30%", size="500x500")
    )
    assert placement.top + placement.scale * 260 == pytest.approx(500)


def compose(cutout: Picture, **frame: str) -> Picture:
    def refuse_image(path: str) -> Picture:
        raise AssertionError(path)

    steps = (Cut(), Frame(around="head", size="300x300", **frame), Background(paint="white"))  # type: ignore[arg-type]
    return layer_composition.compose_layers(cutout, cutout, (70, 60, 330, 600), Recipe(steps), refuse_image).flatten()


def test_framed_and_nothing_stretched() -> None:
    result = compose(person(), fill="50%")
    skin = np.abs(result.rgb.astype(int) - SKIN).max(2) < 40
    rows = np.flatnonzero(skin.any(1))
    head = skin[rows[0] : rows[0] + 150]
    columns = np.flatnonzero(head.any(0))
    assert np.ptp(columns) == pytest.approx(150 * 100 / 140, abs=12)
    assert rows[0] > 20


def test_without_a_head_the_subject_is_framed_with_a_note() -> None:
    result = compose(person(colour=(20, 120, 40)))
    assert any("no head found" in note for note in result.notes)

"""Things, years and attributes that no vocabulary has are understood by their place; what asks for more is not."""

from __future__ import annotations

import pytest

from mattebox.errors import MatteboxError
from mattebox.language.errors import AmbiguousWords
from mattebox.language.plan import plan_request
from mattebox.recipe.steps import Background, Cut, Frame, Light, Restore


@pytest.mark.parametrize(
    "request_text",
    [
        "Zorbine: white background",
        "zorbic chair on a white background",
        "Zorbship photo. White background",
        "remove the zorbroom behind the chair, white background",
        "wir brauchen den Zorbschrauber vor weißem Hintergrund",
        "Zorbscheibe ohne Zorbstatt dahinter, weißer Hintergrund",
        "1. white background\n2. cut out",
        "a chair from 1962, white background",
        "white background, tastefully",
    ],
)
def test_things_need_no_vocabulary(request_text: str) -> None:
    background = plan_request(request_text).recipe.find_step(Background)
    assert background is not None
    assert background.paint == "white"


@pytest.mark.parametrize(
    "request_text",
    ["turn the car into a zorbmobile, white background", "give the dog a zorb, white background",
     "make it a zorb, brighter", "rounded corners, white background", "softwood behind it, soft shadow",
     "remove the zorblings, brighter", "zorbify the chair, white background",
     "mach aus dem Auto ein Zorbmobil, weißer Hintergrund"],
)  # fmt: skip
def test_what_asks_for_more_is_not_half_understood(request_text: str) -> None:
    with pytest.raises(MatteboxError):
        plan_request(request_text)


def test_a_year_is_no_strength() -> None:
    restore = plan_request("old picture from 1962: remove the noise").recipe.find_step(Restore)
    assert restore is not None
    assert restore.amount == "auto"


@pytest.mark.parametrize(
    ("request_text", "only"),
    [("make the cake a bit brighter", "all"), ("make the product a bit brighter", "subject"),
     ("brighten just the cake", "subject"), ("brighten me, not the grass", "subject")],
)  # fmt: skip
def test_a_change_is_limited_where_that_is_said(request_text: str, only: str) -> None:
    light = plan_request(request_text).recipe.find_step(Light)
    assert light is not None
    assert light.only == only


@pytest.mark.parametrize(
    ("request_text", "crop"),
    [("on white with 10% room around it", "subject"), ("on white with a 10% margin", "nothing"),
     ("square, on white, 10% room around it", "nothing")],
)  # fmt: skip
def test_room_around_the_subject_goes_around_its_box(request_text: str, crop: str) -> None:
    frame = plan_request(request_text).recipe.find_step(Frame)
    assert frame is not None
    assert frame.crop == crop


@pytest.mark.parametrize("request_text", ["adjust the brightness", "different contrast", "Sättigung verändern"])
def test_a_change_without_a_direction_is_asked_about(request_text: str) -> None:
    with pytest.raises(AmbiguousWords) as caught:
        plan_request(request_text)
    for choice in caught.value.choices:
        assert plan_request(choice).recipe.steps


def test_what_is_excluded_says_which_of_several() -> None:
    cut = plan_request("cut out just the person, not the bike").recipe.find_step(Cut)
    assert cut is not None
    assert cut.pick == "person"

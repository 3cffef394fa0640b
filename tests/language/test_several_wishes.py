"""Requests of several parts: one thing of several, areas and exceptions that go on, gradients, presets, contexts."""

from __future__ import annotations

import pytest

from mattebox.errors import MatteboxError, UsageError
from mattebox.language.description import changed_values
from mattebox.language.errors import AmbiguousWords
from mattebox.language.plan import plan_request


@pytest.mark.parametrize(
    ("request_text", "picked"),
    [
        ("cut out the bicycle and leave the person out", "bicycle"),
        ("just the dog, not the man: remove everything else", "dog"),
        ("cut out dog and person together on green", "person+dog"),
        ("Bloß das Pferd, ohne die Reiterin, auf hellgrünem Grund", "horse"),
        ("Nur den Hund behalten, die Leute nicht", "dog"),
        ("cut out the dog, white background", "all"),
    ],
)
def test_one_class_of_several_things_is_picked(request_text: str, picked: str) -> None:
    assert changed_values(plan_request(request_text).recipe).get("pick", "all") == picked


@pytest.mark.parametrize(
    ("request_text", "wanted"),
    [
        ("make the background darker and less saturated", {"light_only": "background", "colour_only": "background"}),
        ("brighten the dog and make the picture warmer", {"warmth": 25, "exposure": 0.5}),
        ("pixelate the faces but not the plates", {"hide": "faces", "hide_method": "mosaic"}),
        ("Die Gesichter verpixeln, die Kennzeichen aber nicht", {"hide": "faces", "hide_method": "mosaic"}),
        ("Gesichter verpixlen, die Autokennzeichen bitte auch", {"hide": "all", "hide_method": "mosaic"}),
        ("grauer Verlauf, unten grau, oben weiß", {"background": "linear-gradient(180deg, white, grey)"}),
        ("gradient with white at the bottom and red at the top", {"background": "linear-gradient(180deg, red, white)"}),
        ("a sticker with a white border", {"outline": "2.5%"}),
        ("white, a bit of room around it, say 10% on each side", {"margin": "10%"}),
        ("It looks so cold. warmer", {"warmth": 25}),
        ("its to bright", {"exposure": -0.5}),
    ],
)
def test_parts_go_on_from_each_other(request_text: str, wanted: dict[str, object]) -> None:
    values = changed_values(plan_request(request_text).recipe)
    assert {name: values.get(name) for name in wanted} == wanted
    if "picture" in request_text:
        assert "colour_only" not in values


@pytest.mark.parametrize(
    "request_text",
    [
        "I took this at my cousin's barbecue. more contrast",
        "Photographer here. more contrast",
        "more contrast. The rest can stay as it is.",
        "There's a thin fringe around it. more contrast",
        "Re: order 4711. more contrast",
        "My daughter planted the zorbs herself. more contrast",
        "mehr Kontrast, das Foto entstand bei Kerzenlicht",
        "mehr Kontrast bevor ich es in die Druckerei schicke",
        "mehr Kontrast. Der Rest kann so bleiben.",
        "mehr Kontrast, du weißt schon",
        "quick one: more contrast",
    ],
)
def test_contexts_ask_for_nothing(request_text: str) -> None:
    assert changed_values(plan_request(request_text).recipe) == {"contrast": 20}


@pytest.mark.parametrize(
    "request_text",
    ["brighten the dog, not the man", "brighten by 12 stops",
     "My shirt with more zorb. White background", "noise everywhere, sharpen it"],
)  # fmt: skip
def test_what_cannot_be_kept_apart_is_refused(request_text: str) -> None:
    with pytest.raises(UsageError):
        plan_request(request_text)


@pytest.mark.parametrize(
    "request_text", ["put a border around it", "Mach einen Rand drum", "mehr Tiefe", "add a watermark"]
)
def test_what_is_said_without_how_is_asked(request_text: str) -> None:
    with pytest.raises(AmbiguousWords):
        plan_request(request_text)


def test_a_request_in_words_never_sets_what_lies_out_of_range() -> None:
    with pytest.raises(MatteboxError, match="too much"):
        plan_request("make it 12 stops brighter")

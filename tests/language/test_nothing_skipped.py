"""No part of a request that means something is left out: it is read, asked about, or refused."""

from __future__ import annotations

import pytest

from mattebox.errors import MatteboxError
from mattebox.language.description import changed_values
from mattebox.language.errors import AmbiguousWords
from mattebox.language.lexicon_cache import load_lexicon
from mattebox.language.plan import plan_request


@pytest.mark.parametrize(
    ("request_text", "wanted"),
    [("Zalando packshot, with a bit of contrast added", {"contrast": 10}),
     ("white background, the product takes up three quarters of it", {"fill": "75%"}),
     ("in the distance slightly warmer colours", {"warmth": 13, "colour_only": "far"}),
     ("in der Ferne etwas wärmere Farben", {"warmth": 13, "colour_only": "far"}),
     ("dahinter bitte dunkler und entsättigt", {"light_only": "background", "colour_only": "background"}),
     ("everything in black and white, only the red car stays in colour", {"colour_only": "background"}),
     ("cut it out with a white outline, 10 px wide", {"outline": "10px", "size": "original"}),
     ("the faces are blurry, face restoration at 70", {"faces": 70}),
     ("just the dog and the cat, drop everybody else", {"pick": "cat+dog"}),
     ("amazon main image but make the product sharper", {"sharpen_only": "subject"}),
     ("white balance for tungsten bulbs, 2900K", {"balance": "2900K"})],
)  # fmt: skip
def test_all_parts_are_read(request_text: str, wanted: dict[str, object]) -> None:
    values = changed_values(plan_request(request_text).recipe)
    defaults = {"size": "original"}
    assert {name: values.get(name, defaults.get(name)) for name in wanted} == wanted


@pytest.mark.parametrize(
    "request_text",
    ["Auto ausschneiden, weißer Hintergrund, Schatten der lang über den Boden fällt", "make it square and also 16:9",
     "check it against the rules of Rakuten", "less contrast, softer look, slightly warmer"],
)  # fmt: skip
def test_what_cannot_be_read_is_not_left_out(request_text: str) -> None:
    with pytest.raises(MatteboxError):
        plan_request(request_text)


@pytest.mark.parametrize(
    "request_text",
    ["von den drei Tassen nur eine freistellen", "Bitte nur eine der beiden Personen freistellen",
     "da sind zwei Ketten drauf, ich brauche nur eine", "cut out only one of the bottles"],
)  # fmt: skip
def test_one_of_several_things_is_asked_about(request_text: str) -> None:
    with pytest.raises(AmbiguousWords):
        plan_request(request_text)


@pytest.mark.parametrize("request_text", ["nur einen weichen Schatten", "just one soft shadow"])
def test_one_of_something_else_is_not(request_text: str) -> None:
    assert changed_values(plan_request(request_text).recipe)["shadow"] == "contact"


@pytest.mark.parametrize(
    ("language", "word"),
    [("en", "rules"), ("en", "through"), ("en", "lamp"), ("en", "base"), ("de", "tasse"), ("de", "uhr"),
     ("de", "lehne"), ("de", "bei")],
)  # fmt: skip
def test_a_word_of_a_phrase_means_nothing_by_itself(language: str, word: str) -> None:
    # as it did where all other words of the phrase are passed over: German "unter der Tasse", a kind of shadow
    meanings = load_lexicon(language).find_phrase((word,))
    assert not [m for m in meanings if type(m).__name__ == "Adjective" and word != "through"]
    assert word not in ("lamp", "lehne", "bei") or not meanings


@pytest.mark.parametrize(
    ("request_text", "preset"),
    [("brighten this passport photo", ""), ("das Passbild etwas heller", ""),
     ("convert this portrait to black and white", ""), ("make a passport photo of it, brighter", "passport")],
)  # fmt: skip
def test_a_preset_that_only_names_the_picture_asks_for_nothing(request_text: str, preset: str) -> None:
    readings = plan_request(request_text).readings
    assert [r.values["preset"] for r in readings if "preset" in r.values] == ([preset] if preset else [])


@pytest.mark.parametrize(
    ("request_text", "wanted"),
    [("weißabgleich auf 5600 kelvin, aber nur zu 70 prozent", {"balance": "5600K", "balance_strength": 70}),
     ("blurry background, around 6%", {"background": "blur(6%)"}), ("90 degrees to the left", {"rotate": "-90"}),
     ("Kein weißer Hintergrund, lieber cremefarben (#fff8e7)", {"background": "#fff8e7"}),
     ("brighten up the dark areas", {"shadows": 30}), ("das Bild 2000 pixel lang", {"size": "2000"}),
     ("Upscale 2x, I want to print it", {"upscale": "2x"}), ("would amazon accept this", {"check_for": "amazon"}),
     ("Entspricht das Bild den Regeln von eBay?", {"check_for": "ebay"}), ("grainy photo, fix", {"restore": "auto"}),
     ("crop it tighter", {"crop": True}), ("Format 4 zu 3", {"aspect": "4:3"})],
)  # fmt: skip
def test_constructions(request_text: str, wanted: dict[str, object]) -> None:
    assert changed_values(plan_request(request_text).recipe) == wanted


@pytest.mark.parametrize("request_text", ["for Instagram", "für Instagram"])
def test_what_a_picture_is_for_is_asked_about_where_it_leaves_the_format_open(request_text: str) -> None:
    with pytest.raises(AmbiguousWords):
        plan_request(request_text)
    assert changed_values(plan_request(f"4:5 {request_text}").recipe) == {"aspect": "4:5"}


def test_upside_down_in_german_is_no_crop() -> None:
    values = changed_values(plan_request("steht auf dem Kopf, bitte umdrehen und etwas heller").recipe)
    assert values == {"rotate": "180", "exposure": 0.25}

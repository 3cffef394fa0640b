"""Clauses that only tell something are passed over and shown; what they ask for beside the rest is not lost."""

from __future__ import annotations

import pytest

from mattebox.language.errors import AmbiguousWords, WordsNotUnderstood
from mattebox.language.plan import plan_request
from tests.language.phrase_conditions import answer_phrase


@pytest.mark.parametrize(
    ("request_text", "line", "told"),
    [
        ("the zorb lamp made everything yellow, fix the white balance", "balance=auto", "the zorb lamp"),
        ("sky is way too bright, bring the highlights down", "highlights=-30", "sky is way too bright"),
        ("darken the background so that the zorb stands out", "exposure=-0.5 light_only=background", "so that"),
        ("Das Rot knallt so zorbelig, weniger Sättigung", "saturation=-20", "Das Rot"),
        ("Schatten aufhellen, man erkennt unterm Zorbhut niemanden", "shadows=30", "man erkennt"),
    ],
)
def test_what_is_told_is_passed_over(request_text: str, line: str, told: str) -> None:
    assert answer_phrase(request_text).line.strip() == line
    assert any(told in text for text in plan_request(request_text).passed_over) or "stands out" in request_text


@pytest.mark.parametrize(
    "request_text",
    ["the wrinkles look zorbish, brighten it", "the background is white and zorby, sharpen",
     "it looks zorbly dark, sharpen it", "we need 2000x2000 for the zorb, brighter please zorb",
     "Der Pickel ist zorbig, heller"],
)  # fmt: skip
def test_what_asks_for_more_than_the_rest_is_an_error(request_text: str) -> None:
    with pytest.raises((WordsNotUnderstood, AmbiguousWords)):
        plan_request(request_text)


@pytest.mark.parametrize(
    ("request_text", "line"),
    [
        ("Schreib unten drauf: Oma wird 80", "label=Oma wird 80 label_position=bottom"),
        ("put the text SALE at the top of the picture", "label=SALE label_position=top"),
        ("add our shop name Little Oak Toys at the top", "label=Little Oak Toys label_position=top"),
        ("logo.png oben links, Deckkraft 50 %", "label_logo=logo.png label_position=top-left label_opacity=50"),
    ],
)
def test_text_of_a_label_needs_no_quotation_marks(request_text: str, line: str) -> None:
    assert answer_phrase(request_text).line.strip() == line


@pytest.mark.parametrize(
    ("request_text", "line"),
    [
        ("brighten the car pic", "exposure=0.5"),
        ("Pizza: wärmer", "warmth=25"),
        ("Brighten me, not the room", "exposure=0.5 light_only=subject"),
        ("keep only the left half", "crop_to=0% 0% 50% 100%"),
        ("die unteren 20 % abschneiden", "crop_to=0% 0% 100% 80%"),
        ("blur faces and license plates", "hide=all hide_method=blur"),
        ("blurry background like from an f/1.8 lens", "bokeh=1.8"),
    ],
)
def test_kinds_that_were_misread(request_text: str, line: str) -> None:
    assert answer_phrase(request_text).line.strip() == line


@pytest.mark.parametrize(
    "request_text",
    ["crop it please", "make it bigger", "add my logo", "put some text on it", "rotate it a bit", "blur it",
     "andere Farbe", "Logo drauf", "unkenntlich machen", "für den Marktplatz", "write our name under it"],
)  # fmt: skip
def test_what_can_mean_two_things_is_asked_about(request_text: str) -> None:
    with pytest.raises(AmbiguousWords) as caught:
        plan_request(request_text)
    for choice in caught.value.choices:
        assert plan_request(choice).recipe


def test_one_way_of_hiding() -> None:
    with pytest.raises(WordsNotUnderstood):
        plan_request("pixelate all faces and hide the number plate")


def test_a_size_contradicts_another_proportion() -> None:
    with pytest.raises(WordsNotUnderstood):
        plan_request("1000x1000, 16:9")

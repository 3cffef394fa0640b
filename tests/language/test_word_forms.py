"""Numbers as words, lost and wrong spaces, verbs in parts, slips of the finger, emoji and camera data."""

from __future__ import annotations

import pytest

from mattebox.language.number_words import parse_number_word
from mattebox.language.plan import plan_request
from mattebox.language.spelling import find_skeleton, is_likely_error, is_slip, shorten_runs
from mattebox.language.tokens import split_tokens

PARTS = {"ein": 1, "zwei": 2, "fuenf": 5, "zwanzig": 20, "neunzig": 90, "hundert": 100, "tausend": 1000}


@pytest.mark.parametrize(
    ("word", "number"),
    [("zwanzig", 20), ("fuenfundzwanzig", 25), ("zweihundert", 200), ("zweihundertfuenfundneunzig", 295),
     ("eintausendzweihundert", 1200), ("hundertfuenf", 105), ("hundertprozentig", None), ("und", None), ("", None)],
)  # fmt: skip
def test_numbers_of_one_word(word: str, number: float | None) -> None:
    assert parse_number_word(word, PARTS, "und") == number


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("contrast twenty five", "contrast 25"),
        ("margin of two hundred and fifty pixels", "margin 250 px"),
        ("size two thousand four hundred pixels", "size 2400 px"),
        ("Rand von zweihundertfünfzig Pixeln", "Rand 250 px"),
        ("whitebackground", "white background"),
        ("Hintergrundentfernung", "Hintergrund entfernen"),
        ("schneide mir den alten Schuh bitte sauber aus", "den Schuh ausschneiden"),
        ("bckgrnd white", "background white"),
        ("whiiiite background", "white background"),
        ("white background 🙏✨", "white background"),
        ("remove the grain from shooting at ISO 6400", "remove the grain"),
        ("white background – soft shadow", "white background, soft shadow"),
        ("exposure −0.7", "exposure -0.7"),
        ("1600 square", "square, 1600 px"),
        ("1024 px wide, height 768 px", "size 1024x768"),
        ("take 15 % off the left and 10 % off the bottom", 'crop_to="15% 0% 100% 90%"'),
        ("subject fills 0.85", "subject fills 85 %"),
        ("half a stop up", "exposure 0.5"),
        ("watercolour effect, 30 %", "style=watercolour style_strength=30"),
        ("grey studio floor", 'background="studio(grey)"'),
        ("not warmer but cooler", "cooler"),
        ("everything black and white except me", "black and white, background only"),
        ("blur everything behind me", "blur the background"),
        ("png, logo.png top right", 'png, label_logo="logo.png" label_position=top-right'),
        ("write @moira in the bottom left corner", 'label="@moira" label_position=bottom-left'),
        ("three dogs, white background", "white background"),
        ("it has a blue cast, I'd like that gone", "remove the blue cast"),
        ("is this ok for ebay?", "check_for=ebay"),
        ("prüf ob das den Amazon Regeln entspricht", "check_for=amazon"),
    ],
)
def test_two_ways_to_say_it_are_one_recipe(first: str, second: str) -> None:
    assert plan_request(first).recipe == plan_request(second).recipe


def test_slips_of_the_finger() -> None:
    assert is_slip("conrrast", "contrast")
    assert not is_slip("kasten", "kalten")
    assert not is_likely_error("kasten", "kalten")
    assert is_likely_error("hintergrunt", "hintergrund")
    assert find_skeleton("background") == "bckgrnd"
    assert shorten_runs("sooo") == ["so", "soo"]


def test_how_a_photograph_was_taken_is_no_word() -> None:
    assert [token.text for token in split_tokens("iso 6400 noise")] == ["noise"]

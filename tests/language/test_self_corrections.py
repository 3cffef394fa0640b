"""What is said behind "no wait" and the like takes the place of what was said before it."""

from __future__ import annotations

import pytest

from mattebox.errors import UsageError
from mattebox.language.description import changed_values
from mattebox.language.plan import plan_request


@pytest.mark.parametrize(
    ("request_text", "wanted"),
    [
        ("vase on cream... no, on tan", {"background": "tan"}),
        ("background sky blue no wait make that navy", {"background": "navy"}),
        ("warmer, no, cooler", {"warmth": -25}),
        ("margin 5 %, sorry, I mean 8 %", {"margin": "8%"}),
        ("800 px, no wait, 1000 px", {"size": "1000"}),
        ("a bit darker, no wait, much darker", {"exposure": -1.0}),
        ("Hintergrund grau, nein, doch lieber weiß", {"background": "white"}),
        ("Hintergrund blau, äh nein, grün", {"background": "green"}),
        ("no, a bit less contrast", {"contrast": -10}),
    ],
)
def test_a_correction_takes_the_place_of_what_was_said(request_text: str, wanted: dict[str, object]) -> None:
    assert changed_values(plan_request(request_text).recipe) == wanted


@pytest.mark.parametrize("request_text", ["white background, no, shadow", "cut it out, no wait, 20 % more contrast"])
def test_what_corrects_nothing_is_refused(request_text: str) -> None:
    with pytest.raises(UsageError, match="correct"):
        plan_request(request_text)

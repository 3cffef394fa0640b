"""Unknown words are read by their place, shown in the plan, and stay errors elsewhere."""

from __future__ import annotations

import pytest

from mattebox.language.errors import WordsNotUnderstood
from mattebox.language.plan import plan_request
from mattebox.recipe.steps import Background, Cut, Light


@pytest.mark.parametrize(
    ("request_text", "thing", "subject"),
    [
        ("cut out the zorbulator", "zorbulator", "subject"),
        ("the zorbulator on white", "zorbulator", "subject"),
        ("soft shadow under my zorbulator", "zorbulator", "subject"),
        ("a photo of my old zorbulator, white background", "old zorbulator", "subject"),
        ("Stell bitte die Zorbine frei", "Zorbine", "motiv"),
        ("die Zorbine auf Weiß", "Zorbine", "motiv"),
    ],
)
def test_unknown_words_name_the_subject(request_text: str, thing: str, subject: str) -> None:
    plan = plan_request(request_text)
    assert plan.corrections == {thing: subject}
    assert plan.recipe.find_step(Cut) is not None


@pytest.mark.parametrize(
    ("request_text", "passed_over"),
    [
        ("white background for our zorbulation", "for our zorbulation"),
        ("We sell zorbulators. White background.", "We sell zorbulators"),
        ("white background, because zorbulation matters", "because zorbulation matters"),
        ("White background. Many thanks, Zorbina", "Zorbina"),
        ("weißer Hintergrund für unsere Zorbelei", "für unsere Zorbelei"),
        ("Wir verkaufen Zorbeln. Weißer Hintergrund.", "Wir verkaufen Zorbeln"),
    ],
)
def test_what_asks_for_nothing_is_passed_over_and_shown(request_text: str, passed_over: str) -> None:
    plan = plan_request(request_text)
    assert plan.passed_over == (passed_over,)
    background = plan.recipe.find_step(Background)
    assert background is not None
    assert background.paint == "white"


@pytest.mark.parametrize(
    "request_text",
    ["remove the zorbulator", "add a zorbulator on white", "make the zorbulator red", "zorbulate it",
     "brighten the zorb", "for a zorbulous look, white background", "entferne die Zorbine",
     "we want zorbulators, white background"],
)  # fmt: skip
def test_elsewhere_an_unknown_word_is_an_error(request_text: str) -> None:
    with pytest.raises(WordsNotUnderstood):
        plan_request(request_text)


@pytest.mark.parametrize(
    "request_text",
    ["brighter, everything else unchanged", "brighter, leave the colours as they are", "heller, Farben unverändert",
     "heller, sonst nichts ändern", "brighter, hands off the zorbulator"],
)  # fmt: skip
def test_what_stays_as_it_is_changes_nothing(request_text: str) -> None:
    light = plan_request(request_text).recipe.find_step(Light)
    assert light == Light(exposure=0.5)
    assert len(plan_request(request_text).recipe.steps) == 1

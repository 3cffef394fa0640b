"""Kinds of requests that were once misunderstood: statements, exceptions, areas, things, and what cannot be done."""

from __future__ import annotations

import pytest

from mattebox.errors import UsageError
from mattebox.language.description import changed_values, describe_recipe
from mattebox.language.errors import AmbiguousWords
from mattebox.language.plan import plan_request


@pytest.mark.parametrize(
    ("request_text", "wanted"),
    [
        ("the lighthouse zorps, rotate 2 degrees clockwise", {"rotate": "2"}),
        ("Der Kirchturm zorpt sich, 2 Grad nach rechts drehen", {"rotate": "2"}),
        ("two degrees counterclockwise", {"rotate": "-2"}),
        (
            "crest.png top right, quite small",
            {"label_logo": "crest.png", "label_position": "top-right", "label_size": 2.5},
        ),
        ("way, way too dark", {"exposure": 1.0}),
        ("darken the sky", {"exposure": -0.5, "light_only": "background"}),
        ("Himmel etwas kühler", {"warmth": -13, "colour_only": "background"}),
        ("warm up the subject only, not the snow around him", {"warmth": 25, "colour_only": "subject"}),
        ("cut out just the horse, the rider should go", {"pick": "horse"}),
        ("Schneid nur den Vogel aus, nicht den Zorbast", {"pick": "bird"}),
        ("no webp, png please", {"format": "png"}),
        ("kein webp, lieber png", {"format": "png"}),
        ("write AI-edited on it", {"label": "AI-edited"}),
        ("I think it needs this: brighter", {"exposure": 0.5}),
        ("Gesichter verpixeln, die Nummernschilder auch", {"hide": "all", "hide_method": "mosaic"}),
        ("white background, shadow behind it", {"shadow": "drop", "background": "white"}),
        ("vase against 25% grey", {"background": "#bfbfbf"}),
        ("The highlights are burnt, bring them down", {"highlights": -30}),
        ("Old scan of a 1950s wedding: warmer", {"warmth": 25}),
        ("zorbophone for zorbazon.com, the zorbophone on white", {"background": "white"}),
        ("brighter but not too bright", {"exposure": 0.5}),
        ("I want it darker but not too dark", {"exposure": -0.5}),
        ("wärmer, aber nicht zu warm", {"warmth": 25}),
        ("a bit too warm for my taste", {"warmth": -13}),
        ("Blaustich, deutlich wärmer", {"warmth": 50}),
        ("soll tiff bleiben, aber doppelt so groß", {"format": "tiff", "upscale": "2x"}),
    ],
)
def test_ordinary_requests(request_text: str, wanted: dict[str, object]) -> None:
    assert changed_values(plan_request(request_text).recipe) == wanted


@pytest.mark.parametrize(
    "request_text",
    ["remove the crane in the background", "Den Kran im Hintergrund wegretuschieren", "make the sky blue",
     "resize to minus 200 px", "zorbify the chair, white background",
     "Den verbeulten Kotflügel zumpeln, danach heller"],
)  # fmt: skip
def test_what_cannot_be_done_is_refused(request_text: str) -> None:
    with pytest.raises(UsageError):
        plan_request(request_text)


@pytest.mark.parametrize(
    "request_text",
    ["brighter shadows", "weniger Schatten", "sharper edges", "das Ding soll größer werden", "make it clearer"],
)
def test_what_can_mean_two_things_is_asked(request_text: str) -> None:
    with pytest.raises(AmbiguousWords):
        plan_request(request_text)


@pytest.mark.parametrize("setting", ["upscale=-5", "label_opacity=0"])
def test_what_words_would_ask_about_is_described_by_settings(setting: str) -> None:
    recipe = plan_request(setting).recipe
    assert plan_request(describe_recipe(recipe)).recipe == recipe

"""Backgrounds as users write them."""

import pytest

from mattebox.composition.background_spec import (
    BackgroundBlur,
    BackgroundImage,
    FlatColour,
    LinearGradient,
    RadialGradient,
    StudioBackdrop,
    parse_background,
)
from mattebox.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("transparent", None),
        ("White", FlatColour((255, 255, 255))),
        ("#f80", FlatColour((255, 136, 0))),
        ("10,20,30", FlatColour((10, 20, 30))),
        ("#0af8", FlatColour((0, 170, 255), 136)),
        ("#00aaff80", FlatColour((0, 170, 255), 128)),
        ("#00aaff00", None),
        ("rgb(10, 20, 30)", FlatColour((10, 20, 30))),
        ("oklch(1 0 0)", FlatColour((255, 255, 255))),
        ("oklch(62.8% 0.2577 29.23)", FlatColour((255, 0, 0))),
        ("linear-gradient(white, black)", LinearGradient(180, ((255, 255, 255), (0, 0, 0)))),
        ("linear-gradient(45deg, rgb(1,2,3), #fff)", LinearGradient(45, ((1, 2, 3), (255, 255, 255)))),
        ("radial-gradient(white, red, black)", RadialGradient(((255, 255, 255), (255, 0, 0), (0, 0, 0)))),
        ("blur", BackgroundBlur(0.03)),
        ("blur(8%)", BackgroundBlur(0.08)),
        ("studio", StudioBackdrop((236, 236, 238))),
        ("studio(black)", StudioBackdrop((0, 0, 0))),
        ("studio(rgb(1, 2, 3), horizon 70%, light 20%)", StudioBackdrop((1, 2, 3), 0.7, 0.2)),
        ("studio(contrast 100%)", StudioBackdrop((236, 236, 238), contrast=1.0)),
        ("beach.jpg", BackgroundImage("beach.jpg")),
        ("my pictures/Beach (1).PNG", BackgroundImage("my pictures/Beach (1).PNG")),
    ],
)
def test_known(text: str, expected: object) -> None:
    assert parse_background(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("wite", "did you mean white"),
        ("studoi", "did you mean studio"),
        ("bleu", "blue"),
        ("linear-gradient(white)", "two or more"),
        ("linear-gradient(white, transparent)", "opaque"),
        ("blur(99%)", "0.1% to 30%"),
        ("blur(x)", "0.1% to 30%"),
        ("studio(red, blue)", "one colour"),
        ("studio(light 120%)", "up to 100%"),
        ("", "a colour"),
        ("oklch(1)", "a colour"),
    ],
)
def test_invalid_values_are_refused_with_the_remedy(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        parse_background(text)

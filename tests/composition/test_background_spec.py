"""What may stand behind a subject, as users write it."""

import pytest

from mattebox.composition.background_spec import Blur, Flat, Image, Linear, Radial, Studio, parse
from mattebox.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("transparent", None),
        ("White", Flat((255, 255, 255))),
        ("#f80", Flat((255, 136, 0))),
        ("10,20,30", Flat((10, 20, 30))),
        ("#0af8", Flat((0, 170, 255), 136)),
        ("#00aaff80", Flat((0, 170, 255), 128)),
        ("#00aaff00", None),
        ("rgb(10, 20, 30)", Flat((10, 20, 30))),
        ("oklch(1 0 0)", Flat((255, 255, 255))),
        ("oklch(62.8% 0.2577 29.23)", Flat((255, 0, 0))),
        ("linear-gradient(white, black)", Linear(180, ((255, 255, 255), (0, 0, 0)))),
        ("linear-gradient(45deg, rgb(1,2,3), #fff)", Linear(45, ((1, 2, 3), (255, 255, 255)))),
        ("radial-gradient(white, red, black)", Radial(((255, 255, 255), (255, 0, 0), (0, 0, 0)))),
        ("blur", Blur(0.03)),
        ("blur(8%)", Blur(0.08)),
        ("studio", Studio((236, 236, 238))),
        ("studio(black)", Studio((0, 0, 0))),
        ("studio(rgb(1, 2, 3), horizon 70%, light 20%)", Studio((1, 2, 3), 0.7, 0.2)),
        ("studio(contrast 100%)", Studio((236, 236, 238), contrast=1.0)),
        ("beach.jpg", Image("beach.jpg")),
        ("my pictures/Beach (1).PNG", Image("my pictures/Beach (1).PNG")),
    ],
)
def test_known(text: str, expected: object) -> None:
    assert parse(text) == expected


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
def test_nonsense_is_refused_with_the_remedy(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        parse(text)

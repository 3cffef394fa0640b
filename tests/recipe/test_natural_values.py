"""Python's values become the text that recipes hold."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mattebox.errors import UsageError
from mattebox.recipe.flat_parameters import build_recipe, stringify_values


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("size", 1600, "1600"),
        ("size", np.int64(1600), "1600"),
        ("size", (800, 600), "800x600"),
        ("size", [800, 600], "800x600"),
        ("aspect", (4, 5), "4:5"),
        ("aspect", 1.5, "1.5:1"),
        ("fill", 0.85, "85%"),
        ("fill", np.float32(0.5), "50%"),
        ("fill", 1, "100%"),
        ("fill", 85, "85%"),
        ("margin", 0.05, "5%"),
        ("margin", 20, "20px"),
        ("margin", (10, 0.1), "10px 10%"),
        ("margin", (1, 2, 3, 4), "1px 2px 3px 4px"),
        ("outline", 12, "12px"),
        ("outline", 0, "0px"),
        ("position", (0.5, 0.3), "50% 30%"),
        ("background", (255, 255, 255), "#ffffff"),
        ("background", (255, 0, 16, 128), "#ff001080"),
        ("background", np.array([1, 2, 3], np.uint8), "#010203"),
        ("background", Path("in") / "beach.jpg", str(Path("in") / "beach.jpg")),
        ("outline_colour", (0, 255, 0), "#00ff00"),
        ("keep", (120, 80), "120,80"),
        ("keep", [(120, 80)], "120,80"),
        ("keep", [(120, 80), (0, 0, 50, 60)], "120,80 0,0:50,60"),
        ("keep", [[(1, 2), (3, 4), (5, 6)], "10%,10%"], "1,2/3,4/5,6 10%,10%"),
        ("keep", (0.25, 0.5), "25%,50%"),
        ("keep", np.array([[10, 20], [30, 40]]), "10,20 30,40"),
        ("drop", [(1.5, 300.25)], "1.5,300.25"),
        ("pick", 2, "2"),
        ("pick", (40, 50), "40,50"),
        ("region", (0.1, 0, 1, 1), "10% 0% 100% 100%"),
        ("region", (0, 10, 300, 200), "0 10 300 200"),
        ("rotate", -2.5, "-2.5"),
        ("upscale", 2, "2x"),
        ("upscale", 1.5, "1.5x"),
        ("upscale", 4000, "4000px"),
        ("balance", 3200, "3200K"),
        ("balance", (10, 20), "10,20"),
        ("restore", 0.5, "0.5"),
        ("file_limit", 5_000_000, "5000000B"),
        ("size", "800x600", "800x600"),
    ],
)
def test_natural_values(name: str, value: Any, text: str) -> None:
    assert stringify_values({name: value}) == {name: text}
    assert build_recipe(stringify_values({name: value})) == build_recipe({name: text})


def test_numbers_stay_numbers_where_they_are() -> None:
    assert stringify_values({"sharpen": np.int64(80), "crop": True, "exposure": 0.5, "unknown": (1, 2)}) == {
        "sharpen": 80, "crop": True, "exposure": 0.5, "unknown": (1, 2),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("size", (1, 2, 3), r"size: \(1, 2, 3\) is not understood; give such as size=.800, 600. or 1600"),
        ("background", (255, 255), "background: .* is not understood; give such as background="),
        ("background", (256, 0, 0), "is not understood"),
        ("background", (0.5, 0.5, 0.5), "is not understood"),
        ("keep", [(1, 2, 3)], "keep: .* is not understood; give such as keep=.*box"),
        ("keep", [], "is not understood"),
    ],
)
def test_nonsense_is_refused_with_the_remedy(name: str, value: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        stringify_values({name: value})

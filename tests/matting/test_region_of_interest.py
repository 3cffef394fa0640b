"""Region of interest: only what lies inside can be subject."""

import numpy as np
import pytest

from mattebox.errors import UsageError
from mattebox.matting.region_of_interest import parse_region
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut
from mattebox.types import Picture
from tests.fakes import composite, disc, fake_session


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("all", None),
        ("0 0 400 300", (0, 0, 400, 300)),
        ("10px, 20px, 50%, 100%", (10, 20, 200, 300)),
        ("25% 0 75% 100%", (100, 0, 300, 300)),
    ],
)
def test_a_region_is_parsed(text: str, box: tuple[int, ...] | None) -> None:
    assert parse_region(text, (300, 400)) == box


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("left", "give"),
        ("1 2 3", "give"),
        ("0 0 401 300", "stay inside"),
        ("50% 0 50% 100%", "is empty"),
        ("9 9 3 3", "is empty"),
    ],
)
def test_nonsense_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_region(text, (300, 400))


def test_one_of_two_subjects() -> None:
    one = composite(disc((200, 200)), (220, 60, 20), (20, 60, 220))
    both = Picture(np.hstack([one.rgb, one.rgb]))
    result = run_recipe(both, Recipe((Cut(region="50% 0 100% 100%"),)), session=fake_session())
    assert result.matte is not None
    assert result.picture.alpha is not None
    assert result.picture.alpha[:, :200].max() == 0
    assert result.picture.alpha[100, 300] == 255
    assert result.matte.box[0] > 230
    alone = run_recipe(one, Recipe((Cut(),)), session=fake_session())
    assert alone.picture.alpha is not None
    assert (result.picture.alpha[:, 200:] == alone.picture.alpha).all()

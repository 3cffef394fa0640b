"""A cutout of a photograph whose file holds a portrait matte: used, said, overruled, alone, and refused."""

from dataclasses import replace

import numpy as np
import pytest

from mattebox.errors import UsageError
from mattebox.pipeline.result import Result
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut
from mattebox.types import Picture
from tests.fakes import composite, disc, fake_session

SIZE = (300, 400)
ALPHA = disc(SIZE, softness=2)


def photograph() -> Picture:
    """A disc, and a file's matte of it with an arm that has the background's colour."""
    grain = np.random.default_rng(0).integers(-2, 3, (*SIZE, 1))
    picture = composite(ALPHA, np.array((220, 60, 20)) + grain, np.array((20, 60, 220)) + grain, 8)
    known = ALPHA.copy()
    known[140:160, 250:330] = 1
    return replace(picture, mattes={"portrait": np.rint(known * 255).astype(np.uint8)})


def cut(picture: Picture, **fields: object) -> Result:
    return run_recipe(picture, Recipe((Cut(**{"edges": "none", **fields}),)), session=fake_session())


def test_the_matte_is_used_and_said() -> None:
    result = cut(photograph())
    assert result.matte is not None
    assert result.matte.alpha[145:155, 300:320].min() > 250
    assert any("portrait matte decides the outline: the network agrees on 9" in note for note in result.notes)


def test_none_leaves_it_out() -> None:
    result, plain = cut(photograph(), file_matte="none"), cut(replace(photograph(), mattes={}))
    assert (result.picture.rgb == plain.picture.rgb).all()
    assert result.picture.alpha is not None
    assert plain.picture.alpha is not None
    assert (result.picture.alpha == plain.picture.alpha).all()
    assert result.notes == plain.notes == ()


def test_only_asks_no_network() -> None:
    picture = photograph()
    result = run_recipe(picture, Recipe((Cut(file_matte="only", edges="none"),)))
    assert result.model is None
    assert result.matte is not None
    assert (result.matte.alpha == picture.mattes["portrait"]).all()
    with pytest.raises(UsageError, match="holds no portrait matte"):
        cut(replace(picture, mattes={}), file_matte="only")
    with pytest.raises(UsageError, match="each decide"):
        cut(picture, file_matte="only", by="luma")


def test_a_region_takes_its_part() -> None:
    result = cut(photograph(), region="200 0 400 300", edges="none")
    assert result.matte is not None
    assert result.matte.alpha[145:155, 300:320].min() > 250
    assert not result.matte.alpha[:, :199].any()


def test_who_picks_a_subject_means_it() -> None:
    result = cut(photograph(), pick="largest")
    assert result.matte is not None
    assert result.matte.alpha[145:155, 310:320].max() < 30

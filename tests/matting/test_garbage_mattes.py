"""Garbage and holdout mattes take out exactly what they say, and core mattes put in."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.errors import InputMissing, UsageError
from mattebox.matting import garbage_mattes
from mattebox.pipeline.recipe_check import check_recipe
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut
from mattebox.types import Matte, Picture
from tests.fakes import composite, disc, fake_session

SIZE = (96, 128)


def grey(value: int, columns: slice, dtype: type = np.uint8) -> Picture:
    rgb = np.zeros((*SIZE, 3), dtype)
    rgb[:, columns] = value
    return Picture(rgb)


def test_a_holdout_matte_takes_its_share() -> None:
    matte = Matte(np.full(SIZE, 60000, np.uint16), 1.0, True, (0, 0, 128, 96))
    made = garbage_mattes.subtract_mask(
        matte,
        garbage_mattes.mask_from_picture(grey(128, slice(0, 64)), Picture(np.zeros((*SIZE, 3), np.uint8)), "h.png"),
    )
    assert made.alpha[0, 0] == round(60000 * (1 - 128 / 255))
    assert made.alpha[0, 64] == 60000


def test_garbage_is_gone_before_anything_is_decided() -> None:
    matte = Matte(np.full((24, 32), 65535, np.uint16), 1.0, True, (0, 0, 32, 24))
    garbage = garbage_mattes.mask_from_picture(
        grey(65535, slice(0, 64), np.uint16), Picture(np.zeros((*SIZE, 3), np.uint8)), "g.png"
    )
    made = garbage_mattes.apply_garbage_matte(matte, garbage)
    assert made.found
    assert made.box == (16, 0, 32, 24)
    assert not garbage_mattes.apply_garbage_matte(matte, np.ones(SIZE, np.float32)).found


@pytest.mark.parametrize(
    ("mask", "message"),
    [(Picture(np.zeros((3, 4, 3), np.uint8)), "is 4 x 3, the picture 128 x 96"),
     (Picture(np.tile(np.array([200, 10, 10], np.uint8), (*SIZE, 1))), "is in colour")],
)  # fmt: skip
def test_another_size_or_colour_is_refused(mask: Picture, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        garbage_mattes.mask_from_picture(mask, Picture(np.zeros((*SIZE, 3), np.uint8)), "g.png")


def test_a_core_is_subject_in_any_case() -> None:
    scene = composite(disc(SIZE, 2), (220, 60, 20), (20, 60, 220))
    drawn = {"h.png": grey(255, slice(0, 64)), "c.png": grey(255, slice(0, 8)), "half": grey(51, slice(120, 128))}
    for core, columns, least in (("c.png", slice(0, 8), 255), ("half", slice(120, 128), 51)):
        steps = (Cut(holdout="h.png", core=core, colours="source"),)
        made = run_recipe(
            Picture(scene.rgb), Recipe(steps), session=fake_session(), open_image=drawn.__getitem__
        ).picture
        assert made.alpha is not None
        assert (made.alpha[:, columns] == least).all()
        assert made.alpha[:, 8:64].max() == 0
        assert (made.rgb[:, columns] == scene.rgb[:, columns]).all()


@pytest.mark.parametrize("which", ["garbage", "holdout"])
def test_in_the_pipeline(which: str) -> None:
    scene = composite(disc(SIZE, 2), (220, 60, 20), (20, 60, 220))
    mask = grey(255, slice(0, 64))
    steps = (Cut(**{which: "mask.png"}),)  # type: ignore[arg-type]
    plain = run_recipe(Picture(scene.rgb), Recipe((Cut(),)), session=fake_session()).picture.alpha
    made = run_recipe(
        Picture(scene.rgb), Recipe(steps), session=fake_session(), open_image=lambda _: mask
    ).picture.alpha
    assert plain is not None
    assert made is not None
    assert made[:, :64].max() == 0
    assert plain[:, :64].max() == 255
    assert (made[:, 72:] == plain[:, 72:]).all() or which == "garbage"
    assert (made[:, 72:] == 255).sum() == pytest.approx((plain[:, 72:] == 255).sum(), rel=0.02)


def test_a_missing_one_is_found_before_any_picture() -> None:
    with pytest.raises(InputMissing):
        check_recipe(Recipe((Cut(garbage="nowhere.png"),)))

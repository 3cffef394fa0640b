"""Trimaps: made from a matte's uncertainty; a drawn one holds exactly where it is certain."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.errors import UsageError
from mattebox.matting.trimap import trimap_from_matte, trimap_from_picture
from mattebox.models.matte_session import Session
from mattebox.pipeline.recipe_check import check_recipe
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut
from mattebox.types import Matte, Picture
from tests.fakes import composite, disc, fake_session

SIZE = (300, 400)


def test_uncertainty_is_unknown() -> None:
    alpha = np.zeros((40, 60))
    alpha[:, 30:] = 1
    alpha[10:20, 5:15] = 0.5
    made = trimap_from_matte(Matte(np.round(alpha * 65535).astype(np.uint16), 0.9, True, (30, 0, 60, 40)))
    assert set(np.unique(made)) == {0, 128, 255}
    assert (made[:, 29:31] == 128).all()
    assert (made[9:21, 4:16] == 128).all()
    assert (made[:, 40:] == 255).all()
    assert (made[30:, :20] == 0).all()


def draw_trimap(truth: np.ndarray) -> Picture:
    """Certain except in a band around the edge; a corner is made subject, against all sense."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    distance = np.hypot(y - 149.5, x - 199.5)
    grey = np.where(np.abs(distance - 90) < 8, 128, np.where(truth > 0.5, 255, 0)).astype(np.uint8)
    grey[:20, :30] = 255
    return Picture(np.repeat(grey[..., None], 3, axis=2))


def test_a_drawn_trimap_holds_exactly() -> None:
    truth = disc(SIZE, softness=2)
    picture, map_ = composite(truth, (220, 60, 20), (20, 60, 220)), draw_trimap(truth)
    made = run_recipe(picture, Recipe((Cut(trimap="t.png"),)), session=fake_session(), open_image=lambda _: map_).matte
    assert made is not None
    assert (made.alpha[map_.rgb[..., 0] == 255] == 255).all()
    assert (made.alpha[map_.rgb[..., 0] == 0] == 0).all()
    band = map_.rgb[..., 0] == 128
    assert np.abs(made.alpha / 255 - truth)[band].mean() < 0.02


def no_network() -> Session:
    raise AssertionError("a network was opened")


def test_no_network_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = disc(SIZE, softness=2)
    picture, map_ = composite(truth, (220, 60, 20), (20, 60, 220)), draw_trimap(truth)
    monkeypatch.setattr("mattebox.pipeline.run_networks.open_session", lambda *_: no_network())
    step = Cut(trimap="t.png", model="not-installed")
    made = run_recipe(picture, Recipe((step,)), open_image=lambda _: map_)
    assert made.matte is not None
    assert made.model is None
    assert step.required_model is None


def test_a_network_changes_nothing() -> None:
    truth = disc(SIZE, softness=2)
    picture, map_ = composite(truth, (220, 60, 20), (20, 60, 220)), draw_trimap(truth)
    alphas = []
    for session in (fake_session(), None):
        made = run_recipe(picture, Recipe((Cut(trimap="t.png"),)), session=session, open_image=lambda _: map_).matte
        assert made is not None
        alphas.append(made.alpha)
    assert (alphas[0] == alphas[1]).all()


def test_a_region_of_a_trimap() -> None:
    truth = disc(SIZE, softness=2)
    picture, map_ = composite(truth, (220, 60, 20), (20, 60, 220)), draw_trimap(truth)
    step = Cut(trimap="t.png", region="50% 0 100% 100%")
    made = run_recipe(picture, Recipe((step,)), open_image=lambda _: map_).matte
    assert made is not None
    assert made.alpha[:, :200].max() == 0
    assert (made.alpha[:, 200:][map_.rgb[:, 200:, 0] == 255] == 255).all()


def test_a_trimap_and_a_key_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="each decide the matte"):
        check_recipe(Recipe((Cut(trimap="t.png", by="luma"),)), lambda _: draw_trimap(disc(SIZE)))


@pytest.mark.parametrize(("value", "name"), [(0, "subject"), (255, "background"), (128, "subject")])
def test_a_trimap_needs_both_certain_parts(value: int, name: str) -> None:
    picture, plain = Picture(np.zeros((*SIZE, 3), np.uint8)), Picture(np.full((*SIZE, 3), value, np.uint8))
    with pytest.raises(UsageError, match=f"marks no certain {name}"):
        trimap_from_picture(plain, picture, "t.png")


def test_it_works_where_the_network_sees_nothing() -> None:
    truth = disc(SIZE, softness=2)
    # The subject is not red: nothing to the fake network.
    picture, map_ = composite(truth, (90, 200, 90), (20, 60, 220)), draw_trimap(truth)
    made = run_recipe(picture, Recipe((Cut(trimap="t.png"),)), session=fake_session(), open_image=lambda _: map_).matte
    assert made is not None
    band = map_.rgb[..., 0] == 128
    assert np.abs(made.alpha / 255 - truth)[band].mean() < 0.05


def test_another_size_or_colour_is_refused() -> None:
    picture = Picture(np.zeros((*SIZE, 3), np.uint8))
    with pytest.raises(UsageError, match="the trimap t.png is 5 x 4, the picture 400 x 300"):
        trimap_from_picture(Picture(np.zeros((4, 5, 3), np.uint8)), picture, "t.png")
    with pytest.raises(UsageError, match="in colour"):
        trimap_from_picture(Picture(np.full((*SIZE, 3), (0, 90, 0), np.uint8)), picture, "t.png")

"""Second pass for small subjects: edges are more exact, positions stay, and large subjects get a single pass."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.matting.small_subject_zoom import merge_zoomed_matte, zoom_box
from mattebox.metrics.matting import sad
from mattebox.models.cards.registry import all_cards
from mattebox.pipeline.result import Result
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut
from mattebox.types import Floats, ImageShape, Matte, Picture
from tests.fakes import composite, fake_session

SIZE: ImageShape = (600, 900)


def spot(place: tuple[float, float], radius: float) -> Floats:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    return np.clip(radius - np.hypot(y - place[0], x - place[1]) + 0.5, 0, 1).astype(np.float32)


def photograph(truth: Floats) -> Picture:
    front, back = (np.full((*SIZE, 3), colour, np.uint8) for colour in ((200, 60, 40), (60, 90, 120)))
    return composite(truth, front, back)


def cut(picture: Picture, share: float, step: Cut | None = None) -> Result:
    recipe = Recipe((step or Cut(edges="none", by="network"),))
    return run_recipe(picture, recipe, session=fake_session(closer=share))


def error(made: Result, truth: Floats) -> float:
    assert made.matte is not None
    return sad(made.matte.alpha.astype(np.float32) / 255, truth)


@pytest.mark.parametrize("place", [(300, 450), (70, 820), (560, 60)])
def test_a_small_subject_has_more_exact_edges(place: tuple[int, int]) -> None:
    truth = spot(place, 45)
    far, near = (cut(photograph(truth), share) for share in (0, 0.3))
    assert error(near, truth) < 0.5 * error(far, truth)
    assert near.matte is not None
    assert far.matte is not None
    assert np.abs(np.subtract(near.matte.box, far.matte.box)).max() <= 6
    assert near.matte.confidence == far.matte.confidence
    assert near.matte.shape == near.picture.shape == SIZE
    assert "closer" in near.seconds
    assert "closer" not in far.seconds


def test_a_large_subject_gets_one_pass() -> None:
    truth = spot((300, 450), 260)
    once, again = (cut(photograph(truth), share).picture for share in (0, 0.3))
    assert np.array_equal(once.alpha, again.alpha)  # type: ignore[arg-type]


def test_two_small_subjects_far_apart_are_both_kept() -> None:
    truth = np.maximum(spot((100, 100), 40), spot((500, 800), 40))
    once, again = (cut(photograph(truth), share).picture for share in (0, 0.3))
    assert np.array_equal(once.alpha, again.alpha)  # type: ignore[arg-type]


def test_a_scribble_far_from_the_subject_counts() -> None:
    truth = np.maximum(spot((100, 100), 40), spot((150, 260), 30))
    whole = photograph(truth)
    part = cut(whole, 0.3, Cut(edges="none", drop="100,100"))
    assert part.matte is not None
    assert part.matte.alpha[100, 100] == 0
    assert part.matte.alpha[150, 260] == 255
    made = cut(photograph(spot((100, 100), 40)), 0.3, Cut(edges="none", keep="700,500:720,520"))
    assert made.matte is not None
    assert made.matte.alpha[100, 100] == 255


def test_a_selection_gets_one_pass() -> None:
    truth = np.maximum(spot((100, 100), 40), spot((150, 260), 30))
    once, again = (cut(photograph(truth), s, Cut(edges="none", pick="largest")).picture for s in (0, 0.3))
    assert np.array_equal(once.alpha, again.alpha)  # type: ignore[arg-type]


def test_a_picture_that_is_partly_transparent_hides_the_same() -> None:
    truth = spot((300, 450), 45)
    given = photograph(truth)
    hidden = np.full(SIZE, 255, np.uint8)
    hidden[:, :450] = 0
    made = cut(given.with_pixels(given.rgb, hidden), 0.3).matte
    assert made is not None
    assert not made.alpha[:, :450].any()
    assert made.alpha[300, 470] == 255


def test_the_box_holds_the_subject() -> None:
    matte = Matte(np.zeros((60, 90), np.uint8), 0.9, True, (10, 10, 20, 30))
    assert zoom_box(matte, SIZE) == (60, 60, 240, 340)


@pytest.mark.parametrize("mark", ["105,98", "850,540", "500,20"])
def test_a_click_elsewhere_leaves_the_subject_as_it_is(mark: str) -> None:
    """The network sees the same crop, whatever is marked: only the piece under the click may change."""
    truth = spot((100, 100), 40)
    grain = np.random.default_rng(0).integers(-12, 13, (*SIZE, 3))
    picture = Picture((photograph(truth).rgb.astype(int) + grain).clip(0, 255).astype(np.uint8))
    plain, marked = (cut(picture, 0.3, step) for step in (Cut(edges="none"), Cut(edges="none", keep=mark)))
    assert plain.matte is not None
    assert marked.matte is not None
    near = np.s_[30:170, 30:170]
    change = np.abs(plain.matte.alpha[near].astype(int) - marked.matte.alpha[near])
    assert change.mean() < 1
    x, y = (int(v) for v in mark.split(","))
    assert marked.matte.alpha[y, x] > 200


def test_the_merged_matte_is_of_the_crop() -> None:
    wide = np.zeros((60, 90), np.uint16)
    wide[:, :45] = 65535
    first = Matte(wide, 0.7, True, (0, 0, 45, 60), np.ones((60, 90), np.float32))
    near = np.zeros((80, 80), np.uint16)
    near[:, :40] = 65535
    made = merge_zoomed_matte(first, Matte(near, 0.9, True, (0, 0, 40, 80)), (400, 100, 500, 200), SIZE)
    assert made.shape == (80, 80)
    assert made.confidence == 0.7
    assert made.uncertainty is first.uncertainty
    assert (made.alpha[:, :36] > 65000).all()
    assert (made.alpha[:, 44:] < 500).all()


def test_only_our_own_networks_get_two_passes() -> None:
    twice = {name for name, card in all_cards().items() if card.input.closer}
    assert twice == {name for name, card in all_cards().items() if card.task == "cutout" and not card.url}

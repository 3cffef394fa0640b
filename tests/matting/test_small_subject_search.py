"""A small subject that the whole picture does not show is found in a crop; where there is none, none is found."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from mattebox.errors import NoSubject
from mattebox.matting.segmentation import segment
from mattebox.matting.small_subject_search import find_matte, iter_crops
from mattebox.models.matte_session import Session
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut
from mattebox.types import Picture
from tests.fakes import fake_session

SIZE = (1200, 1800)


def near_sighted_session() -> Session:
    """Finds what is red and fills at least one in three hundred of what it sees."""
    session = fake_session(closer=0.3)
    calibration = msgspec.structs.replace(session.card.calibration, found_share=1 / 300)
    session.card = msgspec.structs.replace(session.card, calibration=calibration)
    return session


def photograph(x: int, y: int, radius: int = 25) -> Picture:
    rgb = np.full((*SIZE, 3), (20, 60, 220), np.uint8)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    rgb[np.hypot(columns - x, rows - y) < radius] = (220, 60, 20)
    return Picture(rgb)


@pytest.mark.parametrize("place", [(900, 600), (310, 1100), (1790, 20)])
def test_a_small_subject_is_found_and_cut_out(place: tuple[int, int]) -> None:
    result = run_recipe(photograph(*place), Recipe((Cut(),)), session=near_sighted_session())
    assert result.matte is not None
    assert result.matte.found
    x, y = place
    expected = (max(0, x - 25), max(0, y - 25), min(SIZE[1], x + 25), min(SIZE[0], y + 25))
    assert np.abs(np.subtract(result.matte.box, expected)).max() <= 6


def test_where_there_is_none_none_is_found() -> None:
    with pytest.raises(NoSubject):
        run_recipe(Picture(np.full((*SIZE, 3), 90, np.uint8)), Recipe((Cut(),)), session=near_sighted_session())


def test_other_networks_look_once() -> None:
    picture, session = photograph(900, 600), fake_session(closer=0.0)
    coarse = segment(picture, session)
    assert find_matte(picture, coarse, session) is coarse


def test_crops_cover_the_picture_and_small_pictures_have_none() -> None:
    covered = np.zeros(SIZE, np.bool_)
    for left, top, right, bottom in iter_crops(SIZE):
        covered[top:bottom, left:right] = True
    assert covered.all()
    assert not list(iter_crops((300, 500)))

from __future__ import annotations

import numpy as np
import pytest

import mattebox as mb
from mattebox.models.matte_session import Session
from mattebox.types import Floats
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.cutter import CoarseCutter
from mattebox.video.matte_prediction import MattePredictor
from mattebox.video.network_window import NetworkWindow, SubjectPlace, find_window
from tests.fakes import fake_session

SIZE = (240, 400)  # of frames
GRID = (96, 160)  # of the network's input for them


class Watched:
    """A fake network that takes any size, and the shapes that it was shown."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []
        card = fake_session(fit="aspect", side=128).card
        self.session = Session(card, self._run, "cpu")

    def _run(self, x: np.ndarray) -> np.ndarray:
        self.shapes.append(x.shape[2:])
        return (1 / (1 + np.exp(-40 * (x[:, :1] - x[:, 2:] - 0.2)))).astype(np.float32)


def draw(x: float, others: tuple[tuple[int, int], ...] = (), light: float = 1.0) -> mb.Picture:
    """A red disc of 40 pixels before a grey ramp, and smaller ones at other places."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    levels = np.repeat((90 + columns[..., None] / 8) * light, 3, axis=2)
    for left, top, radius in ((x, 120, 40), *((*place, 14) for place in others)):
        levels[np.hypot(columns - left, rows - top) < radius] = (220, 40, 30)
    return mb.Picture(np.rint(levels).astype(np.uint8))


def describe(predictor: MattePredictor, picture: mb.Picture, index: int) -> CoarseMatte:
    return predictor.describe(picture, index, index / 25)


def test_a_window_holds_all_subjects_and_lies_on_multiples() -> None:
    first, second = np.zeros(GRID, np.float32), np.zeros(GRID, np.float32)
    first[40:50, 70:80] = second[45:50, 100:110] = 1
    window = find_window([first, second], 16)
    assert window == NetworkWindow(slice(16, 80), slice(48, 128))
    alpha = np.ones(window.shape, np.float32)
    np.testing.assert_array_equal(window.embed(alpha, GRID)[window], alpha)
    assert window.embed(alpha, GRID).sum() == alpha.size
    assert find_window([np.zeros(GRID, np.float32)], 16) is None
    assert find_window([np.ones(GRID, np.float32)], 16) is None


@pytest.mark.parametrize(("row", "is_cut_off"), [(0, False), (3, True)])
def test_a_subject_at_a_side_of_the_window_is_cut_off_but_at_one_of_the_frame(row: int, is_cut_off: bool) -> None:
    alpha = np.zeros((64, 64), np.float32)
    alpha[:20, 10:20] = 1
    window = NetworkWindow(slice(16 * row, 16 * row + 64), slice(32, 96))
    assert window.cuts_off(alpha, (128, 160)) == is_cut_off


def test_what_enters_is_seen_at_once_and_light_is_not_taken_for_it() -> None:
    watched = Watched()
    predictor = MattePredictor(watched.session)
    found = [
        predictor.predict_key(describe(predictor, picture, n))
        for n, picture in enumerate([draw(120), draw(126), draw(132, ((350, 60),)), draw(138, ((340, 60),))])
    ]
    whole, window = watched.shapes[0], watched.shapes[1]
    assert whole == GRID
    assert np.prod(window) < 0.7 * np.prod(whole)
    assert watched.shapes[2] == whole  # what enters has changed the frame outside the window
    assert found[2].alpha[24, 140] > 0.9
    whole_again = MattePredictor(watched.session)
    for matte in found:
        alone = whole_again.run(matte).alpha
        np.testing.assert_allclose(matte.alpha, alone, atol=0.02)  # the ramp is a little red to none
    guide = describe(predictor, draw(120), 0).guide
    place = SubjectPlace(guide, found[0].alpha)
    darker, entered = (describe(predictor, draw(120, others, 0.7), 9).guide for others in ((), ((350, 60),)))
    assert place.find_window(darker, 32) is not None
    assert place.find_window(entered, 32) is None


def test_a_subject_that_leaves_its_window_is_seen_whole() -> None:
    watched = Watched()
    predictor = MattePredictor(watched.session)
    ends = [predictor.run(describe(predictor, draw(x), n)).alpha for n, x in enumerate((100, 110))]
    watched.shapes.clear()
    between = describe(predictor, draw(240), 2)  # half of it beyond the window of both ends
    found = predictor.run_between(between, ends)
    assert watched.shapes[-1] == GRID
    np.testing.assert_array_equal(found.alpha, predictor.run(between).alpha)


def test_networks_of_a_fixed_size_and_several_views_see_whole_frames() -> None:
    ends: list[Floats] = [np.zeros((128, 128), np.float32)]
    ends[0][50:70, 50:70] = 1
    for fit, votes, shapes in (("squash", 0, [(128, 128)]), ("aspect", 2, [(64, 128), (128, 192)])):
        watched = Watched()
        session = Session(fake_session(fit=fit, side=128).card, watched.session.run, "cpu")
        predictor = MattePredictor(session, votes)
        predictor.run_between(describe(predictor, draw(100), 0), ends)
        assert sorted(watched.shapes) == shapes


def test_segments_do_not_depend_on_where_the_subject_was_before() -> None:
    pictures = [draw(120 + 2 * n) for n in range(36)]

    def cut(start: int) -> dict[int, Floats]:
        cutter = CoarseCutter(Watched().session, coherence="keys", segment_frames=24)
        mattes = [m for n, p in enumerate(pictures) if n >= start for m in cutter.push(p, n, n / 25)] + cutter.flush()
        return {matte.index: matte.alpha for matte in mattes if matte.index >= 24}

    resumed = cut(12)
    for index, alpha in cut(0).items():
        np.testing.assert_array_equal(alpha, resumed[index])

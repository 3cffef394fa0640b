"""Test-time augmentation: the mean and spread of several views, and networks that take one size only."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from mattebox.errors import UsageError
from mattebox.matting.matte_cleanup import clean_up_matte
from mattebox.matting.segmentation import segment
from mattebox.matting.tta import MAX_VIEWS, View, _predict_view, plan_views, predict_with_views
from mattebox.models.cards.tensor_spec import Output
from mattebox.models.matte_session import Session
from mattebox.types import Picture
from tests.fakes import FAKE, composite, disc, fake_session

RED, BLUE = (220, 60, 20), (20, 60, 220)


def answering(value: float, mirrored: float) -> Session:
    """A network whose answer depends on which side the light is."""

    def run(x: np.ndarray) -> np.ndarray:
        left, right = x[..., : x.shape[3] // 2].mean(), x[..., x.shape[3] // 2 :].mean()
        return np.full((1, 1, *x.shape[2:]), value if left > right else mirrored, np.float32)

    return Session(FAKE, run, "cpu")


def light_on_the_left() -> Picture:
    rgb = np.zeros((100, 100, 3), np.uint8)
    rgb[:, :50] = 200
    return Picture(rgb)


def test_mean_and_spread_by_hand() -> None:
    mean, presence, spread = predict_with_views(light_on_the_left(), answering(0.9, 0.5), 2)
    assert presence == 1  # the network was not asked
    assert mean == pytest.approx(0.75)  # odds of 9 and of 1: their geometric mean is 3
    assert spread == pytest.approx(0.2)
    mean, _, spread = predict_with_views(light_on_the_left(), answering(0.9, 0.5), 1)
    assert mean == pytest.approx(0.9)
    assert not spread.any()


@pytest.mark.parametrize("size", [(200, 300), (310, 90)])
def test_a_mirrored_view_is_mirrored_back(size: tuple[int, int]) -> None:
    """The subject is left of the centre in every view."""
    truth = np.roll(disc(size, 3), -size[1] // 6, axis=1)
    once, often = (predict_with_views(composite(truth, RED, BLUE), fake_session(), n)[0] for n in (1, MAX_VIEWS))
    assert once.shape == often.shape
    assert np.abs(once - often).mean() < 0.03


def test_padding_stays_on_the_right_in_a_mirrored_view() -> None:
    session = fake_session()

    class PaddingSession(Session):
        def preprocess(self, picture, reduced_picture=None):  # type: ignore[no-untyped-def]
            x, geometry = super().preprocess(picture, reduced_picture)
            return np.pad(x, ((0, 0), (0, 0), (0, 0), (0, 64))), geometry

    padding = PaddingSession(session.card, session._run, "cpu")
    truth = np.roll(disc((200, 300), 3), -40, axis=1)
    plain, mirrored = (
        _predict_view(composite(truth, RED, BLUE), None, padding, View(1.0, m)).alpha for m in (False, True)
    )
    assert np.abs(plain - mirrored).max() < 1e-5


def test_all_views_are_prepared_from_one_reduction() -> None:
    """The network input is the same as from the full picture, to within the last step of the filter."""
    picture = composite(disc((900, 1200), 3), RED, BLUE)
    session = fake_session()
    once = session.reduce_for_views(picture)
    assert once is not None
    assert max(once.pixels.shape) < 1200
    for scale in (0.7, 1.0, 1.3):
        scaled = session.with_input_scale(scale)
        full, full_geometry = scaled.preprocess(picture)
        reduced, reduced_geometry = scaled.preprocess(picture, once)
        assert full_geometry == reduced_geometry
        assert np.abs(full - reduced).mean() < 0.02
    assert np.array_equal(session.preprocess(picture)[0], session.preprocess(picture, once)[0])


def saying(presence: float, mirrored: float) -> Session:
    """The same, certain of its matte, with a given probability of a subject."""

    def run(x: np.ndarray) -> np.ndarray:
        left, right = x[..., : x.shape[3] // 2].mean(), x[..., x.shape[3] // 2 :].mean()
        plane = np.full((1, 1, *x.shape[2:]), presence if left > right else mirrored, np.float32)
        return np.concatenate([np.full_like(plane, 0.98), plane], 1)

    return Session(msgspec.structs.replace(FAKE, output=Output(presence=True)), run, "cpu")


def test_presence_is_averaged_like_the_alphas() -> None:
    assert predict_with_views(light_on_the_left(), saying(0.9, 0.5), 2).presence == pytest.approx(0.75)
    assert predict_with_views(light_on_the_left(), saying(0.9, 0.5)).presence == pytest.approx(0.9)


def test_confidence_is_multiplied_by_presence() -> None:
    certain, doubtful, absent = (segment(light_on_the_left(), saying(p, p)) for p in (1.0, 0.5, 0.01))
    assert certain.confidence > 0.97
    assert doubtful.confidence == pytest.approx(certain.confidence / 2)
    assert (certain.found, absent.found) == (True, False)
    for other in (
        doubtful,
        clean_up_matte(absent),
    ):  # presence leaves alpha as it is; without a subject it is not cleaned
        np.testing.assert_array_equal(certain.alpha, other.alpha)


def test_a_matte_has_the_spread_of_its_views() -> None:
    picture = composite(disc((200, 300), 4), RED, BLUE)
    assert segment(picture, fake_session()).uncertainty is None
    matte = segment(picture, fake_session(), votes=4)
    assert matte.uncertainty is not None
    assert matte.uncertainty.shape == matte.shape
    edge = (matte.alpha > 2000) & (matte.alpha < 63000)
    assert matte.uncertainty[edge].mean() > 10 * matte.uncertainty[~edge].mean()


def test_a_card_sets_the_number_of_views() -> None:
    four = msgspec.structs.replace(FAKE, input=msgspec.structs.replace(FAKE.input, looks=4))
    assert (plan_views(FAKE), plan_views(four, 1)) == ((View(1, False),), (View(1, False),))
    assert [view.scale for view in plan_views(four)] == pytest.approx([0.7, 0.9, 1.1, 1.3])
    assert [view.mirrored for view in plan_views(four)] == [False, True, False, True]
    assert [view.scale for view in plan_views(four, 6)] == pytest.approx([0.7, 0.7, 1, 1, 1.3, 1.3])
    assert [view.mirrored for view in plan_views(four, 6)] == 3 * [False, True]
    picture = composite(disc((200, 300), 4), RED, BLUE)
    assert segment(picture, fake_session(looks=4)).uncertainty is not None
    assert segment(picture, fake_session(looks=4), votes=1).uncertainty is None


def test_a_network_of_one_size_has_only_a_mirrored_view() -> None:
    fixed = msgspec.structs.replace(FAKE, input=msgspec.structs.replace(FAKE.input, fit="squash"))
    assert [view.mirrored for view in plan_views(fixed, 2)] == [False, True]
    with pytest.raises(UsageError, match="2 views of a picture, not 3; .*votes 2 or fewer"):
        plan_views(fixed, 3)

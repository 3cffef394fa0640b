"""Sure candidates of a kind and about a size make the doubtful ones beside them more likely, and only those."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.models.candidate_verifier import add_companions
from mattebox.models.cards.detection_spec import Verification
from mattebox.models.companions import MAX_COMPANIONS, count_companions

SURE, DOUBTFUL = 6.0, -1.0
SETTINGS = Verification("verify-3", 2.0, (0.1, 0.1), ((1.0, 1.0, 0.0),) * 2, (2.0, 0.0))


def boxes(*sides: float) -> np.ndarray:
    """Squares of these sides, beside each other."""
    return np.array([[100 * n, 0, 100 * n + side, side] for n, side in enumerate(sides)], np.float32).reshape(-1, 4)


def logits(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_companions_are_sure_and_alike() -> None:
    kinds = np.array([0, 0, 0, 1])
    counts = count_companions(boxes(20, 20, 20, 20), kinds, logits(SURE, SURE, DOUBTFUL, SURE))
    np.testing.assert_allclose(counts, [1.1, 1.1, 2.0, 0.0], atol=0.05)
    (near, far, _) = count_companions(boxes(30, 200, 20), np.zeros(3, int), logits(DOUBTFUL, DOUBTFUL, SURE))
    assert near > 0.8
    assert far < 0.2


@pytest.mark.parametrize("count", [0, 1, 700])
def test_the_number_is_bounded_and_none_is_its_own_companion(count: int) -> None:
    counts = count_companions(boxes(*[20.0] * count), np.zeros(count, int), np.full(count, SURE, np.float32))
    assert counts.shape == (count,)
    assert (counts == (MAX_COMPANIONS if count > 1 else 0)).all()


def test_scores_rise_by_the_weight_of_their_kind() -> None:
    own = logits(SURE, DOUBTFUL, DOUBTFUL)
    raised = add_companions(own, boxes(20, 20, 20), np.array([0, 0, 1]), SETTINGS)
    assert raised[1] == pytest.approx(DOUBTFUL + 2 * np.log(2), abs=0.01)
    assert raised[2] == DOUBTFUL
    alone = add_companions(own[1:2], boxes(20), np.array([0]), SETTINGS)
    assert alone[0] == DOUBTFUL

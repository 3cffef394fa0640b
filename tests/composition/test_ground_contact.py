"""Ground contact: feet at several depths, parts in the air, and the ground between."""

import numpy as np
import pytest

from mattebox.composition.ground_contact import find_ground_contact

REACH = 100


def silhouette(*blocks: tuple[int, int, int, int]) -> np.ndarray:
    """1 inside each block (left, top, right, bottom) of a plane of 200 x 200."""
    alpha = np.zeros((200, 200), np.float32)
    for left, top, right, bottom in blocks:
        alpha[top:bottom, left:right] = 1
    return alpha


CHAIR = ((50, 60, 150, 100), (50, 100, 58, 160), (142, 100, 150, 156), (96, 100, 104, 146))


def test_every_leg_of_a_chair_has_its_own_ground() -> None:
    contact = find_ground_contact(silhouette(*CHAIR), REACH)
    assert contact is not None
    assert [float(contact.ground_rows[x]) for x in (54, 100, 146)] == pytest.approx([160, 146, 156], abs=0.6)
    assert min(contact.weights[x] for x in (54, 100, 146)) > 0.5
    assert contact.weights[70:90].max() == contact.weights[110:135].max() == 0
    assert 146 < contact.ground_rows[77] < 160


def test_a_handle_and_a_hand_hang_in_the_air() -> None:
    mug = silhouette((40, 60, 120, 160), (120, 90, 150, 130))
    person = silhouette((80, 60, 120, 160), (60, 70, 68, 110))
    for alpha, hanging in ((mug, slice(124, 150)), (person, slice(60, 68))):
        contact = find_ground_contact(alpha, REACH)
        assert contact is not None
        assert contact.weights[hanging].max() < 0.02
        assert contact.weights[100] == pytest.approx(1, abs=0.01)
        assert contact.ground_rows[hanging] == pytest.approx(160, abs=1)


def test_fur_does_not_tear_the_ground() -> None:
    alpha = silhouette((40, 60, 160, 150))
    alpha[150:153, 40:160:2] = 1
    contact = find_ground_contact(alpha, REACH)
    assert contact is not None
    assert np.ptp(contact.ground_rows[50:150]) < 1.5


def test_an_empty_plane_has_no_contact() -> None:
    assert find_ground_contact(silhouette(), REACH) is None

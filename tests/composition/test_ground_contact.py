"""Ground contact: feet at several depths, parts in the air, and the ground between."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mattebox.composition.ground_contact import find_ground_contact, hangs_by_thread, is_balanced

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


def draw(*polygons: list[tuple[int, int]]) -> np.ndarray:
    image = Image.new("L", (200, 200))
    for polygon in polygons:
        ImageDraw.Draw(image).polygon(polygon, fill=255)
    return np.asarray(image, np.float32) / 255


def ball() -> np.ndarray:
    y, x = np.mgrid[:200, :200]
    return (np.hypot(x - 100, y - 100) < 60).astype(np.float32)


STANDING = {
    "box": draw([(50, 40), (150, 40), (150, 160), (50, 160)]),
    "ball": ball(),
    "table": draw([(30, 60), (170, 60), (170, 75), (30, 75)], [(35, 75), (42, 75), (42, 170), (35, 170)],
                   [(158, 75), (165, 75), (165, 170), (158, 170)]),
    "mug": draw([(60, 50), (130, 50), (130, 160), (60, 160)], [(130, 80), (165, 80), (165, 130), (130, 130)]),
    "bottle": draw([(90, 20), (110, 20), (110, 60), (125, 80), (125, 180), (75, 180), (75, 80), (90, 60)]),
}  # fmt: skip
HANGING = {
    "drop earring": draw([(95, 20), (105, 20), (150, 120), (101, 180), (99, 180), (50, 120)]),
    "pendant": draw([(40, 30), (160, 30), (102, 170), (98, 170)]),
    "bag on a hook": draw([(30, 40), (170, 40), (170, 150), (30, 150)], [(35, 150), (40, 150), (40, 180), (35, 180)]),
}


@pytest.mark.parametrize("alpha", STANDING.values(), ids=STANDING)
def test_what_stands_is_balanced(alpha: np.ndarray) -> None:
    contact = find_ground_contact(alpha, float(np.ptp(np.flatnonzero(alpha.any(1))) + 1))
    assert contact is not None
    assert is_balanced(contact, alpha)


@pytest.mark.parametrize("alpha", HANGING.values(), ids=HANGING)
def test_what_hangs_is_not(alpha: np.ndarray) -> None:
    contact = find_ground_contact(alpha, float(np.ptp(np.flatnonzero(alpha.any(1))) + 1))
    assert contact is not None
    assert not is_balanced(contact, alpha)


def test_a_lamp_hangs_by_its_cord_and_a_bottle_stands() -> None:
    lamp, bottle = np.zeros((160, 120), np.float32), np.zeros((160, 120), np.float32)
    lamp[5:70, 59:62] = 1
    lamp[70:120, 20:100] = 1
    bottle[5:60, 50:70] = 1
    bottle[60:150, 30:90] = 1
    contact = find_ground_contact(lamp, 115)
    assert contact is not None
    assert is_balanced(contact, lamp)  # its rim would stand
    assert hangs_by_thread(lamp)
    assert not hangs_by_thread(bottle)
    assert not hangs_by_thread(np.zeros((20, 20), np.float32))

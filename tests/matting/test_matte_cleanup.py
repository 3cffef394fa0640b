"""Clean-up: haze and specks go, parts of the subject stay, and nothing near it changes."""

import numpy as np

from mattebox.matting.matte_cleanup import clean_up_matte
from mattebox.types import Matte


def matte(alpha: np.ndarray) -> Matte:
    return Matte(np.round(alpha * 65535).astype(np.uint16), 0.9, True, (0, 0, alpha.shape[1], alpha.shape[0]))


def scene() -> np.ndarray:
    alpha = np.zeros((60, 80), np.float32)
    alpha[20:50, 10:40] = 1
    alpha[25:28, 15:18] = 0.3  # a small hole within: not ours to judge
    alpha[20:50, 40:42] = 0.15  # its soft rim
    return alpha


def test_haze_and_specks_go() -> None:
    alpha = scene()
    alpha[5:15, 60:75] = 0.4
    alpha[55, 70] = 1
    made = clean_up_matte(matte(alpha))
    assert (made.alpha == matte(scene()).alpha).all()
    assert made.box == (10, 20, 40, 50)


def test_a_floating_wisp_goes_and_a_connected_one_stays() -> None:
    alpha = np.kron(scene(), np.ones((4, 4), np.float32))
    alpha[70:80, 80:84] = 0.3  # a wisp on the top edge
    floating = alpha.copy()
    floating[64:70, 120:126] = 0.45  # as near as the wisp's end, and hanging on nothing
    assert (clean_up_matte(matte(floating)).alpha == matte(alpha).alpha).all()


def test_a_second_subject_stays() -> None:
    alpha = scene()
    alpha[5:15, 60:75] = 1
    made = clean_up_matte(matte(alpha))
    assert (made.alpha == matte(alpha).alpha).all()
    assert made.box == (10, 5, 75, 50)


def test_all_haze_is_left_alone() -> None:
    alpha = np.zeros((30, 30), np.float32)
    alpha[5:10, 5:10] = alpha[20:25, 20:25] = 0.3
    given = matte(alpha)
    assert clean_up_matte(given) is given


def test_a_ghost_is_resolved_and_a_soft_edge_stays() -> None:
    alpha = np.zeros((100, 200), np.float32)
    alpha[:, :80] = 1
    alpha[:, 80:84] = (0.8, 0.6, 0.4, 0.2)  # an edge
    alpha[30:80, 20:50] = 0.3  # uncertain inside
    alpha[20:80, 120:170] = 0.65  # uncertain beside it, and more likely subject than not
    made = clean_up_matte(matte(alpha)).alpha / 65535
    assert np.abs(made[:, 78:86] - alpha[:, 78:86]).max() < 0.001
    assert made[35:75, 25:45].max() == 0
    assert made[25:75, 125:165].min() == 1
    assert (made[:, 180:] == 0).all()


def test_a_spot_within_becomes_solid_and_a_hole_stays() -> None:
    alpha = np.kron(scene(), np.ones((4, 4), np.float32))
    spotted = alpha.copy()
    spotted[160:170, 120:140] = 0.7
    assert (clean_up_matte(matte(spotted)).alpha == matte(alpha).alpha).all()
    spotted[163:167, 125:135] = 0.2  # see-through by more than half: it may be a handle's
    assert clean_up_matte(matte(spotted)).alpha[165, 130] == matte(spotted).alpha[165, 130]

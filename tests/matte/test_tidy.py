"""Islands: haze and specks go, parts of the subject stay, and nothing near it changes."""

import numpy as np

from mattebox.matte.tidy import tidied
from mattebox.types import Matte


def matte(alpha: np.ndarray) -> Matte:
    return Matte(np.round(alpha * 65535).astype(np.uint16), 0.9, True, (0, 0, alpha.shape[1], alpha.shape[0]))


def scene() -> np.ndarray:
    alpha = np.zeros((60, 80), np.float32)
    alpha[20:50, 10:40] = 1
    alpha[25:30, 15:20] = 0.3  # a hole within: not ours to judge
    alpha[20:50, 40:42] = 0.15  # its soft rim
    return alpha


def test_haze_and_specks_go() -> None:
    alpha = scene()
    alpha[5:15, 60:75] = 0.4
    alpha[55, 70] = 1
    made = tidied(matte(alpha))
    assert (made.alpha == matte(scene()).alpha).all()
    assert made.box == (10, 20, 40, 50)


def test_a_second_subject_stays() -> None:
    alpha = scene()
    alpha[5:15, 60:75] = 0.8
    made = tidied(matte(alpha))
    assert (made.alpha == matte(alpha).alpha).all()
    assert made.box == (10, 5, 75, 50)


def test_all_haze_is_left_alone() -> None:
    alpha = np.zeros((30, 30), np.float32)
    alpha[5:10, 5:10] = alpha[20:25, 20:25] = 0.3
    given = matte(alpha)
    assert tidied(given) is given

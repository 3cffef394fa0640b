"""Healing: what is marked goes, nothing else changes, and what comes in its place goes on as its surroundings do."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.enhancement.healing.object_removal import heal_picture
from mattebox.errors import UsageError
from mattebox.types import Picture
from tests.fakes import disc


def draw_scene(height: int, width: int) -> np.ndarray:
    """Sky, sea and sand with grain, above each other."""
    random = np.random.default_rng(3)
    rows = np.mgrid[:height, :width][0]
    sand, sea = np.array([205, 180, 140.0]), np.array([40, 90, 130.0])
    sky = np.array([120, 160, 215.0]) + rows[..., None] * 0.2
    scene = np.where((rows < 0.4 * height)[..., None], sky, np.where((rows < 0.7 * height)[..., None], sea, sand))
    return np.clip(scene + random.normal(scale=6, size=(height, width, 1)), 0, 255).astype(np.uint8)


def mark(scene: np.ndarray, radius: float, middle: tuple[int, int]) -> np.ndarray:
    y, x = np.mgrid[: scene.shape[0], : scene.shape[1]]
    return (y - middle[0]) ** 2 + (x - middle[1]) ** 2 < radius**2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_only_what_is_marked_changes(dtype: type) -> None:
    scene = draw_scene(150, 200).astype(dtype) * (257 if dtype == np.uint16 else 1)
    marked = mark(scene, 14, (80, 90)) | mark(scene, 5, (20, 190))
    alpha = (disc((150, 200)) * np.iinfo(dtype).max).astype(dtype)
    healed = heal_picture(Picture(scene, alpha), marked)
    assert healed.rgb.dtype == dtype
    assert healed.alpha is alpha
    assert np.array_equal(healed.rgb[~marked], scene[~marked])
    assert (healed.rgb != scene)[marked].any()


def test_an_object_before_a_horizon_goes() -> None:
    """Two lines go on behind it, and the grain does, too."""
    truth = draw_scene(200, 260)
    marked = mark(truth, 34, (110, 130))
    photograph = truth.copy()
    photograph[mark(truth, 31, (110, 130))] = (200, 20, 30)
    healed = heal_picture(Picture(photograph), marked).rgb
    difference = np.abs(healed.astype(int) - truth)[marked].mean()
    assert difference < 12  # two grains that know nothing of each other differ by 7
    assert healed[marked & mark(truth, 20, (106, 130))][:, 0].std() > 4
    inside = healed[85:135, 130].astype(int)
    assert np.abs(inside[:, 0] - truth[85:135, 130, 0]).mean() < 15
    assert heal_picture(Picture(photograph), marked).rgb.tobytes() == healed.tobytes()


def test_large_marks_are_filled_in_their_full_size() -> None:
    """Above a working size, what was found for a smaller picture is copied: sharp, and never of the object itself."""
    truth = np.kron(draw_scene(150, 200), np.ones((4, 4, 1), np.uint8))
    truth[::2, ::2] ^= 1
    marked = mark(truth, 100, (330, 400))
    photograph = truth.copy()
    photograph[marked] = (255, 0, 255)
    healed = heal_picture(Picture(photograph), marked).rgb
    assert np.array_equal(healed[~marked], truth[~marked])
    assert not (np.abs(healed[marked].astype(int) - (255, 0, 255)).max(1) < 60).any()
    assert np.abs(healed.astype(int) - truth)[marked].mean() < 14


def test_at_the_border_and_in_small_pictures() -> None:
    scene = draw_scene(40, 60)
    marked = mark(scene, 8, (0, 0))
    healed = heal_picture(Picture(scene), marked).rgb
    assert np.abs(healed[marked].astype(int) - scene[marked]).mean() < 25
    assert heal_picture(Picture(scene), np.zeros((40, 60), bool)).rgb is scene


def test_what_cannot_be_healed_is_said() -> None:
    scene = draw_scene(40, 60)
    with pytest.raises(UsageError, match="50% of the photograph is marked"):
        heal_picture(Picture(scene), np.mgrid[:40, :60][0] < 20)
    with pytest.raises(UsageError, match="nothing is left to heal from"):
        heal_picture(Picture(scene[:5]), np.mgrid[:5, :60][1] < 3)


def test_a_long_scratch_across_a_wide_picture() -> None:
    """More pairs of patches than can be compared, so that they are searched for at random."""
    truth = draw_scene(240, 900)
    photograph, marked = truth.copy(), np.zeros((240, 900), bool)
    marked[48:53, 10:890] = True
    photograph[marked] = 255
    healed = heal_picture(Picture(photograph), marked).rgb
    assert np.abs(healed.astype(int) - truth)[marked].mean() < 12

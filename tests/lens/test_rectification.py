"""Rectification of turned stereo pairs: known rolls, zooms and keystones are undone; level pairs stay as they are."""

import numpy as np
import pytest
import skimage.data

from mattebox.lens.rectification import CameraFault, _warp, rectify_right
from mattebox.lens.stereo_matching import match_stereo
from mattebox.types import Floats


def motorcycle(step: int = 3) -> tuple[Floats, Floats, np.ndarray]:
    """Middlebury's motorcycle, reduced: the pair, and the left picture's disparities."""
    left, right, disparities = skimage.data.stereo_motorcycle()
    height, width = (side // step * step for side in disparities.shape)
    reduced = [
        image[:height, :width].reshape(height // step, step, width // step, step, 3).mean((1, 3)).astype(np.float32)
        for image in (left, right)
    ]
    return reduced[0], reduced[1], disparities[:height:step, :width:step] / step


def turn_view(picture: Floats, fault: CameraFault) -> Floats:
    """The picture as a camera with this fault takes it: the warp's inverse, to first order."""
    return _warp(picture, CameraFault(*(-value for value in fault)))


FAULTS = {
    "roll": CameraFault(roll=np.deg2rad(1.5)),
    "zoom": CameraFault(zoom=0.02),
    "keystone": CameraFault(yaw=0.02),
    "pitch": CameraFault(shift=0.01, pitch=0.02),
    "all": CameraFault(-0.01, np.deg2rad(-1), 0.01, 0.01, -0.01),
}


@pytest.mark.parametrize("name", FAULTS)
def test_known_faults_are_undone(name: str) -> None:
    left, right, _ = motorcycle()
    mended = rectify_right(left, turn_view(right, FAULTS[name]))
    inner = slice(20, -20), slice(20, -20)
    before = np.abs(turn_view(right, FAULTS[name]) - right)[inner].mean()
    assert before > 8
    assert np.abs(mended - right)[inner].mean() < 7  # two interpolations blur, by themselves, by 5 to 6


def test_level_pairs_stay_bit_for_bit() -> None:
    left, right, _ = motorcycle()
    assert rectify_right(left, right) is right
    flat = np.full((60, 90, 3), 128, np.float32)
    assert rectify_right(flat, flat) is flat


def test_disparities_of_a_turned_pair() -> None:
    left, right, truth = motorcycle()
    known = np.isfinite(truth)
    errors = {}
    for name, view in (("level", right), ("turned", turn_view(right, FAULTS["all"]))):
        matched = match_stereo(left, view)
        assert matched is not None
        shift = np.median((matched - truth)[known])  # the axes may cross elsewhere
        errors[name] = float((np.abs(matched - truth - shift) > 2)[known].mean())
    assert errors["turned"] < errors["level"] + 0.05

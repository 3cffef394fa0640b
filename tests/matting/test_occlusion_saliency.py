"""Saliency: occluding the part that decides changes the matte; other parts change nothing."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.matting.occlusion_saliency import saliency
from mattebox.models.matte_session import Session
from mattebox.types import Picture
from tests.fakes import FAKE


def deciding_by(rows: slice, columns: slice) -> Session:
    """A network that answers everywhere with how bright one part of its input is."""

    def run(x: np.ndarray) -> np.ndarray:
        bright = x[..., rows, columns].mean()
        return np.full((1, 1, *x.shape[2:]), bright, np.float32)

    return Session(FAKE, run, "cpu")


def test_the_deciding_part_is_salient() -> None:
    rgb = np.zeros((128, 128, 3), np.uint8)
    rgb[16:32, 64:80] = 255
    progress: list[float] = []
    heat = saliency(Picture(rgb), deciding_by(slice(16, 32), slice(64, 80)), cells=8, on_progress=progress.append)
    assert heat.shape == (128, 128)
    assert np.unravel_index(heat.argmax(), heat.shape) == pytest.approx((24, 72), abs=8)
    assert heat[80:].max() < 0.1
    assert progress[-1] == 1
    assert progress == sorted(progress)


def test_without_a_deciding_part_nothing_is_salient() -> None:
    constant = Session(FAKE, lambda x: np.full((1, 1, *x.shape[2:]), 0.5, np.float32), "cpu")
    assert not saliency(Picture(np.full((90, 60, 3), 90, np.uint8)), constant).any()

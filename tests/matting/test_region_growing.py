"""Regions of clicks: a click mends its piece, ends at edges, and never floods what looks alike far away."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.matting.scribble_segmentation import apply_scribbles
from mattebox.matting.scribbles import Stroke
from mattebox.types import Matte, Picture

H, W = 160, 240
Y, X = np.mgrid[:H, :W] + 0.5


def scene(noise: int) -> tuple[Picture, np.ndarray, np.ndarray]:
    """A pigeon's body and feet on paving of nearly the feet's colour; the matte has the body only."""
    body = ((X - 120) / 40) ** 2 + ((Y - 70) / 32) ** 2 < 1
    foot = (np.abs(X - 120) < 7) & (Y > 98) & (Y < 125)
    rgb = np.full((H, W, 3), (150, 140, 130), float)
    rgb[body], rgb[foot] = (60, 70, 110), (190, 110, 100)
    rgb += np.random.default_rng(0).normal(0, noise, rgb.shape)
    return Picture(rgb.clip(0, 255).astype(np.uint8)), body, foot


def click(picture: Picture, mask: np.ndarray, place: tuple[int, int], action: str) -> np.ndarray:
    matte = Matte(np.where(mask, 65535, 0).astype(np.uint16), 0.9, True, (0, 0, W, H))
    mark = (Stroke(((place[0] / W, place[1] / H),)),)
    return apply_scribbles(picture, matte, *((mark, ()) if action == "keep" else ((), mark))).alpha > 32767


@pytest.mark.parametrize("noise", [2, 12])
def test_a_click_on_a_foot_keeps_the_foot_alone(noise: int) -> None:
    picture, body, foot = scene(noise)
    made = click(picture, body, (120, 112), "keep")
    assert made[body].all()
    assert made[foot].mean() > 0.7
    assert made[~body & ~foot].sum() < 0.1 * body.sum()


@pytest.mark.parametrize("noise", [2, 12])
def test_a_click_on_what_is_too_much_drops_it_alone(noise: int) -> None:
    picture, body, foot = scene(noise)
    made = click(picture, body | foot, (120, 112), "drop")
    assert made[foot].mean() < 0.3
    assert made[body].mean() > 0.97


@pytest.mark.parametrize("place", [(5, 5), (230, 150), (40, 80), (120, 150)])
def test_a_click_on_plain_ground_does_not_flood(place: tuple[int, int]) -> None:
    picture, body, _ = scene(2)
    made = click(picture, body, place, "keep")
    assert made[place[1], place[0]]
    assert made[~body].mean() < 0.25


@pytest.mark.parametrize(("place", "action"), [((120, 70), "keep"), ((30, 30), "drop")])
def test_a_click_on_what_is_right_changes_nothing(place: tuple[int, int], action: str) -> None:
    picture, body, _ = scene(2)
    assert (click(picture, body, place, action) == body).all()

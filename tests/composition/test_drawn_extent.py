"""Outline and shadow have room on the canvas: no crop cuts them off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mattebox.composition.composition import Composition
from mattebox.composition.drawn_extent import max_canvas_size
from mattebox.composition.layer_composition import compose_layers
from mattebox.errors import UsageError
from mattebox.io.reader import read_cached
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import CompositionStep, Frame, Outline, Shadow
from mattebox.types import Box, Picture, Pixels

BOX: Box = (100, 80, 220, 200)
VISIBLE = 0.06 * 255


def disc_cutout(box: Box = BOX, shape: tuple[int, int] = (300, 400)) -> tuple[Picture, Picture]:
    """An opaque photograph, and the cutout of a disc that fills a box of it."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    radius = (box[2] - box[0]) / 2
    distance = np.hypot(x - (box[0] + box[2]) / 2, y - (box[1] + box[3]) / 2)
    alpha = (np.clip(radius - distance + 0.5, 0, 1) * 255).astype(np.uint8)
    rgb = np.full((*shape, 3), (200, 60, 40), np.uint8)
    return Picture(rgb), Picture(rgb, alpha)


def compose(*steps: CompositionStep, box: Box = BOX) -> Composition:
    photograph, cutout = disc_cutout(box)
    return compose_layers(photograph, cutout, box, Recipe(tuple(steps)), read_cached)


def rims(composition: Composition) -> list[int]:
    """The largest alpha on the left, top, right and lower rim of the result."""
    alpha: Pixels | None = composition.flatten().alpha
    assert alpha is not None
    return [int(rim.max()) for rim in (alpha[:, 0], alpha[0], alpha[:, -1], alpha[-1])]


@pytest.mark.parametrize("width", ["30px", "3%", "12%", "1px"])
@pytest.mark.parametrize(
    "frame", [{}, {"size": "200"}, {"size": "200x260"}, {"aspect": "1:2"}, {"size": "300x300", "fill": "95%"}]
)
def test_an_outline_is_whole(width: str, frame: dict[str, Any]) -> None:
    composition = compose(Frame(crop="subject", **frame), Outline(width=width, colour="#00ff00"))
    assert max(rims(composition)) <= 127
    subject = composition.subject
    assert subject.alpha is not None
    is_outline = (subject.rgb[..., 1] > 200) & (subject.alpha > 200)
    assert is_outline.any()


def test_the_canvas_grows_by_the_outline() -> None:
    composition = compose(Frame(crop="subject"), Outline(width="30px"))
    height, width = composition.subject.shape
    assert 180 <= height <= 188  # 120 and twice 30, and room for a cell of the outline's grid
    assert 180 <= width <= 188
    left, top, right, bottom = composition.box
    assert (right - left, bottom - top) == (180, 180)


def test_margins_lie_around_the_outline() -> None:
    bare = compose(Frame(crop="subject"), Outline(width="12px")).subject.shape
    wide = compose(Frame(crop="subject", margin="20px"), Outline(width="12px")).subject.shape
    assert (wide[0] - bare[0], wide[1] - bare[1]) == (40, 40)


@pytest.mark.parametrize("kind", ["contact", "drop", "cast", "reflection"])
@pytest.mark.parametrize("frame", [{}, {"size": "240x240"}, {"size": "300"}])
def test_a_shadow_is_whole(kind: Any, frame: dict[str, Any]) -> None:
    composition = compose(Frame(crop="subject", **frame), Shadow(kind=kind, angle=60))
    assert composition.shadow is not None
    assert composition.shadow.alpha is not None
    alpha = composition.shadow.alpha
    assert max(int(rim.max()) for rim in (alpha[:, 0], alpha[0], alpha[:, -1], alpha[-1])) < VISIBLE
    assert int(alpha.max()) > VISIBLE
    assert composition.subject.notes == () or "enlarged" in composition.subject.notes[0]


def test_a_shadow_moves_a_subject_that_fills_the_canvas_but_does_not_shrink_it() -> None:
    plain = compose(Frame(crop="subject", size="200x200", fill="84%"))
    shaded = compose(Frame(crop="subject", size="200x200", fill="84%"), Shadow(kind="drop", angle=90))
    left, top, right, bottom = plain.box
    assert (right - left, bottom - top) == (168, 168)
    assert shaded.box[2] - shaded.box[0] == 168
    assert shaded.box[1] < top
    assert rims(shaded)[3] < VISIBLE


def test_a_shadow_that_cannot_fit_gets_a_note() -> None:
    notes = compose(
        Frame(crop="subject", size="200x200", fill="95%"), Shadow(kind="drop", angle=0, length=60)
    ).subject.notes
    assert any("shadow runs out of the picture" in note for note in notes)


def test_at_the_photographs_rim_the_subject_ends_without_an_outline() -> None:
    box = (100, 180, 220, 300)
    composition = compose(Frame(crop="subject"), Outline(width="10px"), box=box)
    height, width = composition.subject.shape
    assert 140 <= width <= 144
    assert 130 <= height <= 132


def test_an_outline_wider_than_the_canvas_is_refused() -> None:
    with pytest.raises(UsageError, match="400px leaves nothing of 300 x 300"):
        compose(Frame(crop="subject", size="300x300"), Outline(width="400px"))


@pytest.mark.parametrize("kind", ["contact", "drop", "cast", "reflection"])
def test_the_largest_canvas_is_a_bound(kind: Any) -> None:
    frame, steps = Frame(crop="subject", margin="5%"), (Outline(width="4%"), Shadow(kind=kind))
    bound = max_canvas_size((120, 120), Recipe((frame, *steps)), frame)
    actual = compose(frame, *steps).subject.shape
    assert bound[0] >= actual[0]
    assert bound[1] >= actual[1]

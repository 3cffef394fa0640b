"""The corridor: recipe in, picture in, picture out. The only place where rooms meet.

Knows the order of the rooms and nothing of their methods; opens no files.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from mattebox.compose.background import over_colour
from mattebox.errors import NoSubject
from mattebox.io import colour
from mattebox.matte.foreground import foreground
from mattebox.matte.refine import enlarge, refine
from mattebox.matte.segment import segment
from mattebox.recipe import Background, Cut, Recipe
from mattebox.types import Matte, Picture
from mattebox.zoo.registry import find_card
from mattebox.zoo.session import Session, open_session

T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """What came out: `picture`, the `matte` it was cut with (if any), the model's name and device, and the seconds
    each stage took."""

    picture: Picture
    matte: Matte | None = None
    model: str | None = None
    device: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)


class Stages:
    """Times the stages of one run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def run(self, name: str, work: Callable[[], T]) -> T:
        begun = time.perf_counter()
        try:
            return work()
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun


def run(
    picture: Picture,
    recipe: Recipe,
    *,
    session: Session | None = None,
    device: str = "auto",
    threads: int | None = None,
    name: str = "the photograph",
) -> Result:
    """Do the recipe's steps to a picture. `session` stands in for the recipe's model; `name` is for error messages.

    Raises NoSubject when there is nothing to cut out, ModelError, DeviceError, UsageError.
    """
    stages, result = Stages(), Result(picture)
    backdrop = next((s for s in recipe.steps if isinstance(s, Background)), None)
    fill = None if backdrop is None else background_colour(backdrop, picture)
    if recipe.cut is not None:
        step = recipe.cut
        ready = session or stages.run("open", lambda: open_session(step.model, device, threads))
        result = cut_out(picture, step, ready, stages, name)
    if fill is not None:
        flat = stages.run("background", lambda: over_colour(result.picture, fill))
        result = Result(flat, result.matte, result.model, result.device)
    return Result(result.picture, result.matte, result.model, result.device, stages.seconds)


def check(recipe: Recipe) -> None:
    """Find out before any picture is read what no picture could mend. UsageError, ModelError."""
    for step in recipe.steps:
        if isinstance(step, Background):
            colour.parse(step.colour)
        if isinstance(step, Cut):
            find_card(step.model)


def cut_out(picture: Picture, step: Cut, session: Session, stages: Stages, name: str) -> Result:
    """The rooms of the cut, in their order."""
    coarse = stages.run("segment", lambda: segment(picture, session))
    if not coarse.found and step.empty == "refuse":
        raise NoSubject(
            f"{name}: no subject found (confidence {coarse.confidence:.2f})",
            "crop closer, try --model best, or take what there is with --empty keep",
        )
    room = refine if step.edges == "refined" else enlarge
    matte = stages.run("refine", lambda: room(picture, coarse))
    made = stages.run("foreground", lambda: _made(picture, matte, step))
    return Result(made, matte, session.card.name, session.device)


def _made(picture: Picture, matte: Matte, step: Cut) -> Picture:
    """The picture that the step asks for."""
    if step.output == "matte":
        grey = np.repeat(matte.alpha[..., None], 3, axis=2)
        return Picture(grey, notes=picture.notes, metadata=picture.metadata)
    if step.colours == "clean":
        return foreground(picture, matte)
    return picture.with_pixels(picture.rgb, matte.alpha)


def background_colour(step: Background, picture: Picture) -> tuple[int, int, int] | None:
    """The step's colour in the picture's profile and depth, None for transparent. UsageError when it is no colour."""
    wanted = colour.parse(step.colour)
    if wanted is None:
        return None
    return colour.from_srgb(wanted, picture.profile, picture.depth)

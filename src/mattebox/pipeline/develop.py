"""The part of the corridor where a photograph is developed: balance, light, colour, style, sharpness; and harmony with
what will lie behind.

The order is that of a darkroom. The colour of the light comes first, since every later step judges by colours; then
tone, since saturation and style depend on it; sharpening last, since whatever follows a sharpened edge would bend it.
What a step needs to know is measured once, on the whole photograph for the light's colour (a subject alone tells little
of it), on what is shown for the rest, and done alike to the cutout and to the photograph behind it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mattebox.composition import background_spec
from mattebox.composition.scene import Album
from mattebox.core import cpu_threads
from mattebox.enhancement import dehazing, tone_adjustment, white_balance
from mattebox.enhancement.colour_transfer import styled
from mattebox.enhancement.harmonisation import harmonised
from mattebox.enhancement.linear_light import sampled
from mattebox.enhancement.saturation import coloured
from mattebox.enhancement.sharpening import sharpened
from mattebox.enhancement.style_transfer import Brush, like, named, painted
from mattebox.errors import InputMissing
from mattebox.models.adain import open_imitator
from mattebox.models.cards.registry import IMITATOR, STYLIST, find_card, styles
from mattebox.models.store import weight_store
from mattebox.models.style_network import open_stylist
from mattebox.recipe.recipe import Background, Balance, Colour, Light, Recipe, Sharpen, Style
from mattebox.types import Depth, Picture, Pixels

Developing = Balance | Light | Colour | Style | Sharpen

Develop = Callable[[Picture, Pixels | None], Picture]  # a picture, and where
"""What a step came to, once it is known what it needs."""


def develops(recipe: Recipe) -> bool:
    """Whether the recipe asks for anything here."""
    return any(isinstance(s, Developing) for s in recipe.steps) or _harmony(recipe) > 0


def check(recipe: Recipe, album: Album) -> None:
    """UsageError for what no photograph could mend, InputError for a style that cannot be read, ModelError for one that
    needs a network which is not here."""
    step = recipe.find(Balance)
    if step is not None:
        white_balance.check(step)
    style = recipe.find(Style)
    if style is not None and style.picture != "none" and style.picture not in styles():
        _model(style.picture, album)
        if style.method == "adain":
            weight_store.require(find_card(IMITATOR))


def developed(
    photograph: Picture, cutout: Picture, recipe: Recipe, subject: Callable[[], Pixels], album: Album
) -> tuple[Picture, Picture]:
    """The photograph, for a background that shows it, and the cutout (the same picture where nothing was cut), with the
    recipe's steps done to both. `subject` finds the subject's alpha for a step that works on a part only."""
    behind = _behind(recipe)
    for step in (s for s in recipe.steps if isinstance(s, Developing)):
        where = None if step.only == "all" else _part(subject(), step.only)
        work = _prepared(step, photograph, cutout, where, album)
        alike = photograph is cutout
        cutout = work(cutout, where)
        if alike or isinstance(behind, background_spec.Blur):
            photograph = cutout if alike else work(photograph, where)
    if isinstance(behind, background_spec.Image) and cutout.alpha is not None:
        cutout = harmonised(cutout, album(behind.path), _harmony(recipe))
    return photograph, cutout


def _prepared(
    step: Developing,
    photograph: Picture,
    cutout: Picture,
    where: Pixels | None,
    album: Album,
) -> Develop:
    """The step with what it measures already measured."""
    if isinstance(step, Balance):
        light, haze = white_balance.wanted(step, photograph), dehazing.found(sampled(photograph))
        return lambda picture, where: white_balance.balanced(picture, light, step.strength / 100, where, haze)
    if isinstance(step, Light):
        plan = tone_adjustment.planned(cutout, step, where)
        return lambda picture, where: tone_adjustment.lit(picture, plan, step.strength / 100, where)
    if isinstance(step, Colour):
        return lambda picture, where: coloured(picture, step, where)
    if isinstance(step, Sharpen):
        return lambda picture, where: sharpened(picture, step, where)
    if step.picture == "none":
        return lambda picture, where: picture
    if step.picture in styles() or step.method == "adain":
        brush = _brush(step, album)
        return lambda picture, where: painted(picture, brush, step.strength / 100, where)
    model = _model(step.picture, album)
    return lambda picture, where: styled(picture, model, step.method, step.strength / 100, where)


def _brush(step: Style, album: Album) -> Brush:
    if step.picture in styles():
        return named(open_stylist(STYLIST, cpu_threads.usable()), step.picture)
    return like(open_imitator(IMITATOR, cpu_threads.usable()), _model(step.picture, album))


def _model(path: str, album: Album) -> Picture:
    """The picture whose colours, or manner, are taken on. InputMissing says which styles have names."""
    try:
        return album(path)
    except InputMissing as error:
        raise InputMissing(error.problem, f"give a picture's path, or one of: {', '.join(styles())}") from error


def _part(alpha: Pixels, only: str) -> Pixels:
    """Where the step works."""
    return alpha if only == "subject" else np.subtract(Depth.of(alpha).peak, alpha, dtype=alpha.dtype)


def _behind(recipe: Recipe) -> background_spec.Paint | None:
    step = recipe.find(Background)
    return None if step is None else background_spec.parse(step.paint)


def _harmony(recipe: Recipe) -> float:
    step = recipe.find(Background)
    return 0 if step is None else step.harmonise / 100

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
from mattebox.core import cpu_threads
from mattebox.enhancement import dehazing, tone_adjustment, white_balance
from mattebox.enhancement.colour_transfer import transfer_colours
from mattebox.enhancement.harmonisation import harmonise_subject
from mattebox.enhancement.linear_light import sample_light
from mattebox.enhancement.saturation import adjust_saturation
from mattebox.enhancement.sharpening import sharpen_luminance
from mattebox.enhancement.style_transfer import StyleTransform, apply_style, named_style, style_from_picture
from mattebox.errors import InputMissing
from mattebox.models.adain import open_adain_network
from mattebox.models.cards.registry import ADAIN_MODEL, STYLE_MODEL, find_card, style_names
from mattebox.models.store import weight_store
from mattebox.models.style_network import open_style_transfer_network
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Balance, Colour, Light, Sharpen, Style
from mattebox.types import BitDepth, OpenImage, Picture, Pixels

DevelopStep = Balance | Light | Colour | Style | Sharpen

DevelopFunction = Callable[[Picture, Pixels | None], Picture]  # a picture, and where
"""What a step came to, once it is known what it needs."""


def has_develop_steps(recipe: Recipe) -> bool:
    """Whether the recipe asks for anything here."""
    return any(isinstance(s, DevelopStep) for s in recipe.steps) or _harmonisation_strength(recipe) > 0


def check_develop_steps(recipe: Recipe, open_image: OpenImage) -> None:
    """UsageError for what no photograph could mend, InputError for a style that cannot be read, ModelError for one that
    needs a network which is not here."""
    step = recipe.find_step(Balance)
    if step is not None:
        white_balance.check_balance(step)
    style = recipe.find_step(Style)
    if style is not None and style.picture != "none" and style.picture not in style_names():
        _open_style_picture(style.picture, open_image)
        if style.method == "adain":
            weight_store.require_installed(find_card(ADAIN_MODEL))


def apply_develop_steps(
    photograph: Picture, cutout: Picture, recipe: Recipe, get_subject_alpha: Callable[[], Pixels], open_image: OpenImage
) -> tuple[Picture, Picture]:
    """The photograph, for a background that shows it, and the cutout (the same picture where nothing was cut), with the
    recipe's steps done to both. `get_subject_alpha` finds the subject's alpha for a step that works on a part only."""
    behind = _parse_background(recipe)
    for step in (s for s in recipe.steps if isinstance(s, DevelopStep)):
        where = None if step.only == "all" else _area_mask(get_subject_alpha(), step.only)
        work = _prepare_step(step, photograph, cutout, where, open_image)
        alike = photograph is cutout
        cutout = work(cutout, where)
        if alike or isinstance(behind, background_spec.BackgroundBlur):
            photograph = cutout if alike else work(photograph, where)
    if isinstance(behind, background_spec.BackgroundImage) and cutout.alpha is not None:
        cutout = harmonise_subject(cutout, open_image(behind.path), _harmonisation_strength(recipe))
    return photograph, cutout


def _prepare_step(
    step: DevelopStep,
    photograph: Picture,
    cutout: Picture,
    where: Pixels | None,
    open_image: OpenImage,
) -> DevelopFunction:
    """The step with what it measures already measured."""
    if isinstance(step, Balance):
        light, haze = (
            white_balance.resolve_illuminant(step, photograph),
            dehazing.estimate_haze(sample_light(photograph)),
        )
        return lambda picture, where: white_balance.correct_white_balance(
            picture, light, step.strength / 100, where, haze
        )
    if isinstance(step, Light):
        plan = tone_adjustment.plan_tone(cutout, step, where)
        return lambda picture, where: tone_adjustment.apply_tone(picture, plan, step.strength / 100, where)
    if isinstance(step, Colour):
        return lambda picture, where: adjust_saturation(picture, step, where)
    if isinstance(step, Sharpen):
        return lambda picture, where: sharpen_luminance(picture, step, where)
    if step.picture == "none":
        return lambda picture, where: picture
    if step.picture in style_names() or step.method == "adain":
        brush = _build_style_transfer(step, open_image)
        return lambda picture, where: apply_style(picture, brush, step.strength / 100, where)
    model = _open_style_picture(step.picture, open_image)
    return lambda picture, where: transfer_colours(picture, model, step.method, step.strength / 100, where)


def _build_style_transfer(step: Style, open_image: OpenImage) -> StyleTransform:
    if step.picture in style_names():
        return named_style(open_style_transfer_network(STYLE_MODEL, cpu_threads.thread_cpu_count()), step.picture)
    return style_from_picture(
        open_adain_network(ADAIN_MODEL, cpu_threads.thread_cpu_count()), _open_style_picture(step.picture, open_image)
    )


def _open_style_picture(path: str, open_image: OpenImage) -> Picture:
    """The picture whose colours, or manner, are taken on. InputMissing says which styles have names."""
    try:
        return open_image(path)
    except InputMissing as error:
        raise InputMissing(error.problem, f"give a picture's path, or one of: {', '.join(style_names())}") from error


def _area_mask(alpha: Pixels, area: str) -> Pixels:
    """Where the step works."""
    return alpha if area == "subject" else np.subtract(BitDepth.of_pixels(alpha).peak, alpha, dtype=alpha.dtype)


def _parse_background(recipe: Recipe) -> background_spec.BackgroundSpec | None:
    step = recipe.find_step(Background)
    return None if step is None else background_spec.parse_background(step.paint)


def _harmonisation_strength(recipe: Recipe) -> float:
    step = recipe.find_step(Background)
    return 0 if step is None else step.harmonise / 100

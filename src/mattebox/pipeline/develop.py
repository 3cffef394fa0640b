"""Develops a photograph: haze, white balance, light, colour, style, sharpness; harmonises a cutout with its background.

The order is that of raw editors: haze and white balance first, since later steps judge by colours; then tone, since
saturation and style depend on it; sharpening last, since later steps would distort sharpened edges. The illuminant is
estimated on the whole photograph (the subject alone tells little of it), everything else on the visible result; each
step is then applied alike to the cutout and to the photograph behind it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mattebox.composition import background_spec
from mattebox.core import cpu_threads
from mattebox.enhancement import tone_adjustment, white_balance
from mattebox.enhancement.colour_transfer import transfer_colours
from mattebox.enhancement.distance_adjustment import adjust_by_distance
from mattebox.enhancement.harmonisation import harmonise_subject
from mattebox.enhancement.ramps import smoothstep
from mattebox.enhancement.saturation import adjust_saturation
from mattebox.enhancement.sharpening import sharpen_luminance
from mattebox.enhancement.style_transfer import StyleTransform, apply_style, named_style, style_from_picture
from mattebox.enhancement.warmth import adjust_warmth
from mattebox.errors import InputMissing, UsageError
from mattebox.io import resampling
from mattebox.models.adain import open_adain_network
from mattebox.models.cards.registry import ADAIN_MODEL, STYLE_MODEL, find_card, style_names, withdrawn_style_names
from mattebox.models.multi_style import open_multi_style_network
from mattebox.models.store import weight_store
from mattebox.pipeline.depth_source import check_distance_step
from mattebox.recipe.field_types import DEPTH_AREAS
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Balance, Colour, Distance, Light, Sharpen, Style
from mattebox.types import BitDepth, Floats, ImageShape, OpenImage, Picture, Pixels

AreaStep = Balance | Light | Colour | Style | Sharpen
DevelopStep = Distance | AreaStep

NEAR_FROM, NEAR_RAMP = 0.35, 0.3  # nearness at which the area "near" begins, and over which it comes in

DevelopFunction = Callable[[Picture, Pixels | None], Picture]
"""A step with its measurements: of a picture and a mask (None = everywhere)."""


def has_develop_steps(recipe: Recipe) -> bool:
    """Whether the recipe has a step that this module applies."""
    return any(isinstance(s, DevelopStep) for s in recipe.steps) or _harmonisation_strength(recipe) > 0


def check_develop_steps(recipe: Recipe, open_image: OpenImage) -> None:
    """Check the recipe's steps without a photograph.

    UsageError; InputError for a style picture that cannot be read; ModelError for a network that is not installed.
    """
    check_distance_step(recipe, open_image)
    step = recipe.find_step(Balance)
    if step is not None:
        white_balance.check_balance(step)
    style = recipe.find_step(Style)
    if style is not None and style.picture != "none" and style.picture not in style_names():
        _open_style_picture(style.picture, open_image)
        if style.method == "adain":
            weight_store.require_installed(find_card(ADAIN_MODEL))


def apply_develop_steps(
    photograph: Picture,
    cutout: Picture,
    recipe: Recipe,
    get_subject_alpha: Callable[[], Pixels],
    get_nearness: Callable[[], Floats],
    open_image: OpenImage,
) -> tuple[Picture, Picture]:
    """Apply the recipe's steps.

    Parameters
    ----------
    photograph, cutout : Picture
        The same object where nothing was cut.
    recipe : Recipe
        Checked by `check_develop_steps`.
    get_subject_alpha : callable
        Gives the subject's alpha; called for steps that work on the subject or the background only.
    get_nearness : callable
        Gives the nearness of the whole frame, 0..1, in any size; called for steps that work by distance.
    open_image : callable
        Opens the style picture and the background.

    Returns
    -------
    photograph, cutout : Picture
        The photograph is developed only where it will be seen: uncut, or blurred behind the cutout.
    """
    background = _parse_background(recipe)
    for step in (s for s in recipe.steps if isinstance(s, DevelopStep)):
        if isinstance(step, Distance):
            mask, develop = None, _prepare_distance(step, get_nearness)
        else:
            mask = _area_mask(step.only, cutout.shape, get_subject_alpha, get_nearness)
            develop = prepare_step(step, photograph, cutout, mask, open_image)
        is_uncut = photograph is cutout
        cutout = develop(cutout, mask)
        if is_uncut:
            photograph = cutout
        elif isinstance(background, background_spec.BackgroundBlur):
            photograph = develop(photograph, mask)
    if isinstance(background, background_spec.BackgroundImage) and cutout.alpha is not None:
        cutout = harmonise_subject(cutout, open_image(background.path), _harmonisation_strength(recipe))
    return photograph, cutout


def _prepare_distance(step: Distance, get_nearness: Callable[[], Floats]) -> DevelopFunction:
    if not (step.haze or step.light):
        return lambda picture, mask: picture
    nearness = get_nearness()
    return lambda picture, mask: adjust_by_distance(picture, nearness, step.haze / 100, step.light)


def prepare_step(
    step: AreaStep,
    photograph: Picture,
    cutout: Picture,
    mask: Pixels | None,
    open_image: OpenImage,
) -> DevelopFunction:
    """The step with its measurements taken: white balance on the photograph, light on the cutout."""
    if isinstance(step, Balance):
        correction = white_balance.plan_white_balance(step, photograph)
        return lambda picture, mask: white_balance.correct_white_balance(
            picture, correction.light, step.strength / 100, mask, correction.haze
        )
    if isinstance(step, Light):
        plan = tone_adjustment.plan_tone(cutout, step, mask)
        return lambda picture, mask: tone_adjustment.apply_tone(picture, plan, step.strength / 100, mask)
    if isinstance(step, Colour):
        return lambda picture, mask: adjust_saturation(adjust_warmth(picture, step.warmth, mask), step, mask)
    if isinstance(step, Sharpen):
        return lambda picture, mask: sharpen_luminance(picture, step, mask)
    if step.picture == "none":
        return lambda picture, mask: picture
    if step.picture in style_names() or step.method == "adain":
        transform = _build_style_transfer(step, open_image)
        return lambda picture, mask: apply_style(picture, transform, step.strength / 100, mask)
    example = _open_style_picture(step.picture, open_image)
    return lambda picture, mask: transfer_colours(picture, example, step.method, step.strength / 100, mask)


def _build_style_transfer(step: Style, open_image: OpenImage) -> StyleTransform:
    """The network of a named style, or AdaIN with the statistics of the style picture."""
    if step.picture in style_names():
        return named_style(open_multi_style_network(STYLE_MODEL, cpu_threads.thread_cpu_count()), step.picture)
    return style_from_picture(
        open_adain_network(ADAIN_MODEL, cpu_threads.thread_cpu_count()), _open_style_picture(step.picture, open_image)
    )


def _open_style_picture(path: str, open_image: OpenImage) -> Picture:
    """The picture whose colours or style are transferred. InputMissing lists the named styles;
    UsageError for one that is no longer offered."""
    try:
        return open_image(path)
    except InputMissing as error:
        if path in withdrawn_style_names():
            raise UsageError(
                f"the style {path} is no longer offered", f"choose {', '.join(style_names())}, or give a picture's path"
            ) from error
        raise InputMissing(error.problem, f"give a picture's path, or one of: {', '.join(style_names())}") from error


def _area_mask(
    area: str, shape: ImageShape, get_subject_alpha: Callable[[], Pixels], get_nearness: Callable[[], Floats]
) -> Pixels | None:
    """The alpha of the area that a step works on; None for all."""
    if area == "all":
        return None
    if area in DEPTH_AREAS:
        near = smoothstep(resampling.enlarge(get_nearness(), shape, "bilinear") - np.float32(NEAR_FROM), NEAR_RAMP)
        return np.rint(BitDepth.EIGHT.peak * (near if area == "near" else 1 - near)).astype(np.uint8)
    alpha = get_subject_alpha()
    return alpha if area == "subject" else np.subtract(BitDepth.of_pixels(alpha).peak, alpha, dtype=alpha.dtype)


def _parse_background(recipe: Recipe) -> background_spec.BackgroundSpec | None:
    step = recipe.find_step(Background)
    return None if step is None else background_spec.parse_background(step.paint)


def _harmonisation_strength(recipe: Recipe) -> float:
    step = recipe.find_step(Background)
    return 0 if step is None else step.harmonise / 100

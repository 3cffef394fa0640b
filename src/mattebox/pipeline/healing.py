"""Removes what is marked, before anything else looks at the photograph."""

from __future__ import annotations

import numpy as np

from mattebox.core.interface import name_image
from mattebox.enhancement.healing.object_removal import heal_picture
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.matting.mask_validation import check_grey
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Heal
from mattebox.types import Mask, OpenImage, Picture

MAX_RATIO_ERROR = 0.02  # between the shapes of a mask and its photograph
HALF = 127  # of 255


def heal_step(recipe: Recipe) -> Heal | None:
    """The recipe's step that removes something, if it has one."""
    step = recipe.find_step(Heal)
    return step if step is not None and step.mask != "none" else None


def check_heal_step(recipe: Recipe, open_image: OpenImage) -> None:
    """Check the step without a photograph. InputError, UsageError."""
    step = heal_step(recipe)
    if step is not None:
        _check_mask(open_image(step.mask), step.mask)


def apply_heal_step(photograph: Picture, step: Heal, open_image: OpenImage) -> Picture:
    """The photograph without what is marked. UsageError where the mask does not go with it."""
    mask = open_image(step.mask)
    _check_mask(mask, step.mask)
    wide, tall = (own / drawn for own, drawn in zip(photograph.size, mask.size, strict=True))
    if abs(wide / tall - 1) > MAX_RATIO_ERROR:
        sizes = [" x ".join(map(str, picture.size)) for picture in (mask, photograph)]
        name = name_image("mask to heal by", step.mask)
        raise UsageError(f"{name} is {sizes[0]}, the photograph {sizes[1]}", "draw it on the whole photograph")
    return heal_picture(photograph, _read_mask(mask, photograph))


def _check_mask(mask: Picture, path: str) -> None:
    check_grey(mask, name_image("mask to heal by", path), "give a grey picture, white on what should go")


def _read_mask(mask: Picture, photograph: Picture) -> Mask:
    """What is marked, in the photograph's size."""
    grey = resampling.to_eight_bit(mask.rgb[..., 1])
    if grey.shape != photograph.shape:
        grey = resampling.enlarge(grey, photograph.shape, "bilinear")
    marked: Mask = np.greater(grey, HALF)
    return marked

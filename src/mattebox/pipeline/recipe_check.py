"""Checks of a recipe that need no photograph, and the size of what it can make."""

from __future__ import annotations

from mattebox.composition import drawn_extent, layer_composition
from mattebox.composition.label import check_label
from mattebox.composition.marketplace.rules import NO_MARKETPLACE, find_rules
from mattebox.errors import UsageError
from mattebox.io.file_formats import find_format
from mattebox.io.reader import read_cached
from mattebox.models.matte_session import Session
from mattebox.pipeline import anonymisation, cutout, develop, healing, lens, restoration
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Frame, Label, Save
from mattebox.types import ImageShape, OpenImage

LAYERED_FORMATS = ("psd", "exr", "exr-straight", "zip")


def check_recipe(recipe: Recipe, open_image: OpenImage = read_cached, session: Session | None = None) -> None:
    """Check all that can be checked without a photograph; `session` stands in for the recipe's model.

    UsageError, InputError, ModelError.
    """
    layer_composition.check_composition(recipe, open_image)
    anonymisation.check_anonymise_step(recipe)
    healing.check_heal_step(recipe, open_image)
    if (label_step := recipe.find_step(Label)) is not None:
        check_label(label_step, open_image)
    develop.check_develop_steps(recipe, open_image)
    restoration.check_restoration_steps(recipe)
    lens.check_lens_step(recipe, open_image)
    _check_watermark(recipe.save_step)
    if recipe.save_step.check_for != NO_MARKETPLACE:
        find_rules(recipe.save_step.check_for)
    if recipe.cut_step is not None:
        cutout.check_cut(recipe.cut_step, open_image, session)


def max_output_size(shape: ImageShape, recipe: Recipe) -> ImageShape:
    """Largest (height, width) that a recipe can make of a picture of this shape. UsageError when that is too large."""
    height, width = restoration.target_shape(shape, recipe)
    step = recipe.find_step(Frame)
    if step is None:
        return height, width
    return drawn_extent.max_canvas_size((height, width), recipe, step)


def _check_watermark(step: Save) -> None:
    """UsageError for a malformed watermark, or one that the format's layers would not carry."""
    if step.watermark_id is not None and step.format != "auto" and find_format(step.format).name in LAYERED_FORMATS:
        raise UsageError(
            f"{step.format}: the layers of a file carry no watermark", "choose png, jpg, webp, tiff or avif"
        )

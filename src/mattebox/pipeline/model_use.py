"""The networks that a recipe ran, by name and hash, for the record that goes with a result."""

from __future__ import annotations

from collections.abc import Iterator

from mattebox.errors import ModelError
from mattebox.models.cards.registry import (
    ADAIN_MODEL,
    STYLE_MODEL,
    detector_names,
    find_card,
    restorer_name,
    style_names,
    upscaler_names,
)
from mattebox.pipeline.result import Result
from mattebox.provenance.manifest import ModelUse
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise, Faces, Restore, Style, Upscale


def list_models(recipe: Recipe, result: Result) -> list[ModelUse]:
    """The networks whose output is in the result; a stage that changed nothing used none."""
    return [_describe_model(name) for name in dict.fromkeys(_model_names(recipe, result))]


def _model_names(recipe: Recipe, result: Result) -> Iterator[str]:
    stages = result.effective_stages
    anonymise = recipe.find_step(Anonymise)
    if anonymise is not None and "anonymise" in stages:
        yield from _detector_names(anonymise.detector)
    restore, upscale, faces, style = (recipe.find_step(step) for step in (Restore, Upscale, Faces, Style))
    if isinstance(restore, Restore) and "restore" in stages:
        yield restorer_name(restore.model)
    if result.model is not None:
        yield result.model
    if isinstance(upscale, Upscale) and "upscale" in stages:
        yield from upscaler_names(upscale.model)
    if isinstance(faces, Faces) and "faces" in stages:
        yield from (*_detector_names(faces.finder), faces.model)
    if isinstance(style, Style) and "develop" in stages:
        if style.picture in style_names():
            yield STYLE_MODEL
        elif style.picture != "none" and style.method == "adain":
            yield ADAIN_MODEL


def _detector_names(name: str) -> tuple[str, ...]:
    try:
        return detector_names(name)
    except ModelError:
        return (name,)


def _describe_model(name: str) -> ModelUse:
    try:
        card = find_card(name)
    except ModelError:  # a session that was opened from something else than a card here
        return ModelUse(name, "")
    return ModelUse(card.name, card.sha256)

"""The scene of a picture: recognised or named, what it sets in a recipe, and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mattebox.errors import UsageError
from mattebox.matting.flat_artwork import detect_artwork
from mattebox.models.face_detector import detect_faces
from mattebox.models.scene_classifier import open_scene_classifier
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.scene_defaults import SCENE_DEFAULTS, Value, set_scene_defaults
from mattebox.recipe.steps import Faces, Scene
from mattebox.types import Picture

MIN_PROBABILITY = 0.6  # from which a recognised scene counts
MIN_GROUP_FACES = 3
PORTRAIT, GROUP, SCREENSHOT = "portrait", "group", "screenshot"
ARTWORK_VALUES = {"by": "artwork"}


class FoundScene(NamedTuple):
    """A scene, and how likely it is; 1 where it was named."""

    name: str
    probability: float


def apply_scene(recipe: Recipe, picture: Picture, device: str, threads: int | None) -> tuple[Recipe, str]:
    """Set what suits the scene of a picture.

    Parameters
    ----------
    recipe
        With a scene step or without.
    picture
        The photograph.
    device, threads
        Where networks run.

    Returns
    -------
    Recipe
        Without a scene step.
    str
        What was recognised and set, as a note; "" where no scene was asked for.

    Raises
    ------
    UsageError
        A screenshot without a flat background is to be cut.
    ModelError
        The network that scenes were learned from is another one now.
    """
    step = recipe.find_step(Scene)
    if step is None or step.kind == "none":
        return recipe.without_step(Scene), ""
    found = recognise_scene(picture, device, threads) if step.kind == "auto" else FoundScene(step.kind, 1.0)
    if found.name not in SCENE_DEFAULTS or found.probability < MIN_PROBABILITY:
        said = f" (most like {found.name}, {found.probability:.0%})" if found.name in SCENE_DEFAULTS else ""
        return recipe.without_step(Scene), f"scene: not clear{said}; nothing was set by it"
    changed, values = set_scene_defaults(recipe, _suitable_values(recipe, picture, found.name))
    return changed, describe_scene(found, values)


def recognise_scene(picture: Picture, device: str = "cpu", threads: int | None = None) -> FoundScene:
    """The likeliest scene; with three faces or more a portrait is a group. ModelError."""
    shares = open_scene_classifier(device=device, threads=threads).classify(picture)
    name, probability = next(iter(shares.items()))
    if name == PORTRAIT and len(detect_faces(picture, Faces().finder, device, threads)) >= MIN_GROUP_FACES:
        name = GROUP
    return FoundScene(name, probability)


def _suitable_values(recipe: Recipe, picture: Picture, name: str) -> Mapping[str, Value]:
    """What suits a scene in a recipe. UsageError for a screenshot that cannot be cut by a colour."""
    defaults = SCENE_DEFAULTS[name]
    if recipe.cut_step is None:
        return defaults.enhance
    if not defaults.is_drawn or recipe.cut_step.by != "auto" or detect_artwork(picture) is not None:
        return defaults.cut
    if name == SCREENSHOT:
        raise UsageError(
            "a screenshot without one flat background colour is not cut as if it were a photograph",
            "cut it all the same with scene none, or name what it shows",
        )
    return {n: v for n, v in defaults.cut.items() if n not in ARTWORK_VALUES}


def describe_scene(found: FoundScene, values: Mapping[str, Value]) -> str:
    """What is said of a scene and the values that it sets; the page reads it (scene_note.js)."""
    sure = f" ({found.probability:.0%})" if found.probability < 1 else ""
    said = ", ".join(name if value is True else f"{name}={value}" for name, value in values.items())
    hint = SCENE_DEFAULTS[found.name].hint
    parts = [f"scene: {found.name}{sure}, which sets {said or 'nothing'}", hint]
    return "; ".join(part for part in parts if part)

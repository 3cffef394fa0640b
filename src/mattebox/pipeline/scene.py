"""The scene of a picture: recognised or named, what it sets in a recipe, and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

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


@dataclass(frozen=True)
class AppliedScene:
    """The scene of a picture, and what it set in the recipe.

    Attributes
    ----------
    name : str
        The likeliest scene, or the one that was named; "other" where the picture shows none that has defaults.
    probability : float
        0 to 1; 1 where it was named.
    is_clear : bool
        Whether it counts; else nothing was set by it.
    values : Mapping of str to str, int, float or bool
        What it set, by flat name.
    """

    name: str
    probability: float
    is_clear: bool
    values: Mapping[str, Value]

    def describe(self) -> str:
        """A note for people, in English."""
        if not self.is_clear:
            said = f" (most like {self.name}, {self.probability:.0%})" if self.name in SCENE_DEFAULTS else ""
            return f"scene: not clear{said}; nothing was set by it"
        sure = f" ({self.probability:.0%})" if self.probability < 1 else ""
        said = ", ".join(name if value is True else f"{name}={value}" for name, value in self.values.items())
        parts = [f"scene: {self.name}{sure}, which sets {said or 'nothing'}", SCENE_DEFAULTS[self.name].hint]
        return "; ".join(part for part in parts if part)

    def to_fields(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "name": self.name,
            "probability": round(self.probability, 4),
            "clear": self.is_clear,
            "values": dict(self.values),
        }


def apply_scene(
    recipe: Recipe, picture: Picture, device: str, threads: int | None
) -> tuple[Recipe, AppliedScene | None]:
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
    AppliedScene or None
        What was recognised and set; None where no scene was asked for.

    Raises
    ------
    UsageError
        A screenshot without a flat background is to be cut.
    ModelError
        The network that scenes were learned from is another one now.
    """
    step = recipe.find_step(Scene)
    if step is None or step.kind == "none":
        return recipe.without_step(Scene), None
    found = recognise_scene(picture, device, threads) if step.kind == "auto" else FoundScene(step.kind, 1.0)
    if found.name not in SCENE_DEFAULTS or found.probability < MIN_PROBABILITY:
        return recipe.without_step(Scene), AppliedScene(*found, is_clear=False, values={})
    changed, values = set_scene_defaults(recipe, _suitable_values(recipe, picture, found.name))
    return changed, AppliedScene(*found, is_clear=True, values=values)


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

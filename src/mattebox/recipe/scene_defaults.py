"""What suits each scene: values by flat name, where a subject is cut out and where it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mattebox.recipe.flat_parameters import build_recipe, parameters_by_name
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.scene_step import Scene
from mattebox.recipe.step import Step

Value = str | int | float | bool


@dataclass(frozen=True)
class SceneDefaults:
    """Values for cutouts and for photographs that stay whole, and a hint at what else may suit.

    A `is_drawn` one is no photograph: it is cut by its background's colour.
    """

    cut: Mapping[str, Value] = field(default_factory=dict)
    enhance: Mapping[str, Value] = field(default_factory=dict)
    hint: str = ""
    is_drawn: bool = False


PHOTO_ENHANCEMENT = {"restore": "auto", "balance": "auto", "light": "auto"}
FINE_EDGES = {"edges": "network"}
SCENE_DEFAULTS = {
    "portrait": SceneDefaults(FINE_EDGES, PHOTO_ENHANCEMENT, "presets: portrait, avatar, passport"),
    "group": SceneDefaults(FINE_EDGES, PHOTO_ENHANCEMENT),
    "product": SceneDefaults(
        {"crop": True, "margin": "5%", "background": "white"},
        {**PHOTO_ENHANCEMENT, "clarity": 10},
        "presets: product, amazon, ebay, etsy, google, shopify, walmart, zalando",
    ),
    "vehicle": SceneDefaults({"crop": True, "margin": "6%"}, {**PHOTO_ENHANCEMENT, "clarity": 10}),
    "animal": SceneDefaults(FINE_EDGES, {**PHOTO_ENHANCEMENT, "clarity": 10}),
    "plant": SceneDefaults({**FINE_EDGES, "holes": "open"}, {**PHOTO_ENHANCEMENT, "vibrance": 10}),
    "food": SceneDefaults({"crop": True, "margin": "5%"}, {**PHOTO_ENHANCEMENT, "vibrance": 15, "warmth": 5}),
    "building": SceneDefaults({}, {**PHOTO_ENHANCEMENT, "clarity": 15}),
    "document": SceneDefaults({"rotate": "upright", "crop": True}, {"balance": "auto", "contrast": 20, "sharpen": 40}),
    "screenshot": SceneDefaults({"by": "artwork"}, is_drawn=True),
    "illustration": SceneDefaults({"by": "artwork"}, is_drawn=True),
    "text": SceneDefaults({"by": "artwork"}, {"contrast": 20, "sharpen": 40}, is_drawn=True),
}


def set_scene_defaults(recipe: Recipe, values: Mapping[str, Value]) -> tuple[Recipe, dict[str, Value]]:
    """Set values that are at their defaults.

    Parameters
    ----------
    recipe
        With what was asked for.
    values
        By flat name.

    Returns
    -------
    Recipe
        Without its scene step.
    dict
        The values that were set; those that the recipe gives itself are not among them.
    """
    steps: dict[type[Step], Step] = {type(step): step for step in recipe.steps}
    scene = recipe.find_step(Scene)
    kept = scene.kept_names if scene is not None else frozenset()
    chosen = {name: value for name, value in values.items() if name not in kept and _is_default(steps, name)}
    plain = recipe.without_step(Scene)
    return (build_recipe(chosen, plain) if chosen else plain), chosen


def _is_default(steps: Mapping[type[Step], Step], name: str) -> bool:
    parameter = parameters_by_name()[name]
    step = steps.get(parameter.step)
    return step is None or getattr(step, parameter.field.name) == parameter.field.default

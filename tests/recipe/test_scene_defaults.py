"""What scenes set: only what is at its default, and nothing of the scene itself stays in the recipe."""

from __future__ import annotations

from typing import get_args

import pytest

from mattebox.recipe.flat_parameters import build_recipe, parameters_by_name
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.scene_defaults import SCENE_DEFAULTS, set_scene_defaults
from mattebox.recipe.scene_step import SceneName
from mattebox.recipe.steps import Cut, Frame, Save, Scene


def test_every_scene_has_defaults_that_recipes_allow() -> None:
    assert {"none", "auto", *SCENE_DEFAULTS} == set(get_args(SceneName))
    for defaults in SCENE_DEFAULTS.values():
        assert set(defaults.cut) | set(defaults.enhance) <= set(parameters_by_name())
        assert build_recipe(dict(defaults.cut), Recipe((Cut(),)))
        assert build_recipe(dict(defaults.enhance), Recipe((Save(),)))


def test_what_was_asked_for_stays() -> None:
    asked = build_recipe({"margin": "20%", "edges": "none"}, Recipe((Scene(kind="product"), Cut())))
    changed, values = set_scene_defaults(asked, SCENE_DEFAULTS["product"].cut)
    assert values == {"crop": True, "background": "white"}
    frame = changed.find_step(Frame)
    assert frame is not None
    assert (frame.margin, frame.crop) == ("20%", "subject")
    assert changed.find_step(Scene) is None


@pytest.mark.parametrize("name", SCENE_DEFAULTS)
def test_a_recipe_that_says_all_of_it_is_only_freed_of_its_scene(name: str) -> None:
    values = dict(SCENE_DEFAULTS[name].cut)
    asked = build_recipe(values, Recipe((Scene(kind="auto"), Cut())))
    changed, _ = set_scene_defaults(asked, values)
    assert changed == asked.without_step(Scene)


def test_a_default_that_was_given_stays() -> None:
    asked = build_recipe({"scene": "auto", "margin": "0", "edges": "colour", "background": "black"})
    scene = asked.find_step(Scene)
    assert scene == Scene(kind="auto", keep="edges margin")
    _, values = set_scene_defaults(asked, SCENE_DEFAULTS["product"].cut)
    assert values == {"crop": True}
    assert build_recipe({"margin": "0"}) == Recipe((Cut(),))
    again = build_recipe({"crop": False}, asked).find_step(Scene)
    assert again == Scene(kind="auto", keep="crop edges margin")

"""Scenes in recipes: recognised or named, said, and overruled by what is given; none changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.errors import UsageError
from mattebox.pipeline import scene
from mattebox.pipeline.run import run_recipe
from mattebox.pipeline.scene import AppliedScene, FoundScene, apply_scene
from mattebox.recipe.flat_parameters import build_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Cut, Frame, Save, Scene
from mattebox.types import Picture
from tests.fakes import composite, disc, fake_session


def picture_of_a_disc() -> Picture:
    return composite(disc((120, 160)), (230, 110, 30), (40, 70, 180))


def screenshot(background: tuple[int, int, int] | None) -> Picture:
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    if background is not None:
        noise[:] = background
        noise[40:80, 50:110] = (200, 30, 30)
    return Picture(noise)


def apply(recipe: Recipe, picture: Picture) -> tuple[Recipe, AppliedScene]:
    changed, applied = apply_scene(recipe, picture, "cpu", 1)
    assert applied is not None
    return changed, applied


def test_none_changes_nothing() -> None:
    picture = picture_of_a_disc()
    plain = run_recipe(picture, Recipe((Cut(),)), session=fake_session())
    none = run_recipe(picture, Recipe((Scene(), Cut())), session=fake_session())
    assert np.array_equal(plain.picture.rgb, none.picture.rgb)
    assert np.array_equal(plain.matte.alpha, none.matte.alpha)  # type: ignore[union-attr]
    assert none.picture.notes == plain.picture.notes
    assert none.scene is none.scene_recipe is None


def test_a_named_scene_sets_what_suits_it_and_says_so() -> None:
    result = run_recipe(picture_of_a_disc(), Recipe((Scene(kind="product"), Cut())), session=fake_session())
    assert "scene: product, which sets crop, margin=5%, background=white" in result.picture.notes[0]
    values = {"crop": True, "margin": "5%", "background": "white"}
    assert result.scene == AppliedScene("product", 1.0, True, values)
    assert result.scene.to_fields() == {"name": "product", "probability": 1.0, "clear": True, "values": values}
    assert result.scene_recipe is not None
    assert result.scene_recipe.find_step(Background) == Background(paint="white")
    assert tuple(result.picture.rgb[0, 0]) == (255, 255, 255)


def test_given_values_overrule_it() -> None:
    recipe = build_recipe({"margin": "1%", "background": "black"}, Recipe((Scene(kind="product"), Cut())))
    changed, applied = apply(recipe, picture_of_a_disc())
    assert changed.find_step(Background) == Background(paint="black")
    assert "sets crop;" in applied.describe()
    assert applied.values == {"crop": True}
    assert changed.find_step(Frame) == Frame(crop="subject", margin="1%")


def test_a_photograph_that_stays_whole_is_enhanced() -> None:
    changed, applied = apply(Recipe((Scene(kind="animal"), Save())), picture_of_a_disc())
    assert {step.tag() for step in changed.steps} == {"restore", "balance", "light", "save"}
    assert applied.describe().startswith("scene: animal, which sets restore=auto")


def test_what_is_not_clear_sets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe((Scene(kind="auto"), Cut()))
    for found in (FoundScene("food", 0.3), FoundScene("other", 0.9)):
        monkeypatch.setattr(scene, "recognise_scene", lambda *_, found=found: found)
        changed, applied = apply(recipe, picture_of_a_disc())
        assert changed == Recipe((Cut(),))
        assert applied == AppliedScene(*found, is_clear=False, values={})
        assert "not clear" in applied.describe()
        assert ("food, 30%" in applied.describe()) == (found.name == "food")


def test_screenshots_are_cut_by_their_colour_or_not_at_all() -> None:
    recipe = Recipe((Scene(kind="screenshot"), Cut()))
    changed, _ = apply(recipe, screenshot((250, 250, 250)))
    assert changed.cut_step == Cut(by="artwork")
    with pytest.raises(UsageError, match="not cut as if it were a photograph"):
        apply(recipe, screenshot(None))
    photographed, _ = apply(Recipe((Scene(kind="text"), Cut())), screenshot(None))
    assert photographed.cut_step == Cut()


def test_a_document_is_straightened_and_cropped() -> None:
    changed, _ = apply(Recipe((Scene(kind="document"), Cut())), picture_of_a_disc())
    assert changed.find_step(Frame) == Frame(crop="subject", rotate="upright")


def test_three_faces_make_a_portrait_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    class Classifier:
        def classify(self, picture: Picture) -> dict[str, float]:
            return {"portrait": 0.8, "product": 0.2}

    monkeypatch.setattr(scene, "open_scene_classifier", lambda **_: Classifier())
    for count, name in ((1, "portrait"), (2, "portrait"), (3, "group")):
        monkeypatch.setattr(scene, "detect_faces", lambda *_, count=count: [None] * count)
        assert scene.recognise_scene(picture_of_a_disc()) == FoundScene(name, 0.8)

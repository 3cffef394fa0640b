"""Composition: the order of steps, layers that add up, and checks of a recipe."""

import numpy as np
import pytest

from mattebox.composition.alpha_compositing import composite_over, flatten
from mattebox.composition.layer_composition import check_composition, compose_layers
from mattebox.errors import InputMissing, UsageError
from mattebox.io.reader import read_cached
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Frame, Outline, Shadow
from mattebox.types import Box, Picture

BOX: Box = (30, 20, 70, 80)


def photograph(dtype: type = np.uint8) -> tuple[Picture, Picture]:
    """A red block before green, and its cutout."""
    peak = int(np.iinfo(dtype).max)
    rgb = np.zeros((100, 120, 3), dtype)
    rgb[..., 1] = peak
    rgb[20:80, 30:70] = (peak, 0, 0)
    alpha = np.zeros((100, 120), dtype)
    alpha[20:80, 30:70] = peak
    return Picture(rgb), Picture(rgb, alpha)


def open_image(path: str) -> Picture:
    assert path == "sea.jpg"
    return Picture(np.full((10, 10, 3), (0, 0, 200), np.uint8))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "paint", ["white", "linear-gradient(white, black)", "blur", "studio", "sea.jpg", "transparent"]
)
def test_layers_add_up_to_the_picture(dtype: type, paint: str) -> None:
    source, cutout = photograph(dtype)
    steps = (Frame(size="200x200", fill="50%"), Outline(width="4px"), Shadow(kind="drop"), Background(paint=paint))
    result = compose_layers(source, cutout, BOX, Recipe(steps), open_image)
    assert result.shadow is not None
    below = composite_over(result.subject, result.shadow)
    flat = result.flatten()
    assert flat.shape == (200, 200)
    assert flat.rgb.dtype == dtype
    if paint == "transparent":
        assert result.backdrop is None
        assert flat.alpha is not None
        assert (flat.alpha == below.alpha).all()
    else:
        assert result.backdrop is not None
        assert flat.alpha is None
        assert (flat.rgb == flatten(below, result.backdrop.rgb).rgb).all()
    assert flat.rgb[100, 100].tolist() == [np.iinfo(dtype).max, 0, 0]


def test_the_subjects_box_follows_it() -> None:
    source, cutout = photograph()
    result = compose_layers(
        source, cutout, BOX, Recipe((Frame(crop="subject", margin="10px"), Outline(width="5px"))), open_image
    )
    assert result.subject.shape == (94, 74)  # margins and the outline, which may take 2 pixels more than its 5
    assert result.box == (12, 12, 62, 82)


def test_a_background_behind_nothing_transparent_changes_nothing() -> None:
    source, _ = photograph()
    assert (
        compose_layers(source, source, (0, 0, 120, 100), Recipe((Background(paint="red"),)), open_image).flatten()
        is source
    )


def test_a_translucent_colour_lets_through() -> None:
    source, cutout = photograph()
    flat = compose_layers(source, cutout, BOX, Recipe((Background(paint="#0000ff80"),)), open_image).flatten()
    assert flat.alpha is not None
    assert (flat.rgb[0, 0].tolist(), flat.alpha[0, 0]) == ([0, 0, 255], 128)
    assert (flat.rgb[50, 50].tolist(), flat.alpha[50, 50]) == ([255, 0, 0], 255)


def test_an_opaque_photograph_framed_gets_its_background_around() -> None:
    source, _ = photograph()
    recipe = Recipe((Frame(aspect="2:1"), Background(paint="black")))
    flat = compose_layers(source, source, (0, 0, 120, 100), recipe, open_image).flatten()
    assert flat.shape == (100, 200)
    assert flat.rgb[:, :40].max() == 0
    assert (flat.rgb[:, 40:160] == source.rgb).all()


@pytest.mark.parametrize(
    "step",
    [Frame(margin="?"), Outline(width="?"), Outline(colour="transparent"), Shadow(colour="?"), Background(paint="?")],
)
def test_invalid_steps_are_refused_before_any_picture_is_read(step: Frame | Outline | Shadow | Background) -> None:
    with pytest.raises(UsageError):
        check_composition(Recipe((step,)), open_image)


def test_a_missing_backdrop_is_found_before_any_picture_is_read() -> None:
    with pytest.raises(InputMissing, match=r"no-such\.jpg"):
        check_composition(Recipe((Background(paint="no-such.jpg"),)), read_cached)


@pytest.mark.parametrize("kind", ["contact", "cast", "reflection", "drop"])
def test_a_subject_cut_off_below_has_no_ground_shadow(kind: str) -> None:
    source, cutout = photograph()
    short, cut = source.with_pixels(source.rgb[:80], None), cutout.with_pixels(cutout.rgb[:80], cutout.alpha[:80])
    steps = Recipe((Frame(size="200x200", fill="40%"), Shadow(kind=kind)))  # type: ignore[arg-type]
    whole, bust = (
        compose_layers(source, cutout, BOX, steps, open_image),
        compose_layers(short, cut, BOX, steps, open_image),
    )
    trimmed = compose_layers(cut, cut, BOX, steps, open_image)  # a cutout that was cropped may well stand there
    assert whole.shadow is not None
    assert trimmed.shadow is not None
    assert (bust.shadow is None) == (kind != "drop")
    assert any("cut off" in n for n in bust.subject.notes) == (kind != "drop")


def test_a_shadow_that_runs_out_of_the_picture_gets_a_note() -> None:
    source, cutout = photograph()
    for fill, is_noted in (("98%", True), ("40%", False)):
        recipe = Recipe((Frame(size="200x200", fill=fill), Shadow(kind="contact")))
        assert (
            any("runs out" in n for n in compose_layers(source, cutout, BOX, recipe, open_image).subject.notes)
            == is_noted
        )

"""Style transfer: strength, mask, depth, alpha and size; and the embedded styles."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mattebox.enhancement import style_transfer
from mattebox.enhancement.style_transfer import apply_style, named_style, style_from_picture
from mattebox.errors import InputMissing, ModelError, UsageError
from mattebox.models.adain import AdainNetwork, FeatureStatistics
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import ADAIN_MODEL, STYLE_MODEL, find_card, style_names
from mattebox.models.multi_style import MultiStyleNetwork
from mattebox.pipeline.recipe_check import check_recipe
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Style
from mattebox.types import Picture
from tests.fakes import OURS


class Session:
    """Paints everything brighter by a tenth, and remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: tuple[int, ...] = ()

    def run(self, _: None, inputs: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        self.shown = inputs["picture"].shape
        assert self.shown[2] % 4 == self.shown[3] % 4 == 0
        return [inputs["picture"] + np.float32(0.1)]


@pytest.fixture
def brightening() -> MultiStyleNetwork:
    card: Card = find_card(STYLE_MODEL)
    return MultiStyleNetwork(card, Session())


def noise(height: int, width: int, kind: type = np.uint8) -> NDArray[np.unsignedinteger]:
    """Bluish, so that none of it is taken for skin."""
    peak = np.iinfo(kind).max
    return np.sort(np.random.default_rng(0).integers(peak // 4, peak // 2, (height, width, 3)), axis=2).astype(kind)


@pytest.mark.parametrize("size", [(37, 53), (1, 200), (2000, 1503)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_detail_stays_at_any_size(brightening: MultiStyleNetwork, size: tuple[int, int], kind: type) -> None:
    rgb = noise(*size, kind)
    result = apply_style(Picture(rgb), named_style(brightening, "glass")).rgb
    assert result.dtype == kind
    assert np.abs(result.astype(float) - rgb - 0.1 * np.iinfo(kind).max).max() <= 1
    assert isinstance(brightening._session, Session)
    assert brightening._session.shown[2] * brightening._session.shown[3] <= style_transfer.MAX_STYLISED_PIXELS * 1.02


def test_strength_and_part(brightening: MultiStyleNetwork) -> None:
    picture = Picture(noise(60, 60))
    assert apply_style(picture, named_style(brightening, "glass"), 0) is picture
    half = apply_style(picture, named_style(brightening, "glass"), 0.5).rgb.astype(int) - picture.rgb
    assert np.abs(half - 12.75).max() <= 1
    where = np.zeros((60, 60), np.uint8)
    where[:30] = 255
    result = apply_style(picture, named_style(brightening, "glass"), 1, where).rgb
    np.testing.assert_array_equal(result[30:], picture.rgb[30:])
    assert (result[:30] > picture.rgb[:30]).all()


def test_alpha_and_what_it_hides_stay(brightening: MultiStyleNetwork) -> None:
    alpha = np.zeros((40, 40), np.uint8)
    alpha[10:30, 10:30] = 255
    picture = Picture(noise(40, 40), alpha)
    result = apply_style(picture, named_style(brightening, "glass"))
    assert result.alpha is alpha
    np.testing.assert_array_equal(result.rgb[alpha == 0], picture.rgb[alpha == 0])


def test_the_style_of_a_picture_is_that_of_its_visible_pixels() -> None:
    """In sRGB, at a size that networks know, and whatever lies under alpha 0."""
    shown: list[NDArray[np.float32]] = []

    class FakeAdain(AdainNetwork):
        def style_statistics(self, x: NDArray[np.float32]) -> FeatureStatistics:
            shown.append(x)
            return FeatureStatistics(x.mean((2, 3), keepdims=True), x.std((2, 3), keepdims=True))

        def run(self, x: NDArray[np.float32], statistics: FeatureStatistics) -> NDArray[np.float32]:
            shown.append(x)
            return np.broadcast_to(statistics.mean, x.shape).astype(np.float32)

    network = FakeAdain(find_card(ADAIN_MODEL), None, None)
    rgb, alpha = np.full((900, 1200, 3), 200, np.uint8), np.full((900, 1200), 255, np.uint8)
    rgb[:, :600], alpha[:, :600] = 10, 0
    result = apply_style(Picture(noise(60, 90)), style_from_picture(network, Picture(rgb, alpha)))
    style_shape, content_shape = (s.shape for s in shown)
    assert style_shape[2] % 8 == style_shape[3] % 8 == content_shape[2] % 8 == content_shape[3] % 8 == 0
    assert style_shape[2] * style_shape[3] <= style_transfer.MAX_ADAIN_PIXELS * 1.02
    assert shown[0].min() > 0.75  # the black half is not seen
    assert abs(result.rgb.astype(float).mean() - 200) < 2


def test_a_style_from_a_picture_needs_its_network(astronaut: Picture) -> None:
    recipe = Recipe((Style(picture="model.png", method="adain"),))
    with pytest.raises(ModelError, match="not installed") as caught:
        check_recipe(recipe, lambda path: astronaut)
    assert caught.value.remedy == "run `mattebox models pull adain` in a terminal"
    check_recipe(Recipe((Style(picture="glass", method="adain"),)), lambda path: astronaut)


@pytest.mark.parametrize("name", style_names())
def test_each_embedded_style_is_one_of_its_own(name: str, astronaut: Picture) -> None:
    result = run_recipe(astronaut, Recipe((Style(picture=name, strength=100),))).picture.rgb.astype(float)
    assert np.abs(result - astronaut.rgb).mean() > 10
    second = next(s for s in style_names() if s != name)
    other_style = run_recipe(astronaut, Recipe((Style(picture=second, strength=100),))).picture.rgb
    assert np.abs(result - other_style).mean() > 5


def test_an_unknown_name_says_which_there_are(astronaut: Picture) -> None:
    with pytest.raises(InputMissing, match=r"one of: watercolour, "):
        run_recipe(astronaut, Recipe((Style(picture="inc"),)))
    with pytest.raises(UsageError, match="the style mosaic is no longer offered; choose watercolour, glass, swirl"):
        run_recipe(astronaut, Recipe((Style(picture="mosaic"),)))


def test_only_style_networks_are_accepted() -> None:
    with pytest.raises(ModelError, match="is for cutout"):
        MultiStyleNetwork.open(OURS)

"""Presets: each is a sound recipe that shows as a file, and each marketplace's passes that marketplace's check."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

import mattebox as mb
from mattebox.composition.marketplace.rules import load_marketplaces
from mattebox.errors import UsageError
from mattebox.io.writer import write
from mattebox.pipeline.marketplace_check import check_listing
from mattebox.pipeline.recipe_check import check_recipe
from mattebox.pipeline.run import run_recipe
from mattebox.pipeline.save_options import save_options
from mattebox.recipe import presets
from mattebox.recipe.serialization import load_recipe
from mattebox.types import Picture
from tests.fakes import composite, disc, fake_session, hairy
from tests.io.pictures import rgb_profile

ENLARGED = {"sharpness"}  # as all that are smaller than what a marketplace asks for
EXPECTED_ADVICE = [ENLARGED, ENLARGED, ENLARGED | {"holes", "colour fringe"}, ENLARGED]  # the third has gaps in hair


@pytest.fixture(scope="module")
def photographs() -> list[Picture]:
    """Subjects of several shapes and depths, on blue, one in Display-P3."""
    tall = np.zeros((300, 200), np.float32)
    tall[40:280, 80:120] = 1
    flat = composite(disc((240, 320)), (230, 80, 30), (30, 60, 200))
    wide = composite(disc((200, 500)), (220, 90, 60), (30, 60, 200))
    return [
        Picture(flat.rgb, profile=rgb_profile()),
        Picture(wide.rgb.astype(np.uint16) * 257),
        composite(hairy((300, 300)), (200, 60, 20), (20, 70, 220)),
        composite(tall, (240, 120, 60), (10, 30, 160)),
    ]


@pytest.mark.parametrize("name", presets.preset_names())
def test_a_preset_is_sound_and_says_what_it_is_for(name: str, tmp_path: Path) -> None:
    recipe = presets.find_preset(name)
    check_recipe(recipe)
    assert recipe.title
    again = tmp_path / "again.toml"
    again.write_text(recipe.to_toml())
    assert load_recipe(again) == recipe


@pytest.mark.parametrize(("place", "name"), [*enumerate(load_marketplaces())])
@pytest.mark.parametrize("number", [0, 1])
def test_what_a_marketplaces_preset_makes_passes_its_check(
    name: str, place: int, number: int, photographs: list[Picture]
) -> None:
    """Two photographs for each marketplace, so that each photograph meets three or four."""
    recipe, number = presets.find_preset(name), (place + 2 * number) % 4
    result = run_recipe(photographs[number], recipe, session=fake_session())
    file = BytesIO()
    write(result.picture, file, **save_options(recipe.save_step))
    data = file.getvalue()
    verdict = check_listing(data, name)
    assert {f.rule for f in verdict.findings if not f.passed} <= EXPECTED_ADVICE[number]


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean product"):
        presets.find_preset("prodct")


def test_cutting_and_enhancing_are_not_mistaken_for_each_other() -> None:
    assert presets.require_kind(presets.find_preset("amazon"), must_cut=True) == presets.find_preset("amazon")
    assert presets.require_kind(presets.find_preset("enhance"), must_cut=False) == presets.find_preset("enhance")
    with pytest.raises(UsageError, match="nothing is cut; use it with `mattebox.enhance`"):
        presets.require_kind(presets.find_preset("enhance"), must_cut=True)
    with pytest.raises(UsageError, match="an eBay listing.* cuts; use it with `mattebox.cut`"):
        presets.require_kind(presets.find_preset("ebay"), must_cut=False)
    with pytest.raises(UsageError, match="nothing is cut"):
        mb.cut("no-such-photo.jpg", preset="enhance", empty="keep")

"""The edge network on known mattes: it finds edges and hair, forgives a coarse matte that is wrong, leaves no seams."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from mattebox.matting import network_refinement, tiles
from mattebox.matting.colour_refinement import grid_scales, refine
from mattebox.matting.colour_table import build_colour_table
from mattebox.matting.matte_operations import as_floats, enlarge_alpha, enlarge_matte
from mattebox.matting.network_refinement import levels_lut, refine_with_network
from mattebox.metrics.matting import sad
from mattebox.models.matte_refiner import MatteRefiner, open_matte_refiner
from mattebox.types import ImageShape, Matte, Picture
from tests.fakes import composite, disc, hairy, mosaic
from tests.matting.test_colour_refinement import SIZE, coarse


def alphas(*mattes: Matte) -> list[np.ndarray]:
    return [m.alpha.astype(np.float32) / np.float32(m.bit_depth.peak) for m in mattes]


@pytest.mark.parametrize("depth", [8, 16])
def test_a_sharp_edge_is_found_again(depth: int) -> None:
    truth = disc(SIZE)
    picture, given = composite(truth, (200, 150, 100), (40, 60, 90), depth), coarse(truth)
    plain, made = alphas(enlarge_matte(picture, given), refine_with_network(picture, given))
    assert sad(made, truth) < 0.15 * sad(plain, truth)


def test_hair_is_found_on_photographs(astronaut: Picture, rocket: Picture) -> None:
    truth = hairy(SIZE)
    picture = composite(truth, mosaic(astronaut.rgb, SIZE), mosaic(rocket.rgb, SIZE))
    plain, made = alphas(enlarge_matte(picture, coarse(truth)), refine_with_network(picture, coarse(truth)))
    assert sad(made, truth) < 0.55 * sad(plain, truth)


def test_the_colour_table_has_weight_where_there_are_strands_only(astronaut: Picture, rocket: Picture) -> None:
    """And then strands are finer than colours near them can tell."""
    front, back = mosaic(astronaut.rgb, SIZE), mosaic(rocket.rgb, SIZE)
    heard: dict[str, float] = {}
    for what, truth in {"hair": hairy(SIZE), "blur": disc(SIZE, softness=24)}.items():
        picture, given = composite(truth, front, back), coarse(truth)
        table, (_, step) = build_colour_table(picture.rgb, as_floats(given.alpha)), grid_scales(SIZE, given.shape)
        heard[what] = network_refinement.colour_table_weight(
            picture, enlarge_alpha(picture, given), table, list(tiles.iter_tiles(SIZE, step))
        )
    assert heard["hair"] > 0.3
    assert heard["blur"] == 0
    truth, picture = hairy(SIZE), composite(hairy(SIZE), front, back)
    models, made = alphas(refine(picture, coarse(truth)), refine_with_network(picture, coarse(truth)))
    assert sad(made, truth) < 0.95 * sad(models, truth)


class FactorRecorder:
    """The edge network, with a record of the factors by which it was shown the picture reduced."""

    def __init__(self) -> None:
        self.network, self.factors = open_matte_refiner(), set[int]()

    def run(self, *inputs: Any) -> np.ndarray:
        self.factors.add(inputs[4])
        return self.network.run(*inputs)


def test_large_pictures_without_strands_are_reduced(astronaut: Picture, rocket: Picture) -> None:
    front, back = mosaic(astronaut.rgb, SIZE), mosaic(rocket.rgb, SIZE)
    small = SIZE[0] // 10, SIZE[1] // 10  # as a network's matte of 12 megapixels
    for truth, factor in ((hairy(SIZE), 1), (disc(SIZE, softness=24), 2)):
        recorder = FactorRecorder()
        refine_with_network(composite(truth, front, back), coarse(truth, small), cast(MatteRefiner, recorder))
        assert recorder.factors == {factor}


def test_a_matte_that_is_moved_is_forgiven_more_than_by_colours_alone(chelsea: Picture, rocket: Picture) -> None:
    truth = disc(SIZE, softness=2)
    picture = composite(truth, mosaic(chelsea.rgb, SIZE), mosaic(rocket.rgb, SIZE))
    given = coarse(truth)
    given = replace(given, alpha=np.roll(given.alpha, 2, axis=1))  # two samples, ten pixels
    models, made = alphas(refine(picture, given), refine_with_network(picture, given))
    assert sad(made, truth) < sad(models, truth)


def test_tiles_leave_no_seams(astronaut: Picture, rocket: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = hairy(SIZE)
    picture, given = composite(truth, mosaic(astronaut.rgb, SIZE), mosaic(rocket.rgb, SIZE)), coarse(truth)
    small = refine_with_network(picture, given).alpha.astype(int)
    monkeypatch.setattr("mattebox.matting.tiles.TILE_SIDE_PIXELS", 1000)
    apart = np.abs(small - refine_with_network(picture, given).alpha)
    assert apart.mean() < 0.05
    assert np.quantile(apart, 0.999) <= 8


def test_haze_and_holes_are_clipped() -> None:
    values = np.array([0, 12, 25, 128, 230, 243, 255])
    assert levels_lut(255)[values].tolist() == pytest.approx([0, 0, 0, 128, 255, 255, 255], abs=1)
    assert levels_lut(65535)[32768] == pytest.approx(32768, abs=1)


def test_alpha_far_from_the_edge_is_certain() -> None:
    truth = disc(SIZE)
    matte = refine_with_network(composite(truth, (200, 150, 100), (40, 60, 90)), coarse(truth))
    assert matte.alpha[:100].max() == 0
    assert matte.alpha[280:320, 380:420].min() == 255
    assert matte.box == pytest.approx((220, 120, 580, 480), abs=2)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (37, 3), (61, 67), (257, 513)])
def test_odd_sizes(size: ImageShape) -> None:
    given = Matte(np.full((32, 64), 40000, np.uint16), 0.9, True, (0, 0, 64, 32))
    picture = Picture(np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8))
    assert refine_with_network(picture, given).alpha.shape == size

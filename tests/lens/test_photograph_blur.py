"""Lens blur of photographs with a subject: no halo, in-focus pixels bit-identical, strands keep their alpha."""

from dataclasses import replace

import numpy as np
import pytest

from mattebox.lens.layered_depth import layer_depth
from mattebox.lens.lens_blur import Lens
from mattebox.lens.photograph_blur import Subject, blur_photograph, nearness_of_subject
from mattebox.types import DepthMap, Picture

SHAPE = (120, 160)


def scene(background: int = 90, subject: int = 200, dtype: type = np.uint8) -> tuple[Picture, Picture]:
    """A photograph and its cutout: a disc with a thin strand on an even background."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    alpha = np.clip(30.5 - np.hypot(y - 60, x - 80), 0, 1)
    alpha[20:31, 80] = 0.5  # a strand of half coverage
    scale = 257 if dtype is np.uint16 else 1
    mixed = alpha * subject + (1 - alpha) * background
    rgb = np.repeat(np.rint(mixed * scale)[..., None], 3, 2).astype(dtype)
    own = np.full((*SHAPE, 3), subject * scale, dtype)
    peak = np.iinfo(dtype).max
    return Picture(rgb), Picture(own, np.rint(alpha * peak).astype(dtype))


def nearness_of(photograph: Picture, cutout: Picture) -> np.ndarray:
    assert cutout.alpha is not None
    share = cutout.alpha.astype(np.float32) / np.float32(photograph.bit_depth.peak)
    return DepthMap(share, "picture").nearness()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_even_background_stays_as_it_is_beside_the_subject(dtype: type) -> None:
    photograph, cutout = scene(dtype=dtype)
    blurred = blur_photograph(photograph, nearness_of(photograph, cutout), Lens(15.0, 1.0), Subject(cutout, 1.0))
    difference = np.abs(blurred.rgb.astype(int) - photograph.rgb.astype(int))
    assert difference.max() <= (1 if dtype is np.uint8 else 257)
    assert (blurred.rgb[60, 60:100] == photograph.rgb[60, 60:100]).all()


def test_a_strand_before_a_blurred_background_keeps_its_alpha() -> None:
    photograph, cutout = scene()
    texture = np.random.default_rng(1).integers(0, 255, (*SHAPE, 3), np.uint8)
    assert cutout.alpha is not None
    share = cutout.alpha[..., None] / 255
    textured = replace(photograph, rgb=np.rint(200 * share + texture * (1 - share)).astype(np.uint8))
    blurred = blur_photograph(textured, nearness_of(textured, cutout), Lens(15.0, 1.0), Subject(cutout, 1.0)).rgb
    around = (blurred[22:28, 74].astype(float) + blurred[22:28, 86]) / 2
    alpha = (blurred[22:28, 80].mean() - around.mean()) / (200 - around.mean())
    assert alpha == pytest.approx(0.5, abs=0.06)


def test_a_subject_out_of_focus_is_blurred_as_a_whole() -> None:
    photograph, cutout = scene()
    blurred = blur_photograph(photograph, nearness_of(photograph, cutout), Lens(10.0, 0.0), Subject(cutout, 1.0))
    assert 100 < blurred.rgb[60, 80 + 31, 0] < 190
    assert (blurred.rgb[5:20, 5:20] == photograph.rgb[5:20, 5:20]).all()


def test_without_a_subject_depth_alone_decides() -> None:
    rgb = np.random.default_rng(2).integers(0, 255, (*SHAPE, 3), np.uint8)
    nearness = np.zeros(SHAPE, np.float32)
    nearness[60:] = 1
    photograph = Picture(rgb, np.full(SHAPE, 77, np.uint8))
    blurred = blur_photograph(photograph, DepthMap(nearness, "picture").nearness(), Lens(8.0, 1.0))
    assert (blurred.rgb[60:] == rgb[60:]).all()
    assert blurred.rgb[:40].std() < rgb[:40].std() / 4
    assert blurred.alpha is photograph.alpha


def test_layers_of_a_standing_subject() -> None:
    alpha = np.zeros((100, 80), np.uint8)
    alpha[20:80, 30:50] = 255
    depth = layer_depth(alpha).inverse_depth
    assert (depth[20:80, 30:50] == 1).all()
    assert depth[:45, :20].max() == 0
    assert (np.diff(depth[46:, 0]) > 0).all()
    assert depth[79, 0] == pytest.approx(1, abs=0.05)
    assert not layer_depth(np.zeros((10, 10), np.uint8)).inverse_depth.any()


def test_nearness_is_without_outliers() -> None:
    values = np.linspace(2, 3, 10_000, dtype=np.float32).reshape(100, 100)
    values[0, 0] = 1e6
    nearness = DepthMap(values, "file").nearness()
    assert nearness.min() == 0
    assert nearness.max() == 1
    assert nearness[50, 0] == pytest.approx(0.5, abs=0.02)
    assert not DepthMap(np.full((5, 5), 3, np.float32), "file").nearness().any()
    assert nearness_of_subject(nearness, np.zeros((100, 100), np.float32)) == 1
    with pytest.raises(ValueError, match="finite"):
        DepthMap(np.full((5, 5), np.nan, np.float32), "file")


def test_grain_is_put_back_where_it_is_blurred_and_only_there() -> None:
    photograph, cutout = scene()
    lens = Lens(15.0, 1.0, grain=0.02)
    blurred, again = (
        blur_photograph(photograph, nearness_of(photograph, cutout), lens, Subject(cutout, 1.0)).rgb for _ in "ab"
    )
    assert (blurred == again).all()
    assert blurred[5:25, 5:60].std() == pytest.approx(0.02 * 255, rel=0.1)
    assert (blurred[60, 60:100] == photograph.rgb[60, 60:100]).all()
    assert (blurred[..., 0] == blurred[..., 1])[5:25, 5:60].all()  # of brightness, not of colour

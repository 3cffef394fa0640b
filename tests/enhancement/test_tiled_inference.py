"""Tiled inference: the result of the whole picture, for any receptive field, at any size."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mattebox.enhancement import tiled_inference
from mattebox.models.cards.card import Card, Licence
from mattebox.models.cards.tensor_spec import Tiles
from mattebox.models.image_to_image import ImageToImageNetwork
from mattebox.models.runtime.inference import make_inference_function
from mattebox.models.runtime.onnx_runtime import create_session
from mattebox.types import ImageShape, Pixels
from tests.enhancement.networks import box, mean_network


def run_tiled(
    pixels: Pixels, network: ImageToImageNetwork, size: ImageShape | None = None, budget: int = 10**9
) -> NDArray[np.float32]:
    spec = network.tiles
    height, width = size or (pixels.shape[0] * spec.scale, pixels.shape[1] * spec.scale)
    result = np.full((height, width, *pixels.shape[2:]), np.nan, np.float32)
    for rows, columns, tile in tiled_inference.iter_processed_tiles(pixels, network, size, budget):
        assert np.isnan(result[rows, columns]).all(), "no pixel is made twice"
        result[rows, columns] = tile
    assert not np.isnan(result).any(), "every pixel is made"
    return result


@settings(deadline=None, max_examples=60)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    scale=st.sampled_from([1, 2, 4]),
    reach=st.integers(0, 9),
    multiple=st.sampled_from([1, 2, 8]),
    side=st.integers(1, 40),
)
def test_the_whole_out_of_tiles(size: ImageShape, scale: int, reach: int, multiple: int, side: int) -> None:
    """The mean over zeros beyond the picture tells at once when a tile sees too little, or too much."""
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    network = mean_network(scale, reach, multiple)
    at_once = run_tiled(pixels, network)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiled_inference, "MIN_TILE_SIDE_PIXELS", 1)
        patch.setattr(tiled_inference, "tile_side", lambda *_: side)
        tiled = run_tiled(pixels, network)
    np.testing.assert_allclose(tiled, at_once, atol=1e-6)


@settings(deadline=None, max_examples=40)
@given(
    size=st.tuples(st.integers(1, 150), st.integers(1, 150)),
    scale=st.sampled_from([1, 2, 4]),
    reach=st.integers(0, 9),
    free=st.integers(32, 60),
)
def test_squares_of_one_size(size: ImageShape, scale: int, reach: int, free: int) -> None:
    """A network that takes nothing else answers as one that takes anything, but for mirrors beyond the picture."""
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    tiled = run_tiled(pixels, mean_network(scale, reach, fixed=2 * reach + free))
    free_size = run_tiled(pixels, mean_network(scale, reach))
    inner = tuple(slice(0, max(0, side - reach) * scale) for side in size)  # where no mirror is seen
    np.testing.assert_allclose(tiled[inner], free_size[inner], atol=1e-6)


@pytest.mark.parametrize("size", [(101, 77), (150, 99)])
def test_squares_of_one_size_at_any_size(size: ImageShape) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (61, 47, 3), np.uint8)
    result, wanted = run_tiled(pixels, mean_network(4, 2, fixed=40), size), run_tiled(pixels, mean_network(4, 2), size)
    np.testing.assert_allclose(
        result[: size[0] - 20, : size[1] - 20], wanted[: size[0] - 20, : size[1] - 20], atol=2e-5
    )


def test_a_square_must_have_room() -> None:
    for wrong in ({"fixed": 64, "reach": 32}, {"fixed": 100, "reach": 0, "multiple": 8}, {"fixed": 99, "cut": 3}):
        with pytest.raises(ValueError, match="fixed must be"):
            Tiles(**wrong)


def test_the_network_pads_where_the_picture_ends_and_nowhere_else() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (50, 70, 3), np.uint8)
    expected = box(pixels.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255), 3)[0].transpose(1, 2, 0)
    np.testing.assert_allclose(run_tiled(pixels, mean_network(1, 3), budget=1), expected, atol=1e-6)


@pytest.mark.parametrize("size", [(101, 77), (60, 40), (150, 99)])
def test_any_size_out_of_tiles(size: ImageShape, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is resampled after the network is the same in tiles as at once."""
    pixels = np.random.default_rng(2).integers(0, 256, (61, 47, 3), np.uint8)
    network = mean_network(4, 2)
    at_once = run_tiled(pixels, network, size)
    monkeypatch.setattr(tiled_inference, "tile_side", lambda *_: 13)
    np.testing.assert_allclose(run_tiled(pixels, network, size), at_once, atol=2e-5)


def test_a_network_that_cuts_its_rim_gets_a_mirrored_one() -> None:
    pixels = np.full((30, 40, 3), 200, np.uint8)
    result = run_tiled(pixels, mean_network(2, 3, cut=5), budget=1)
    np.testing.assert_allclose(result, 200 / 255, atol=1e-6)


def test_memory_decides_the_side() -> None:
    spec = Tiles(reach=20, bytes=1000)
    assert tiled_inference.tile_side(spec, 250_000_000) == 500 - 40
    assert tiled_inference.tile_side(spec, 1) == tiled_inference.MIN_TILE_SIDE_PIXELS
    assert tiled_inference.tile_side(Tiles(reach=20, multiple=8, bytes=1000), 250_000_000) % 8 == 0


FOREIGN = {
    "realesr-general-x4v3.onnx": Tiles(scale=4, reach=34),
    "realesr-animevideov3-x4.onnx": Tiles(scale=4, reach=18),
    "waifu2x-upconv7-photo-x2.onnx": Tiles(scale=2, reach=7, cut=7),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_published_networks_out_of_tiles(name: str, shared_data: Callable[[str], Path]) -> None:
    """Real networks differ by no more than one level in 255 from the untiled answer."""
    content = shared_data(f"weights/{name}").read_bytes()
    card = Card(
        name=name, task="upscale", architecture="", summary="", weights=name, sha256="0" * 64, tiles=FOREIGN[name],
        licence=Licence("none", commercial=True),
    )  # fmt: skip
    network = ImageToImageNetwork(card, make_inference_function(create_session(content, name, "cpu"), card), "cpu")
    pixels = skimage.data.chelsea()[:160, 100:300]
    at_once = run_tiled(pixels, network)
    tiled = run_tiled(pixels, network, budget=1)
    assert np.abs(tiled - at_once).max() * 255 <= 1

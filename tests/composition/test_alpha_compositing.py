"""Blending on a colour: the arithmetic every viewer does."""

import numpy as np
import pytest

from mattebox.composition.alpha_compositing import composite_over, flatten, flatten_onto_colour
from mattebox.core.srgb_pixels import decode_srgb_pixels, encode_srgb_pixels
from mattebox.types import Picture


def test_known_blend_on_white() -> None:
    rgb = np.full((2, 3, 3), (200, 150, 100), np.uint8)
    alpha = np.array([[0, 128, 255]] * 2, np.uint8)
    out = flatten_onto_colour(Picture(rgb, alpha), (255, 255, 255))
    assert out.alpha is None
    assert out.rgb[1].tolist() == [[255, 255, 255], [227, 202, 177], [200, 150, 100]]


def test_sixteen_bits() -> None:
    rgb = np.full((1, 1, 3), 65535, np.uint16)
    out = flatten_onto_colour(Picture(rgb, np.full((1, 1), 16384, np.uint16)), (0, 0, 0))
    assert out.rgb.tolist() == [[[16384] * 3]]


def test_an_opaque_picture_is_itself() -> None:
    picture = Picture(np.zeros((4, 4, 3), np.uint8))
    assert flatten_onto_colour(picture, (1, 2, 3)) is picture


def test_a_colour_outside_the_depth_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        flatten_onto_colour(Picture(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8)), (0, 0, 256))


def test_linear_light_is_what_a_camera_averages() -> None:
    """Half white, half black in light is 188, not 128, in sRGB's encoding."""
    white = Picture(np.full((1, 1, 3), 255, np.uint8), np.full((1, 1), 128, np.uint8))
    black = np.zeros((1, 1, 3), np.uint8)
    assert flatten(white, black).rgb.tolist() == [[[128] * 3]]
    assert flatten(white, black, "linear").rgb.tolist() == [[[188] * 3]]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_light_comes_back_exactly(dtype: type) -> None:
    every = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
    assert (
        np.abs(
            encode_srgb_pixels(decode_srgb_pixels(every), Picture(np.zeros((1, 1, 3), dtype)).bit_depth).astype(int)
            - every
        ).max()
        == 0
    )


@pytest.mark.parametrize("space", ["encoded", "linear"])
def test_over_then_flatten_is_flatten_twice(space: str) -> None:
    rng = np.random.default_rng(1)
    layers = [
        Picture(rng.integers(0, 256, (70, 5, 3), dtype=np.uint8), rng.integers(0, 256, (70, 5), dtype=np.uint8))
        for _ in range(2)
    ]
    back = rng.integers(0, 256, (70, 5, 3), dtype=np.uint8)
    once = flatten(composite_over(*layers, space), back, space).rgb.astype(int)
    twice = flatten(layers[0], flatten(layers[1], back, space).rgb, space).rgb.astype(int)
    assert np.abs(once - twice).max() <= (
        2 if space == "encoded" else 12
    )  # an 8-bit alpha between; dark light is steep
    assert np.abs(once - twice).mean() < 0.6


def test_opaque_and_hidden_pixels_are_untouched() -> None:
    rng = np.random.default_rng(2)
    front = Picture(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8), rng.choice([0, 255], (9, 9)).astype(np.uint8))
    back = rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)
    for space in ("encoded", "linear"):
        flat = flatten(front, back, space).rgb
        assert (flat == np.where(front.alpha[..., None] == 255, front.rgb, back)).all()


def test_every_block_is_blended_and_none_twice() -> None:
    """Larger than a block in both directions, some blocks all subject, some none."""
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (150, 600, 3), np.uint8)
    alpha = rng.integers(0, 256, (150, 600), np.uint8)
    alpha[:64, :256], alpha[64:128, 256:512] = 255, 0
    result = flatten_onto_colour(Picture(rgb, alpha), (10, 200, 30)).rgb
    a = alpha[..., None] / 255
    assert np.array_equal(result, np.floor(rgb * a + np.array([10, 200, 30]) * (1 - a) + 0.5 + 1e-9).astype(np.uint8))
    back = rng.integers(0, 256, rgb.shape, np.uint8)
    under = flatten(Picture(rgb, alpha), back).rgb
    assert np.array_equal(under[:64, :256], rgb[:64, :256])
    assert np.array_equal(under[64:128, 256:512], back[64:128, 256:512])


def test_every_mean_of_eight_bits_is_rounded_exactly() -> None:
    """All 256 alphas with all 256 values over 0, 77 and 255, against exact division."""
    alpha, value = (v.astype(np.uint8) for v in np.mgrid[:256, :256])
    rgb = np.repeat(value[..., None], 3, 2)
    under = np.broadcast_to(np.array([0, 77, 255], np.uint8), rgb.shape)
    result = flatten(Picture(rgb, alpha), under).rgb
    a, v = alpha[..., None].astype(np.int64), value[..., None].astype(np.int64)
    np.testing.assert_array_equal(result, (2 * (v * a + under * (255 - a)) + 255) // 510)


def test_means_of_sixteen_bits_are_rounded_exactly() -> None:
    rng = np.random.default_rng(0)
    rgb, alpha = rng.integers(0, 65536, (200, 300, 3), np.uint16), rng.integers(0, 65536, (200, 300), np.uint16)
    under = rng.integers(0, 65536, (200, 300, 3), np.uint16)
    a = alpha[..., None].astype(np.int64)
    exact = (2 * (rgb.astype(np.int64) * a + under.astype(np.int64) * (65535 - a)) + 65535) // 131070
    np.testing.assert_array_equal(flatten(Picture(rgb, alpha), under).rgb, exact)

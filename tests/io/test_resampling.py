"""Resampling against plain numpy means, and that strips leave no trace."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mattebox.io.resampling import (
    MIN_LANCZOS_RATIO,
    average_blocks,
    enlarge,
    resize_lanczos,
    shrink,
    to_eight_bit,
)
from tests.io.pictures import noise


@pytest.mark.parametrize("shape", [(600, 400, 3), (601, 397)])
def test_reduce_is_the_mean_of_blocks(shape: tuple[int, ...]) -> None:
    pixels = noise(shape, np.uint8)
    small = average_blocks(pixels, 4)
    assert small.shape[:2] == (-(-shape[0] // 4), -(-shape[1] // 4))
    height, width = shape[0] // 4, shape[1] // 4
    blocks = pixels[: 4 * height, : 4 * width].reshape(height, 4, width, 4, -1).mean((1, 3))
    assert np.abs(small[:height, :width].reshape(blocks.shape) - blocks).max() <= 0.51
    assert small[-1, -1] == pytest.approx(
        pixels[4 * (-(-shape[0] // 4) - 1) :, 4 * (small.shape[1] - 1) :].mean((0, 1)), abs=0.51
    )


def test_reduce_by_one_is_the_same() -> None:
    pixels = noise((5, 5, 3), np.uint8)
    assert (average_blocks(pixels, 1) == pixels).all()


@pytest.mark.parametrize("size", [(70, 90), (70, 33), (1000, 1000)])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_shrink_is_pillows_whatever_the_strips(size: tuple[int, int], channels: tuple[int, ...]) -> None:
    pixels = noise((777, 530, *channels), np.uint8)
    whole = Image.fromarray(pixels).resize(size[::-1], Image.Resampling.LANCZOS, reducing_gap=MIN_LANCZOS_RATIO)
    assert np.abs(shrink(pixels, size).astype(int) - np.asarray(whole)).max() <= 1


def test_shrink_keeps_means_and_flat_colours() -> None:
    flat = np.full((500, 700, 3), (10, 130, 250), np.uint8)
    assert (shrink(flat, (33, 44)) == (10, 130, 250)).all()
    checker = np.indices((512, 512)).sum(0) % 2 * 255
    assert np.abs(shrink(checker.astype(np.uint8), (64, 64)) - 127.5).max() <= 1


def test_sixteen_bits_are_rounded_to_eight() -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    assert (to_eight_bit(values) == np.round(values / 257)).all()
    pixels = noise((300, 200, 3))
    assert (shrink(pixels, (30, 20)) == shrink(to_eight_bit(pixels), (30, 20))).all()
    assert average_blocks(pixels, 3).dtype == np.uint8


@pytest.mark.parametrize("method", ["bilinear", "bicubic"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_enlarge_follows_a_ramp(method: str, dtype: type) -> None:
    ramp = np.tile(np.linspace(0, 200, 21, dtype=np.float32), (11, 1)).astype(dtype)
    large = enlarge(ramp, (110, 210), method)  # type: ignore[arg-type]
    assert large.dtype == dtype
    expected = (np.arange(210) + 0.5) / 10 * 10 - 5
    assert np.abs(large[50, 20:-20] - expected[20:-20]).max() < 1.2


def test_enlarge_differs_by_method() -> None:
    step = np.zeros((4, 8), np.float32)
    step[:, 4:] = 1
    linear, cubic = (enlarge(step, (40, 80), m) for m in ("bilinear", "bicubic"))
    assert linear.min() == 0
    assert linear.max() == 1
    assert cubic.max() > 1.01


def test_lanczos_is_pillows_at_any_ratio() -> None:
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (90, 400, 3)).astype(np.uint8)
    wanted = np.asarray(Image.fromarray(pixels).resize((31, 20), Image.Resampling.LANCZOS))
    assert (resize_lanczos(pixels, (20, 31)) == wanted).all()
    assert (resize_lanczos(pixels.astype(np.uint16) * 257, (20, 31)) == wanted).all()

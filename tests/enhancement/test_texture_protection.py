"""Texture kept in denoising: flat parts stay denoised, texture that was taken away comes back."""

import numpy as np

from mattebox.enhancement.texture_protection import protect_texture

RNG = np.random.default_rng(0)


def scene(noise: float) -> tuple[np.ndarray, np.ndarray]:
    """A flat grey half and a textured one: noisy, and as a denoiser leaves it that flattens both."""
    flat = np.full((128, 128, 3), 128.0)
    texture = np.zeros_like(flat)
    texture[:, 64:] = RNG.normal(0, 25, (128, 64, 1))
    noisy = flat + texture + RNG.normal(0, noise, flat.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), flat.astype(np.uint8)


def test_flat_parts_stay_denoised_and_texture_comes_back() -> None:
    before, after = scene(4)
    result = protect_texture(before, after).astype(float)
    assert result[10:-10, 10:50].std() < 1.5
    assert result[10:-10, 80:-10].std() > 0.6 * before[10:-10, 80:-10].std()


def test_the_result_lies_between_both() -> None:
    before, after = scene(12)
    result = protect_texture(before, after)
    assert (result >= np.minimum(before, after)).all()
    assert (result <= np.maximum(before, after)).all()


def test_even_noise_is_all_removed() -> None:
    flat = np.full((200, 90, 3), 100, np.uint8)
    noisy = np.clip(flat + RNG.normal(0, 10, flat.shape), 0, 255).astype(np.uint8)
    assert np.abs(protect_texture(noisy, flat).astype(float) - flat).mean() < 0.5


def test_noise_that_grows_with_brightness_is_all_removed() -> None:
    flat = np.repeat(np.linspace(25, 230, 400)[None, :, None], 150, 0).repeat(3, 2)
    noisy = np.clip(flat + RNG.normal(0, 1, flat.shape) * (2 + flat / 20), 0, 255).astype(np.uint8)
    flat = flat.astype(np.uint8)
    left = np.abs(protect_texture(noisy, flat).astype(float) - flat).mean()
    assert left < 0.12 * np.abs(noisy.astype(float) - flat).mean()


def test_sixteen_bits_and_no_change() -> None:
    before = RNG.integers(0, 65536, (40, 50, 3)).astype(np.uint16)
    np.testing.assert_array_equal(protect_texture(before, before.copy()), before)


def test_strips_leave_no_seams() -> None:
    """Rows on either side of a strip's border differ no more than others."""
    before, after = scene(10)
    change = protect_texture(before, after).astype(float) - after
    steps = np.abs(np.diff(np.square(change).mean((1, 2))))
    assert steps[63] <= steps.max() + 1e-9
    shifted = protect_texture(before[1:], after[1:]).astype(float) - after[1:]
    assert np.abs(shifted[20:-20] - change[21:-20]).mean() < 0.3

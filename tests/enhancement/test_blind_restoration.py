"""Blind restoration: strengths, hidden pixels, the estimate of the strength, and the embedded network."""

import io

import numpy as np
import pytest
import skimage.data
from PIL import Image

from mattebox.enhancement import blind_restoration
from mattebox.errors import UsageError
from mattebox.models.image_to_image import ImageToImageNetwork
from mattebox.types import Picture
from tests.enhancement.networks import mean_network


def compress_jpeg(pixels: np.ndarray, quality: int) -> Picture:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return Picture(np.array(Image.open(file)))


def add_noise(pixels: np.ndarray, sigma: float) -> Picture:
    grain = np.random.default_rng(0).normal(0, sigma, pixels.shape)
    return Picture(np.clip(pixels + grain, 0, 255).astype(np.uint8))


def test_none_and_nothing_are_the_picture_itself() -> None:
    picture = add_noise(skimage.data.astronaut(), 10)
    assert blind_restoration.resolve_strength("none", picture) == 0
    assert blind_restoration.restore_picture(picture, mean_network(1, 2), 0) is picture


@pytest.mark.parametrize("expected", ["", "much", "1.1", "-0.1", "nan", "50%"])
def test_invalid_strengths_are_refused(expected: str) -> None:
    with pytest.raises(UsageError, match="from 0 to 1"):
        blind_restoration.parse_strength(expected)


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_a_share_of_the_change(share: float) -> None:
    picture = add_noise(skimage.data.astronaut()[:100, :90], 20)
    full = blind_restoration.restore_picture(picture, mean_network(1, 1), 1).rgb.astype(float)
    result = blind_restoration.restore_picture(picture, mean_network(1, 1), share).rgb
    assert np.abs(result - (picture.rgb + share * (full - picture.rgb))).max() <= 1


def test_hidden_colours_and_alpha_stay() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    alpha = np.zeros((40, 40), np.uint8)
    alpha[10:30, 10:30] = 255
    result = blind_restoration.restore_picture(Picture(rgb, alpha), mean_network(1, 2), 1)
    assert result.alpha is alpha
    np.testing.assert_array_equal(result.rgb[alpha == 0], rgb[alpha == 0])
    assert (result.rgb[alpha > 0] != rgb[alpha > 0]).any()


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket"])
def test_estimated_strength(name: str) -> None:
    """Clean photographs need (next to) nothing, noisy and blocky ones all of it."""
    pixels = getattr(skimage.data, name)()
    small = np.array(Image.fromarray(pixels).resize((pixels.shape[1] // 2, pixels.shape[0] // 2), Image.Resampling.BOX))
    assert blind_restoration.estimate_strength(Picture(small)) < 0.5
    assert blind_restoration.estimate_strength(add_noise(small, 12)) == 1
    assert blind_restoration.estimate_strength(compress_jpeg(pixels, 10)) > 0.8


def test_some_grain_of_heavy_noise_stays() -> None:
    """Nothing brings back what lies below it; without any grain grass would be mud."""
    assert 0.85 < blind_restoration.estimate_strength(add_noise(skimage.data.astronaut(), 60)) < 0.95


def gain(picture: Picture, clean: np.ndarray) -> float:
    """Decibels won by the embedded network."""
    result = blind_restoration.restore_picture(picture, ImageToImageNetwork.open("restore-3", "cpu"), 1).rgb

    def error(pixels: np.ndarray) -> float:
        return float(np.mean((pixels.astype(float) - clean) ** 2))

    return float(10 * np.log10(error(picture.rgb) / error(result)))


def test_the_embedded_network_takes_out_noise_and_blocks() -> None:
    clean = skimage.data.astronaut()[::2, ::2]
    assert gain(add_noise(clean, 25), clean) > 6
    assert gain(add_noise(clean, 10), clean) > 2.5
    assert gain(compress_jpeg(clean, 10), clean) > 0.7


def camera_noise(clean: np.ndarray) -> Picture:
    """Noise without its finest scale, more of it where it is bright, and a JPEG of it."""
    noise = np.random.default_rng(0).normal(0, 1, clean.shape)
    smooth = sum(np.roll(noise, (y, x), (0, 1)) for y in range(2) for x in range(2)) / 2
    noisy = clean + smooth * (3 + 5 * np.sqrt(clean / 255))
    return compress_jpeg(np.clip(noisy, 0, 255).astype(np.uint8), 90)


def test_correlated_noise_is_seen_and_removed() -> None:
    clean = np.array(Image.fromarray(skimage.data.astronaut()).resize((320, 320), Image.Resampling.LANCZOS))
    noisy = camera_noise(clean)
    assert blind_restoration.estimate_strength(noisy) == 1
    assert gain(noisy, clean) > 0.8


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_a_clean_photograph_is_hardly_changed_even_at_full_strength(name: str) -> None:
    pixels = np.ascontiguousarray(getattr(skimage.data, name)()[:256, 100:356])
    result = blind_restoration.restore_picture(Picture(pixels), ImageToImageNetwork.open("restore-3", "cpu"), 1).rgb
    assert np.sqrt(np.mean((result.astype(float) - pixels) ** 2)) < 2

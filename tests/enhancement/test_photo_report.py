"""Reports: each measurement responds to what it measures, and a good photograph has nothing to fix."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mattebox.enhancement import illuminant
from mattebox.enhancement.colour_space import colour_space_of
from mattebox.enhancement.photo_report import analyse_photo, describe_cast
from mattebox.enhancement.photo_statistics import blockiness, measure_statistics, noise_sigma, sharpness
from mattebox.recipe.steps import Balance, Light
from mattebox.types import Picture


@pytest.mark.parametrize("sigma", [4, 12])
def test_noise(astronaut: Picture, sigma: float) -> None:
    grain = np.random.default_rng(1).normal(0, sigma, (*astronaut.shape, 1))
    noisy = Picture(np.clip(astronaut.rgb + grain, 0, 255).astype(np.uint8))
    assert noise_sigma(noisy) * 255 == pytest.approx(sigma, rel=0.35)
    assert noise_sigma(astronaut) * 255 < 3
    deep = Picture(noisy.rgb.astype(np.uint16) * 257)
    assert noise_sigma(deep) == pytest.approx(noise_sigma(noisy), rel=0.01)


def test_blur_and_blocks(astronaut: Picture) -> None:
    image = Image.fromarray(astronaut.rgb)
    soft = Picture(np.asarray(image.filter(ImageFilter.GaussianBlur(2))))
    assert sharpness(soft) < 0.3 < 0.6 < sharpness(astronaut)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=12)
    assert blockiness(Picture(np.asarray(Image.open(buffer)))) > 0.5
    assert blockiness(astronaut) < 0.1


def test_light_and_ends() -> None:
    half = np.full((100, 100, 3), 188, np.uint8)
    half[:25] = 255
    half[25:30] = 0
    found = measure_statistics(Picture(half))
    assert found.white == pytest.approx((0.25, 0.25, 0.25))
    assert found.black == pytest.approx((0.05, 0.05, 0.05))
    assert found.median == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("light", "direction_name"),
    [((1.2, 1, 0.8), "warm"), ((0.8, 1, 1.2), "cool"), ((0.8, 1, 0.8), "green"), ((1.2, 1, 1.2), "magenta")],
)
def test_cast_directions(light: tuple[float, float, float], direction_name: str) -> None:
    angle, direction = describe_cast(np.array(light))
    assert direction == direction_name
    assert 4 < angle < 15


def test_faults_are_reported_with_steps_that_fix_them(astronaut: Picture) -> None:
    space = colour_space_of(astronaut)
    lamp = illuminant.light_from_kelvin(3000, space)
    linear = space.decode(astronaut.rgb) * (0.1 * lamp / lamp.max()).astype(np.float32)
    report = analyse_photo(astronaut.with_pixels(space.encode(linear, astronaut.bit_depth), None))
    assert report.cast_direction == "warm"
    assert "dark" in report.findings
    assert {type(s) for s in report.steps} >= {Balance, Light}
    assert report.recipe is not None


def test_a_good_photograph_has_nothing_to_fix(astronaut: Picture) -> None:
    report = analyse_photo(astronaut)
    assert report.recipe is None
    assert report.cast_direction == "none"


@pytest.mark.parametrize("size", [(1, 1), (7, 200), (200, 7)])
def test_any_size(size: tuple[int, int]) -> None:
    assert analyse_photo(Picture(np.full((*size, 3), 100, np.uint8))).statistics.noise == 0

"""Lens blur of light: flat stays flat, energy stays, a point draws the aperture, and no depth bleeds into another."""

import numpy as np
import pytest

from mattebox.core.fft_convolution import convolve
from mattebox.lens.aperture import VARYING_SHAPES, FramePlace, aperture_kernel
from mattebox.lens.lens_blur import Lens, blur_layer, blur_light

HEIGHT, WIDTH = 120, 160


def plane(value: float) -> np.ndarray:
    return np.full((HEIGHT, WIDTH), value, np.float32)


def grey(value: float) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), value, np.float32)


@pytest.mark.parametrize("radius", [0.3, 1.0, 3.7, 11.0, 40.0])
@pytest.mark.parametrize("highlights", [0.0, 0.9])
def test_an_even_picture_stays_even_at_any_depth(radius: float, highlights: float) -> None:
    ramp = np.tile(np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None], (1, WIDTH))
    for nearness in (plane(0), ramp, ramp[::-1].copy()):
        blurred = blur_light(grey(0.3), nearness, Lens(radius, 0.5, highlights=highlights))
        assert np.abs(blurred.light - 0.3).max() < 1e-4


@pytest.mark.parametrize("radius", [1.5, 6.0, 17.0, 33.0])
def test_a_point_keeps_its_energy(radius: float) -> None:
    light = grey(0.0)
    light[60, 80] = 100
    blurred = blur_light(light, plane(0), Lens(radius, 1.0)).light
    assert blurred.sum() == pytest.approx(300, rel=0.005)


@pytest.mark.parametrize("shape", ["disc", "5", "6", "9", "anamorphic"])
def test_a_point_draws_the_aperture(shape: str) -> None:
    light = grey(0.0)
    light[60, 80] = 100
    blurred = blur_light(light, plane(0), Lens(6.0, 1.0, shape)).light[..., 0]
    kernel = aperture_kernel(shape, 6.0)
    reach = len(kernel) // 2
    window = blurred[60 - reach : 61 + reach, 80 - reach : 81 + reach]
    assert np.abs(window - 100 * kernel).max() < 1e-3


@pytest.mark.parametrize("shape", VARYING_SHAPES)
def test_points_in_the_middle_and_in_a_corner_draw_different_apertures(shape: str) -> None:
    light = np.zeros((121, 161, 3), np.float32)
    places = [(60, 80), (100, 134)]  # of nodes of the grid that the frame is divided by: their apertures alone count
    for row, column in places:
        light[row, column] = 100
    blurred = blur_light(light, np.zeros((121, 161), np.float32), Lens(6.0, 1.0, shape)).light[..., 0]
    corner = np.hypot(121, 161) / 2
    for row, column in places:
        place = FramePlace((column - 80) / 160 * 161 / corner, (row - 60) / 120 * 121 / corner)
        kernel = aperture_kernel(shape, 6.0, place)
        reach = len(kernel) // 2
        window = blurred[row - reach : row + reach + 1, column - reach : column + reach + 1]
        assert np.abs(window - 100 * kernel).max() < 0.06 * 100 * kernel.max()
    assert blurred.sum() == pytest.approx(200, rel=0.02)


@pytest.mark.parametrize("shape", VARYING_SHAPES)
def test_an_even_picture_stays_even_behind_a_varying_aperture(shape: str) -> None:
    ramp = np.tile(np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None], (1, WIDTH))
    for radius in (3.7, 17.0):
        assert np.abs(blur_light(grey(0.3), ramp, Lens(radius, 0.5, shape)).light - 0.3).max() < 1e-4


def test_what_is_in_focus_is_the_input_and_said_to_be() -> None:
    light = np.random.default_rng(0).random((HEIGHT, WIDTH, 3), np.float32)
    nearness = plane(0)
    nearness[:, 80:] = 1
    blurred = blur_light(light, nearness, Lens(8.0, 1.0))
    assert (blurred.sharp_share[:, 80:] == 1).all()
    assert np.abs(blurred.light[:, 80:] - light[:, 80:]).max() < 1e-5
    assert blurred.sharp_share[:, :79].max() == 0


def test_sharp_foreground_does_not_bleed_into_the_blur_behind_it() -> None:
    light, nearness = grey(0.1), plane(0)
    light[40:80, 60:100], nearness[40:80, 60:100] = 0.6, 1
    blurred = blur_light(light, nearness, Lens(12.0, 1.0)).light
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[40:80, 60:100] = False
    assert np.abs(blurred[outside] - 0.1).max() < 1 / 255


def test_near_blur_spreads_over_what_is_sharp() -> None:
    light, nearness = grey(0.1), plane(0)
    light[:, :80], nearness[:, :80] = 0.8, 1
    blurred = blur_light(light, nearness, Lens(10.0, 0.0))
    assert blurred.light[60, 84, 0] > 0.2
    assert blurred.sharp_share[60, 84] < 1
    assert blurred.light[60, 120, 0] == pytest.approx(0.1, abs=1e-5)


def test_highlights_bloom_more_when_they_are_boosted() -> None:
    light = grey(0.05)
    light[60, 80] = 1
    plain = blur_light(light, plane(0), Lens(6.0, 1.0)).light
    boosted = blur_light(light, plane(0), Lens(6.0, 1.0, highlights=0.9)).light
    assert boosted[60, 80, 0] > plain[60, 80, 0]


def test_a_layer_keeps_its_coverage_and_its_colour() -> None:
    alpha = plane(0)
    alpha[50:70, 70:90] = 1
    layer = blur_layer(lambda region: np.moveaxis(grey(0.4)[region], 2, 0), alpha, 7.0, Lens(7.0, 0.0))
    assert layer.sharp_share.sum() == pytest.approx(400, rel=0.005)
    covered = layer.sharp_share > 0.01
    assert np.abs(layer.light[covered] / layer.sharp_share[covered][:, None] - 0.4).max() < 1e-3


def test_wires_before_the_focus_let_the_background_through() -> None:
    """A fence near the camera, by its depth: as if its light and coverage had been spread over a whole background."""
    shape, radius = (160, 200), 12.0
    wires = np.zeros(shape, np.float32)
    wires[:, ::40], wires[::40] = 1, 1
    wires[:, 1::40], wires[1::40] = 1, 1
    light = np.repeat((0.1 + 0.5 * wires)[..., None], 3, 2)
    lens = Lens(radius, 0.0)
    blurred = blur_light(light, wires, lens).light[..., 0]
    kernel = aperture_kernel("disc", radius)
    coverage = convolve(wires[None], kernel)[0]
    truth = 0.1 * (1 - coverage) + 0.6 * coverage
    inner = slice(30, -30), slice(30, -30)
    assert np.abs(blurred - truth)[inner].mean() < 0.01
    assert np.ptp(blurred[inner]) < 1.5 * np.ptp(truth[inner]) + 0.02

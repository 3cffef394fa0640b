"""The blur against a ray-traced thin lens: planes at known depths, seen through many points of a round aperture."""

import numpy as np
import pytest

from mattebox.core.smoothing_filters import gaussian_blur
from mattebox.core.srgb_pixels import encode_srgb_pixels
from mattebox.lens.lens_blur import Lens
from mattebox.lens.photograph_blur import Subject, blur_photograph
from mattebox.types import BitDepth, DepthMap, Picture

HEIGHT, WIDTH, MARGIN = 96, 128, 24
RADIUS = 12.0  # of the circle of confusion of the farthest plane, in pixels
RAYS = 400


class Plane:
    """A plane parallel to the sensor: its light and coverage on a frame with a margin, and its nearness."""

    def __init__(self, nearness: float, light: np.ndarray, coverage: np.ndarray) -> None:
        self.nearness, self.light, self.coverage = nearness, light, coverage

    def seen_from(self, x: float, y: float) -> tuple[np.ndarray, np.ndarray]:
        """Light and coverage by rays through a point of the aperture; its displacement grows with defocus."""
        shift = (1 - self.nearness) * RADIUS
        dy, dx = round(y * shift), round(x * shift)
        rows = slice(MARGIN + dy, MARGIN + dy + HEIGHT)
        columns = slice(MARGIN + dx, MARGIN + dx + WIDTH)
        return self.light[rows, columns], self.coverage[rows, columns]


def make_planes() -> list[Plane]:
    """From far to near: a textured wall with a lamp, a half-covering sheet, and a subject in focus."""
    source = np.random.default_rng(3)
    size = (HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN)
    y, x = np.mgrid[: size[0], : size[1]]
    wall = np.repeat((0.1 + 0.3 * source.random((size[0] // 6 + 1, size[1] // 6 + 1))).repeat(6, 0).repeat(6, 1), 3, 1)
    wall = wall.reshape(wall.shape[0], -1, 3)[: size[0], : size[1]]
    wall[40:43, 60:63] = 0.95
    sheet = np.tile((0.5, 0.3, 0.1), (*size, 1))
    sheet[(x // 8) % 2 == 0] *= 0.7
    subject = np.tile((0.7, 0.7, 0.6), (*size, 1))
    subject[(y // 5) % 2 == 0] *= 0.8
    return [
        Plane(0.0, wall, np.ones(size)),
        Plane(0.5, sheet, (x > 110).astype(float)),
        Plane(1.0, subject, (np.hypot(y - 80, x - 90) < 24).astype(float)),
    ]


def look_through(planes: list[Plane], x: float, y: float) -> np.ndarray:
    seen = np.zeros((HEIGHT, WIDTH, 3))
    for plane in planes:
        light, coverage = plane.seen_from(x, y)
        seen = light * coverage[..., None] + seen * (1 - coverage[..., None])
    return seen


def trace_thin_lens(planes: list[Plane]) -> np.ndarray:
    """Mean over a sunflower pattern of aperture points (Vogel 1979), which cover the disc evenly."""
    number = np.arange(RAYS)
    distance, angle = np.sqrt((number + 0.5) / RAYS), number * np.pi * (3 - np.sqrt(5))
    rays = zip(distance * np.cos(angle), distance * np.sin(angle), strict=True)
    return np.mean([look_through(planes, x, y) for x, y in rays], axis=0)


@pytest.fixture(scope="module")
def scene() -> tuple[Picture, DepthMap, Subject, np.ndarray]:
    """The photograph through a pinhole, its depth, its subject, and the truth in sRGB."""
    planes = make_planes()
    photograph = Picture(encode_srgb_pixels(look_through(planes, 0, 0).astype(np.float32), BitDepth.SIXTEEN))
    nearness = np.zeros((HEIGHT, WIDTH), np.float32)
    for plane in planes:
        nearness[plane.seen_from(0, 0)[1] > 0] = plane.nearness
    light, coverage = planes[-1].seen_from(0, 0)
    own = encode_srgb_pixels(light.astype(np.float32), BitDepth.SIXTEEN)
    subject = Subject(Picture(own, (coverage * 65535).astype(np.uint16)), 1.0)
    truth = encode_srgb_pixels(trace_thin_lens(planes).astype(np.float32), BitDepth.SIXTEEN) / 65535
    return photograph, DepthMap(nearness, "picture"), subject, truth


def test_a_third_of_the_error_of_a_gaussian_behind_a_mask(scene: tuple[Picture, DepthMap, Subject, np.ndarray]) -> None:
    photograph, depth, subject, truth = scene
    ours = blur_photograph(photograph, depth.nearness(), Lens(RADIUS, 1.0), subject).rgb / 65535
    assert subject.cutout.alpha is not None
    alpha = (subject.cutout.alpha / 65535)[..., None]
    encoded = (photograph.rgb / 65535).astype(np.float32)
    plain = np.dstack([gaussian_blur(np.ascontiguousarray(encoded[..., c]), RADIUS / 2) for c in range(3)])
    gaussian = encoded * alpha + plain * (1 - alpha)
    error, gaussian_error = (np.abs(image - truth).mean() for image in (ours, gaussian))
    assert error <= gaussian_error / 3
    assert (ours[alpha[..., 0] == 1] * 65535 == photograph.rgb[alpha[..., 0] == 1]).all()

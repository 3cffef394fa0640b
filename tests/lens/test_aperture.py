"""Kernels of apertures: area, shape and symmetry."""

import numpy as np
import pytest

from mattebox.lens.aperture import APERTURE_SHAPES, BLADE_COUNTS, VARYING_SHAPES, FramePlace, aperture_kernel


@pytest.mark.parametrize("shape", APERTURE_SHAPES)
@pytest.mark.parametrize("radius", [0.2, 1.0, 5.5, 20.0])
def test_kernels_sum_to_one(shape: str, radius: float) -> None:
    kernel = aperture_kernel(shape, radius)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert kernel.shape[0] == kernel.shape[1] == 2 * (len(kernel) // 2) + 1


def area(shape: str, radius: float) -> float:
    """Pixels that a uniformly filled aperture covers."""
    kernel = aperture_kernel(shape, radius)
    return float(1 / kernel.max())


def test_areas() -> None:
    assert area("disc", 20) == pytest.approx(np.pi * 400, rel=0.01)
    assert area("anamorphic", 20) == pytest.approx(np.pi * 200, rel=0.01)
    for name, count in BLADE_COUNTS.items():
        assert area(name, 20) == pytest.approx(count / 2 * 400 * np.sin(2 * np.pi / count), rel=0.01)


@pytest.mark.parametrize(("name", "count"), BLADE_COUNTS.items())
def test_a_polygon_has_its_corners_one_of_them_up(name: str, count: int) -> None:
    kernel = aperture_kernel(name, 120)
    between = 60 * (1 + np.cos(np.pi / count))  # of the circles through the corners and in the sides
    middle = len(kernel) // 2
    angles = np.arange(0, 360, 0.5)
    y = np.round(middle - between * np.cos(np.radians(angles))).astype(int)
    x = np.round(middle + between * np.sin(np.radians(angles))).astype(int)
    inside = (kernel[y, x] > kernel.max() / 2).astype(float)
    harmonics = np.abs(np.fft.rfft(inside))
    assert 1 + int(np.argmax(harmonics[1:20])) == count
    assert inside[0] == 1


def test_an_anamorphic_aperture_is_half_as_wide_as_high() -> None:
    filled = aperture_kernel("anamorphic", 20) > 0
    assert filled.any(1).sum() == pytest.approx(41, abs=1)
    assert filled.any(0).sum() == pytest.approx(21, abs=1)


@pytest.mark.parametrize("shape", VARYING_SHAPES)
def test_towards_the_corners_some_apertures_are_cut_along_the_radius(shape: str) -> None:
    middle, right, below = (aperture_kernel(shape, 20, FramePlace(*at)) > 0 for at in ((0, 0), (0.8, 0), (0, 0.8)))
    assert (middle == (aperture_kernel("disc", 20) > 0)).all()
    assert right.any(0).sum() < 0.75 * right.any(1).sum()
    assert (right != below.T).sum() < 4
    corner = aperture_kernel(shape, 20, FramePlace(0.7, 0.7))
    assert np.diagonal(corner > 0).sum() < 0.75 * np.diagonal(corner[::-1] > 0).sum()

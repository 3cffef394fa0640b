"""Closed-form matting: alpha that is, in every small window, as linear in the photograph's colours as it can be.

After Levin, Lischinski & Weiss, A Closed-Form Solution to Natural Image Matting (2008). The matting Laplacian is never
built: its product with a plane is the plane less its guided filtering (He, Sun & Tang, Fast Matting Using Large Kernel
Matting Laplacian Matrices, 2010), so conjugate gradients need a few planes of memory and time linear in pixels. Meant
for a network's working resolution. Knows nothing of trimaps, networks or pictures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats

Planes = NDArray[np.float32]

WINDOW_RADIUS_PIXELS = 1  # of the windows
MIN_COLOUR_VARIANCE = 1e-4  # variance that a window's colours have at least
KNOWN_WEIGHT = 100.0  # what a known pixel counts
MAX_ITERATIONS = 60  # of conjugate gradients
RELATIVE_TOLERANCE = 1e-6  # of the first error


def solve_closed_form(rgb: Planes, prior: Floats, known: NDArray[np.bool_], prior_weight: float) -> Floats:
    """Alpha H x W, 0..1: `prior` where it is `known`; elsewhere by colours, drawn to `prior` by `prior_weight`. `rgb` is
    3 x H x W, 0..1."""
    windows = MattingLaplacian(rgb)
    weight: Floats = np.where(known, np.float32(KNOWN_WEIGHT), np.float32(prior_weight)).astype(np.float32)
    alpha: Floats = prior.astype(np.float32)
    rest = -windows.apply(alpha)  # as weight * (start - alpha) is nothing yet
    scale: Floats = (1 / (weight + 1)).astype(np.float32)
    way: Floats = scale * rest
    size = first = float((rest * way).sum())
    for _ in range(MAX_ITERATIONS):
        if size <= RELATIVE_TOLERANCE * first or size <= 0:
            break
        pulled = windows.apply(way) + weight * way
        far = np.float32(size / float((way * pulled).sum()))
        alpha = np.add(alpha, far * way, dtype=np.float32)
        rest = np.subtract(rest, far * pulled, dtype=np.float32)
        eased = scale * rest
        size, before = float((rest * eased).sum()), size
        way = np.add(eased, np.float32(size / before) * way, dtype=np.float32)
    return np.asarray(alpha.clip(0, 1), np.float32)


class MattingLaplacian:
    """The colours of the windows around every pixel: their means, and their inverse covariances 3 x 3 x H x W."""

    def __init__(self, rgb: Planes) -> None:
        self.rgb, self.pixel_counts = rgb, _window_sums(np.ones((1, *rgb.shape[1:]), np.float32))
        self.mean = self.window_means(rgb)
        products = self.window_means((rgb[:, None] * rgb[None]).reshape(9, *rgb.shape[1:]))
        spread = products.reshape(3, 3, *rgb.shape[1:]) - self.mean[:, None] * self.mean[None]
        matrices = spread.transpose(2, 3, 0, 1).astype(np.float64) + MIN_COLOUR_VARIANCE * np.eye(3)
        self.inverse_covariance = np.linalg.inv(matrices).transpose(2, 3, 0, 1).astype(np.float32)

    def window_means(self, planes: Planes) -> Planes:
        """Means over the windows, as far as they lie in the picture."""
        return _window_sums(planes) / self.pixel_counts

    def apply(self, plane: Floats) -> Floats:
        """The matting Laplacian times a plane, over a window's size: what of it colours cannot explain."""
        both = self.window_means(np.concatenate([self.rgb * plane, plane[None]]))
        slopes = np.einsum("ijhw,jhw->ihw", self.inverse_covariance, both[:3] - self.mean * both[3])
        offset = both[3] - (slopes * self.mean).sum(axis=0)
        again = _window_sums(np.concatenate([slopes, offset[None]]))
        said = (again[:3] * self.rgb).sum(axis=0) + again[3]
        return np.asarray((self.pixel_counts[0] * plane - said) / (2 * WINDOW_RADIUS_PIXELS + 1) ** 2, np.float32)


def _window_sums(planes: Planes) -> Planes:
    """Sums over the windows around every pixel."""
    for axis in (1, 2):
        wide = np.pad(planes, [(WINDOW_RADIUS_PIXELS, WINDOW_RADIUS_PIXELS) if a == axis else (0, 0) for a in range(3)])
        length = planes.shape[axis]
        planes = sum(
            np.take(wide, range(i, i + length), axis) for i in range(1, 2 * WINDOW_RADIUS_PIXELS + 1)
        ) + np.take(wide, range(length), axis)
    return planes

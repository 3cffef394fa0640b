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

RADIUS = 1  # of the windows
NOISE = 1e-4  # variance that a window's colours have at least
HOLD = 100.0  # what a known pixel counts
ROUNDS = 60  # of conjugate gradients
ENOUGH = 1e-6  # of the first error


def solved(rgb: Planes, start: Floats, known: NDArray[np.bool_], trust: float) -> Floats:
    """Alpha H x W, 0..1: `start` where it is `known`; elsewhere by colours, drawn to `start` by `trust`. `rgb` is
    3 x H x W, 0..1."""
    windows = Windows(rgb)
    weight: Floats = np.where(known, np.float32(HOLD), np.float32(trust)).astype(np.float32)
    alpha: Floats = start.astype(np.float32)
    rest = -windows.unlike(alpha)  # as weight * (start - alpha) is nothing yet
    scale: Floats = (1 / (weight + 1)).astype(np.float32)
    way: Floats = scale * rest
    size = first = float((rest * way).sum())
    for _ in range(ROUNDS):
        if size <= ENOUGH * first or size <= 0:
            break
        pulled = windows.unlike(way) + weight * way
        far = np.float32(size / float((way * pulled).sum()))
        alpha = np.add(alpha, far * way, dtype=np.float32)
        rest = np.subtract(rest, far * pulled, dtype=np.float32)
        eased = scale * rest
        size, before = float((rest * eased).sum()), size
        way = np.add(eased, np.float32(size / before) * way, dtype=np.float32)
    return np.asarray(alpha.clip(0, 1), np.float32)


class Windows:
    """The colours of the windows around every pixel: their means, and their inverse covariances 3 x 3 x H x W."""

    def __init__(self, rgb: Planes) -> None:
        self.rgb, self.count = rgb, _sums(np.ones((1, *rgb.shape[1:]), np.float32))
        self.mean = self.smooth(rgb)
        products = self.smooth((rgb[:, None] * rgb[None]).reshape(9, *rgb.shape[1:]))
        spread = products.reshape(3, 3, *rgb.shape[1:]) - self.mean[:, None] * self.mean[None]
        matrices = spread.transpose(2, 3, 0, 1).astype(np.float64) + NOISE * np.eye(3)
        self.inverse = np.linalg.inv(matrices).transpose(2, 3, 0, 1).astype(np.float32)

    def smooth(self, planes: Planes) -> Planes:
        """Means over the windows, as far as they lie in the picture."""
        return _sums(planes) / self.count

    def unlike(self, plane: Floats) -> Floats:
        """The matting Laplacian times a plane, over a window's size: what of it colours cannot explain."""
        both = self.smooth(np.concatenate([self.rgb * plane, plane[None]]))
        slopes = np.einsum("ijhw,jhw->ihw", self.inverse, both[:3] - self.mean * both[3])
        offset = both[3] - (slopes * self.mean).sum(axis=0)
        again = _sums(np.concatenate([slopes, offset[None]]))
        said = (again[:3] * self.rgb).sum(axis=0) + again[3]
        return np.asarray((self.count[0] * plane - said) / (2 * RADIUS + 1) ** 2, np.float32)


def _sums(planes: Planes) -> Planes:
    """Sums over the windows around every pixel."""
    for axis in (1, 2):
        wide = np.pad(planes, [(RADIUS, RADIUS) if a == axis else (0, 0) for a in range(3)])
        length = planes.shape[axis]
        planes = sum(np.take(wide, range(i, i + length), axis) for i in range(1, 2 * RADIUS + 1)) + np.take(
            wide, range(length), axis
        )
    return planes

"""The matting Laplacian of some pixels: how far a plane is, in every 3 x 3 window, from being linear in the colours.

Levin, Lischinski & Weiss, A Closed-Form Solution to Natural Image Matting (2008), equation 12. A pixel is coupled to
the 24 around it only, so that the sparse matrix is kept as one vector for each of twelve offsets and the other twelve
follow by symmetry. Only windows that hold an unknown pixel count, and only their pixels are kept (`PixelBand`).
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.matting.pixel_band import REACH_PIXELS, PixelBand
from mattebox.types import Floats, Mask

WINDOW = [(y, x) for y in range(3) for x in range(3)]
OFFSETS = [(0, 1), (0, 2), *((y, x) for y in (1, 2) for x in range(-2, 3))]  # of one pixel of a pair from the other
MIN_COLOUR_VARIANCE = 1e-7  # added to the colour variance of every window, times nine
MIN_PIVOT = 1e-14  # of the Cholesky factors; rounding may bring them below 0
WINDOWS_AT_ONCE = 16384  # for which colours are held in double precision


class MattingLaplacian:
    """The rows of unknown pixels (H x W) of the matting Laplacian of colours H x W x 3, 0..1, at least 3 x 3 pixels."""

    def __init__(self, rgb: Floats, unknown: Mask) -> None:
        """Compute the coupling of all pairs of pixels that share a window with an unknown one."""
        windows = np.zeros_like(unknown)  # by their centres
        windows[1:-1, 1:-1] = dilate(unknown, 1)[1:-1, 1:-1]
        self.band = PixelBand(dilate(windows, 1) | unknown)
        self.couplings = self._sum_windows(self.band.take(rgb), self.band.places(windows))
        self.diagonal: Floats = np.zeros(self.band.count, np.float32)
        self.diagonal = -self.apply(np.ones(self.band.count, np.float32))

    def apply(self, vector: Floats) -> Floats:
        """The Laplacian times a vector of the band's pixels; right at unknown pixels only."""
        product = self.diagonal * vector
        for rows in range(REACH_PIXELS + 1):
            partners = self.band.move_rows(vector, rows)
            returned = np.zeros_like(vector) if rows else product  # to the partners, in the places of `partners`
            for coupling, (y, columns) in zip(self.couplings, OFFSETS, strict=True):
                if y == rows:
                    first, second = _shift(columns, len(vector))
                    product[first] += coupling[first] * partners[second]
                    returned[second] += coupling[first] * vector[first]
            if rows:
                product += self.band.move_rows(returned, -rows)
        return product

    def _sum_windows(self, colours: Floats, centres: NDArray[np.intp]) -> list[Floats]:
        """For each offset, the coupling of every pixel with the one at that offset, summed over windows."""
        couplings: list[Floats] = [np.zeros(self.band.count, np.float32) for _ in OFFSETS]
        for start in range(0, len(centres), WINDOWS_AT_ONCE):
            part = centres[start : start + WINDOWS_AT_ONCE]
            places = [self.band.neighbour_places(part, y - 1, x - 1) for y, x in WINDOW]
            whitened = _whiten_windows(np.stack([colours[p].T for p in places], axis=1))
            for i, j in combinations(range(len(WINDOW)), 2):
                (y, x), (y2, x2) = WINDOW[i], WINDOW[j]
                affinity = 1 + sum(whitened[c, i] * whitened[c, j] for c in range(3))
                affinity /= -len(WINDOW)
                couplings[OFFSETS.index((y2 - y, x2 - x))][places[i]] += affinity
        return couplings


def _shift(places: int, count: int) -> tuple[slice, slice]:
    """Those of `count` elements of a vector that have a partner so many places further, and their partners."""
    return slice(max(0, -places), count - max(0, places)), slice(max(0, places), count + min(0, places))


def _whiten_windows(colours: Floats) -> Floats:
    """Colours 3 x 9 x N of N windows, without their mean and with unit covariance."""
    exact = colours.astype(np.float64)  # squares of small differences: float32 has too few digits
    exact -= exact.mean(axis=1, keepdims=True)
    r, g, b = exact
    covariance = np.einsum("ian,jan->ijn", exact, exact) / len(WINDOW)
    for i in range(3):
        covariance[i, i] += MIN_COLOUR_VARIANCE / len(WINDOW)
    rr = np.sqrt(covariance[0, 0])  # Cholesky factors of each window's covariance, and forward substitution
    rg, rb = covariance[0, 1] / rr, covariance[0, 2] / rr
    gg = np.sqrt(np.maximum(covariance[1, 1] - rg * rg, MIN_PIVOT))
    gb = (covariance[1, 2] - rg * rb) / gg
    bb = np.sqrt(np.maximum(covariance[2, 2] - rb * rb - gb * gb, MIN_PIVOT))
    r /= rr
    g -= rg * r
    g /= gg
    b -= rb * r + gb * g
    b /= bb
    return exact.astype(np.float32)

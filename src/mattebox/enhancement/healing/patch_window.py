"""A part of a photograph with a hole: the patches that touch the hole, and the places that patches may come from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.types import Floats, ImageShape, Mask

Places = NDArray[np.intp]
"""Pixels by their number in reading order."""

RADIUS = 3
SIDE = 2 * RADIUS + 1  # of a patch, in pixels
MAX_DEPTH = 32  # that is told apart


class PatchWindow:
    """Square patches of a picture, by the places of their middles.

    Parameters
    ----------
    colours : (H, W, 3) float32
        0..1; those in the hole change.
    hole : (H, W) bool
        What is filled.
    barred : (H, W) bool
        What no patch comes from, besides the hole.

    Attributes
    ----------
    targets : (N,) int
        Places of the patches that touch the hole.
    is_source : (H * W,) bool
        Whether the patch at a place is known wholly, and may be taken.
    taps : (SIDE * SIDE,) int
        What leads from the middle of a patch to its pixels.
    holes : (M,) int
        Places of the hole's pixels.
    """

    def __init__(self, colours: Floats, hole: Mask, barred: Mask) -> None:
        self.shape: ImageShape = (hole.shape[0], hole.shape[1])
        self.colours, self.hole = colours.reshape(-1, 3).copy(), hole.ravel()
        rows, columns = np.mgrid[-RADIUS : RADIUS + 1, -RADIUS : RADIUS + 1]
        self.taps: Places = (rows * self.shape[1] + columns).ravel()
        inner = np.zeros(self.shape, bool)
        inner[RADIUS : self.shape[0] - RADIUS, RADIUS : self.shape[1] - RADIUS] = True
        touches = dilate(hole, RADIUS)
        self.is_source: NDArray[np.bool_] = (inner & ~touches & ~dilate(barred, RADIUS)).ravel()
        self.targets: Places = np.flatnonzero(inner & touches)
        self.holes: Places = np.flatnonzero(hole)
        self.number: Places = np.full(hole.size, -1)  # of the target at a place
        self.number[self.targets] = np.arange(len(self.targets))

    def patches(self, middles: Places) -> Floats:
        """The colours of patches, each (SIDE * SIDE * 3,)."""
        found: Floats = self.colours[middles[:, None] + self.taps].reshape(len(middles), 3 * len(self.taps))
        return found

    def rows_and_columns(self, places: Places) -> tuple[Places, Places]:
        """Rows and columns of places."""
        rows, columns = np.divmod(places, self.shape[1])
        return rows, columns

    def squared_distances(self, first: Places, second: Places) -> NDArray[Any]:
        """Squared distances between places, as shares of the window's squared diagonal."""
        (rows, columns), (other_rows, other_columns) = self.rows_and_columns(first), self.rows_and_columns(second)
        return ((rows - other_rows) ** 2 + (columns - other_columns) ** 2) / (self.shape[0] ** 2 + self.shape[1] ** 2)


def hole_depths(hole: Mask) -> Floats:
    """How many pixels each pixel of a hole lies from its edge, at most MAX_DEPTH; 0 outside."""
    depths = np.zeros(hole.shape, np.float32)
    rest = hole
    for _ in range(MAX_DEPTH):
        if not rest.any():
            break
        depths += rest
        rest = rest & ~dilate(~rest, 1)
    return depths

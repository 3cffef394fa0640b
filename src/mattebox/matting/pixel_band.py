"""Some of a picture's pixels as one vector, in which neighbours are found by shifts: sums over a band cost what the
band costs, not what the picture does.

Pixels follow each other row by row. A neighbour in the same row is so many places further; one in another row is the
same shift of a copy of the vector that has, for each pixel, the value of the pixel straight above or below.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats, Mask

T = TypeVar("T", bound=np.generic)

REACH_PIXELS = 2  # greatest distance of neighbours, in rows and in columns


class PixelBand:
    """The pixels of a mask H x W, and all that lie up to REACH_PIXELS beside one in its row."""

    def __init__(self, mask: Mask) -> None:
        """Number the pixels."""
        members = _widen_rows(mask)
        self.shape = mask.shape
        self.indices: NDArray[np.intp] = np.flatnonzero(members)  # of each place, in the flat picture
        self.count = len(self.indices)
        self._places: NDArray[np.int32] = np.full(mask.shape, self.count, np.int32)
        self._places.ravel()[self.indices] = np.arange(self.count, dtype=np.int32)
        self._shifted = {rows: self._find_rows(rows) for rows in (-2, -1, 1, 2)}

    def take(self, plane: NDArray[T]) -> NDArray[T]:
        """A plane H x W (x C) at the band's pixels: N (x C)."""
        return np.asarray(plane.reshape(-1, *plane.shape[2:])[self.indices])

    def put(self, vector: Floats, plane: Floats) -> Floats:
        """A plane H x W with its values at the band's pixels replaced."""
        replaced = plane.astype(np.float32)
        replaced.ravel()[self.indices] = vector
        return replaced

    def places(self, mask: Mask) -> NDArray[np.intp]:
        """The places of the pixels of a mask H x W within the band's, in order."""
        return np.flatnonzero(mask.ravel()[self.indices])

    def move_rows(self, vector: Floats, rows: int) -> Floats:
        """For each pixel the value of the one so many rows below it (above, if negative), 0 where the band has none."""
        if rows == 0:
            return vector
        return np.append(vector, np.float32(0))[self._shifted[rows]]

    def neighbour_places(self, places: NDArray[np.intp], rows: int, columns: int) -> NDArray[np.intp]:
        """The places of pixels' neighbours that lie so many rows below and columns to the right, all in the band."""
        return np.asarray(self._places.ravel()[self.indices[places] + rows * self.shape[1] + columns])

    def _find_rows(self, rows: int) -> NDArray[np.int32]:
        found = np.full(self.shape, self.count, np.int32)
        if rows > 0:
            found[:-rows] = self._places[rows:]
        else:
            found[-rows:] = self._places[:rows]
        return found.ravel()[self.indices]


def _widen_rows(mask: Mask) -> Mask:
    wide = mask.copy()
    for shift in range(1, REACH_PIXELS + 1):
        wide[:, shift:] |= mask[:, :-shift]
        wide[:, :-shift] |= mask[:, shift:]
    return wide

"""Application of the eight EXIF orientations to pixels and resolution."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Metadata

T = TypeVar("T", bound=np.generic)

BAND_COLUMNS = 128  # columns copied at a time, so that a transposition stays in the processor's cache

_TRANSPOSING_ORIENTATIONS = {5, 6, 7, 8}
_FLIPS_BY_ORIENTATION = {  # after transposing: rows reversed, columns reversed
    1: (False, False),
    2: (False, True),
    3: (True, True),
    4: (True, False),
    5: (False, False),
    6: (False, True),
    7: (True, True),
    8: (True, False),
}


def is_sideways(orientation: int) -> bool:
    """Whether width and height change places."""
    return orientation in _TRANSPOSING_ORIENTATIONS


def apply_orientation(pixels: NDArray[T], orientation: int) -> NDArray[T]:
    """Turn stored pixels (H x W or H x W x C) upright, C-contiguous; the same array for orientation 1."""
    if orientation == 1:
        return pixels
    contiguous = np.ascontiguousarray(pixels)
    # One item per pixel: NumPy copies these much faster than a third axis.
    items: NDArray[np.void] = contiguous.view(np.dtype(f"V{contiguous[:1, :1].nbytes}")).reshape(contiguous.shape[:2])
    view = items.T if orientation in _TRANSPOSING_ORIENTATIONS else items
    rows, columns = _FLIPS_BY_ORIENTATION[orientation]
    view = view[:: -1 if rows else 1, :: -1 if columns else 1]
    upright = np.empty(view.shape, view.dtype)
    for left in range(0, view.shape[1], BAND_COLUMNS):
        upright[:, left : left + BAND_COLUMNS] = view[:, left : left + BAND_COLUMNS]
    return upright.view(contiguous.dtype).reshape(*view.shape, *contiguous.shape[2:])


def orient_metadata(metadata: Metadata, orientation: int) -> Metadata:
    """Swap the horizontal and vertical resolution where the orientation transposes the pixels."""
    if metadata.dpi is None or orientation not in _TRANSPOSING_ORIENTATIONS:
        return metadata
    return replace(metadata, dpi=(metadata.dpi[1], metadata.dpi[0]))

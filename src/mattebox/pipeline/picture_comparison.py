"""Comparison of the pixels of two pictures."""

from __future__ import annotations

import numpy as np

from mattebox.types import Picture, Pixels


def has_same_pixels(first: Picture, second: Picture) -> bool:
    """Whether two pictures show the same; cheap where they share their arrays."""
    return _is_same_plane(first.rgb, second.rgb) and _is_same_plane(first.alpha, second.alpha)


def _is_same_plane(first: Pixels | None, second: Pixels | None) -> bool:
    if first is second:
        return True
    return first is not None and second is not None and np.array_equal(first, second)

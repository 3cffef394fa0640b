"""Copied pixels made to go together: their steps of brightness and colour stay, and meet what surrounds them.

Pérez, Gangnet & Blake, Poisson image editing, 2003; each step is the mean of those at both of its ends' sources.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.enhancement.healing.patch_window import PatchWindow, Places
from mattebox.types import Floats

MAX_CHANGE = 0.08  # of a colour from 0 to 1: a lamp must not glow over what is beside it
MAX_ROUNDS = 300
TOLERANCE = 1e-4  # mean error of an equation
SIDES = ((0, 1), (0, -1), (1, 0), (-1, 0))


class _Side(NamedTuple):
    """The neighbours of the hole's pixels on one side, by their numbers in the hole, where they are in it."""

    numbers: Places
    is_inside: NDArray[np.bool_]


def blend_copies(window: PatchWindow, copies: Places) -> Floats:
    """The colours of the hole's pixels, (M, 3), each of which is copied from a place in `copies`."""
    start = window.colours[copies].astype(np.float64)
    sides, counts, wanted = _equations(window, copies)

    def apply(values: NDArray[np.float64]) -> NDArray[np.float64]:
        result = counts[:, None] * values
        for numbers, is_inside in sides:
            result -= np.where(is_inside[:, None], values[numbers], 0)
        return result

    values = start.copy()
    rest = wanted - apply(values)
    direction, size = rest.copy(), (rest**2).sum(0)
    for _ in range(MAX_ROUNDS):  # conjugate gradients, for all three channels
        if (size <= TOLERANCE**2 * len(copies)).all():
            break
        image = apply(direction)
        step = size / np.maximum((direction * image).sum(0), 1e-20)
        values += step * direction
        rest -= step * image
        previous, size = size, (rest**2).sum(0)
        direction = rest + size / np.maximum(previous, 1e-20) * direction
    blended: Floats = (start + np.clip(values - start, -MAX_CHANGE, MAX_CHANGE)).clip(0, 1).astype(np.float32)
    return blended


def _equations(window: PatchWindow, copies: Places) -> tuple[list[_Side], NDArray[np.float64], NDArray[np.float64]]:
    """For each pixel of the hole: that it differs from its neighbours as the sources do."""
    number = np.full(window.hole.size, -1)
    number[window.holes] = np.arange(len(copies))
    sides, counts, wanted = [], np.zeros(len(copies)), np.zeros((len(copies), 3))
    for down, right in SIDES:
        shift = down * window.shape[1] + right
        has_neighbour = _has_neighbour(window, window.holes, down, right) & _has_neighbour(window, copies, down, right)
        places = np.where(has_neighbour, window.holes + shift, window.holes)
        numbers = number[places]
        is_inside = has_neighbour & (numbers >= 0)
        numbers = np.where(is_inside, numbers, 0)
        own = window.colours[copies] - window.colours[np.where(has_neighbour, copies + shift, copies)]
        other, back = own.copy(), is_inside & _has_neighbour(window, copies[numbers], -down, -right)
        neighbour_copies = copies[numbers[back]]
        other[back] = window.colours[neighbour_copies - shift] - window.colours[neighbour_copies]
        wanted[has_neighbour] += (own + other)[has_neighbour] / 2
        at_edge = has_neighbour & ~is_inside
        wanted[at_edge] += window.colours[places[at_edge]]
        counts += has_neighbour
        sides.append(_Side(numbers, is_inside))
    return sides, counts, wanted


def _has_neighbour(window: PatchWindow, places: Places, down: int, right: int) -> NDArray[np.bool_]:
    rows, columns = window.rows_and_columns(places)
    rows, columns = rows + down, columns + right
    has: NDArray[np.bool_] = (rows >= 0) & (rows < window.shape[0]) & (columns >= 0) & (columns < window.shape[1])
    return has

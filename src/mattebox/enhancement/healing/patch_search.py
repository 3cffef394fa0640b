"""For each patch that touches a hole the most similar known patch.

All pairs where there are few, else PatchMatch: Barnes, Shechtman, Finkelstein & Goldman, PatchMatch: A randomized
correspondence algorithm for structural image editing, 2009, for all patches at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.enhancement.healing.patch_window import PatchWindow, Places
from mattebox.types import Floats

MAX_PAIRS = 12_000_000  # that are all compared
BLOCK_PAIRS = 2_000_000  # at a time
DISTANCE_WEIGHT = 0.01  # of the squared distance, as a share of the window: what lies near is preferred
STEPS = (1, 2)  # to the neighbours whose matches are tried


@dataclass
class Matches:
    """The match of each target: where it is, and its squared difference, mean of the values, with its distance."""

    places: Places
    errors: Floats


def find_matches(window: PatchWindow, first: Places, random: np.random.Generator) -> Matches:
    """The matches of a window's targets; `first` are those to begin with, each a source."""
    sources = np.flatnonzero(window.is_source)
    if len(window.targets) * len(sources) <= MAX_PAIRS:
        return _compare_all(window, sources)
    wanted = window.patches(window.targets)
    everything = np.ones(len(first), bool)
    matches = Matches(first, _errors(window, wanted, first, everything))
    for step in STEPS:
        for shift in (step, -step, step * window.shape[1], -step * window.shape[1]):
            neighbours = window.number[np.clip(window.targets - shift, 0, window.hole.size - 1)]
            _offer(window, wanted, matches, matches.places[neighbours] + shift, neighbours >= 0)
    reach = max(window.shape) // 2
    while reach >= 1:
        rows, columns = window.rows_and_columns(matches.places)
        rows = rows + random.integers(-reach, reach + 1, len(rows))
        columns = columns + random.integers(-reach, reach + 1, len(columns))
        is_inside = (rows >= 0) & (rows < window.shape[0]) & (columns >= 0) & (columns < window.shape[1])
        _offer(window, wanted, matches, rows * window.shape[1] + columns, is_inside)
        reach //= 2
    return matches


def _compare_all(window: PatchWindow, sources: Places) -> Matches:
    wanted, known = window.patches(window.targets), window.patches(sources)
    squares = (known**2).sum(1)
    matches = Matches(np.zeros(len(wanted), np.intp), np.zeros(len(wanted), np.float32))
    block = max(1, BLOCK_PAIRS // len(sources))
    for start in range(0, len(wanted), block):
        part, targets = wanted[start : start + block], window.targets[start : start + block]
        errors = (squares - 2 * part @ known.T + (part**2).sum(1)[:, None]) / part.shape[1]
        errors += DISTANCE_WEIGHT * window.squared_distances(targets[:, None], sources[None])
        best = errors.argmin(1)
        matches.places[start : start + block] = sources[best]
        matches.errors[start : start + block] = errors[np.arange(len(best)), best]
    return matches


def _offer(
    window: PatchWindow, wanted: Floats, matches: Matches, places: Places, is_offered: NDArray[np.bool_]
) -> None:
    """Take other places where they match better, in place."""
    is_offered = is_offered & (places >= 0) & (places < window.hole.size)
    places = np.where(is_offered, places, 0)
    is_offered &= window.is_source[places] & (places != matches.places)
    errors = _errors(window, wanted, places, is_offered)
    is_better = errors < matches.errors
    matches.places = np.where(is_better, places, matches.places)
    matches.errors = np.where(is_better, errors, matches.errors)


def _errors(window: PatchWindow, wanted: Floats, places: Places, is_offered: NDArray[np.bool_]) -> Floats:
    errors = np.full(len(places), np.inf, np.float32)
    chosen = np.flatnonzero(is_offered)
    differences = window.patches(places[chosen]) - wanted[chosen]
    errors[chosen] = np.einsum("ij,ij->i", differences, differences) / wanted.shape[1]
    errors[chosen] += DISTANCE_WEIGHT * window.squared_distances(window.targets[chosen], places[chosen])
    return errors

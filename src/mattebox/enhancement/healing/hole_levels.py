"""A hole filled from coarse to fine: its structure where it is small, its detail where it is large."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mattebox.enhancement.healing.exemplar_fill import fill_from_edge
from mattebox.enhancement.healing.gradient_blending import blend_copies
from mattebox.enhancement.healing.patch_search import Matches, find_matches
from mattebox.enhancement.healing.patch_vote import vote
from mattebox.enhancement.healing.patch_window import SIDE, PatchWindow, Places, hole_depths
from mattebox.types import Floats, Mask

COARSE_DEPTH = 3  # pixels: a hole that is no deeper is not made smaller
MIN_SIDE = 6 * SIDE  # of a window
MAX_TARGETS = 25_000  # patches of a hole: above, what was found at the level before is copied
MIN_KNOWN = 2  # of four pixels that become one
COARSE_ROUNDS, ROUNDS, FINEST_ROUNDS = 12, 8, 4  # of search and vote


class HoleLevel(NamedTuple):
    """A window at one size: colours (H, W, 3) 0..1, the hole, and what patches must not come from."""

    colours: Floats
    hole: Mask
    barred: Mask


def fill_hole(level: HoleLevel) -> Floats:
    """The colours of a window whose hole is filled.

    Parameters
    ----------
    level : HoleLevel
        At least one patch of it is known wholly.

    Returns
    -------
    (H, W, 3) float32
        As given, but for the hole.
    """
    levels = _build_levels(level)
    window = PatchWindow(*levels[-1])
    random = np.random.default_rng(0)
    fill_from_edge(window)
    first = random.choice(np.flatnonzero(window.is_source), len(window.targets))
    matches, copies = _improve(window, first, COARSE_ROUNDS, random)
    while len(levels) > 1:
        finer = PatchWindow(*levels[-2])
        if len(finer.targets) > MAX_TARGETS:
            break
        first = _enlarge_matches(window, matches.places, finer)
        window = finer
        levels.pop()
        vote(window, Matches(first, np.zeros(len(first), np.float32)), hole_depths(levels[-1].hole), is_sharp=True)
        matches, copies = _improve(window, first, FINEST_ROUNDS if len(levels) == 1 else ROUNDS, random)
    origins, changes = np.full(window.hole.size, -1), np.zeros_like(window.colours)
    origins[window.targets] = matches.places
    origins[window.holes] = copies
    changes[window.holes] = blend_copies(window, copies) - window.colours[copies]
    while len(levels) > 1:
        finer = PatchWindow(*levels[-2])
        copies, changes = _enlarge_copies(window, origins, changes, finer)
        origins = np.full(finer.hole.size, -1)
        origins[finer.holes] = copies
        window = finer
        levels.pop()
    window.colours[window.holes] = (window.colours[copies] + changes[window.holes]).clip(0, 1)
    return window.colours.reshape(*window.shape, 3)


def has_source(level: HoleLevel) -> bool:
    """Whether there is a patch to fill with."""
    return min(level.hole.shape) >= SIDE and bool(PatchWindow(*level).is_source.any())


def _improve(window: PatchWindow, first: Places, rounds: int, random: np.random.Generator) -> tuple[Matches, Places]:
    """Search and vote, some rounds; the last matches, and of each pixel of the hole where it is copied from."""
    depths = hole_depths(window.hole.reshape(window.shape))
    matches, copies = Matches(first, np.zeros(len(first), np.float32)), first
    for number in range(rounds):
        matches = find_matches(window, matches.places, random)
        copies = vote(window, matches, depths, is_sharp=2 * number >= rounds)
    return matches, copies


def _build_levels(level: HoleLevel) -> list[HoleLevel]:
    """The level, and coarser ones, as long as the hole is deep and there are patches to fill it with."""
    levels = [level]
    while hole_depths(levels[-1].hole).max() > COARSE_DEPTH and min(levels[-1].hole.shape) >= 2 * MIN_SIDE:
        coarser = _halve(levels[-1])
        if not has_source(coarser):
            break
        levels.append(coarser)
    return levels


def _halve(level: HoleLevel) -> HoleLevel:
    """Half the size. A pixel is known where two of four are, and a source where all are; its colour is the mean of
    those that are known."""
    padding = [(0, length % 2) for length in level.hole.shape]
    colours = np.pad(level.colours, [*padding, (0, 0)], mode="edge")
    hole, barred = (np.pad(mask, padding, mode="edge") for mask in (level.hole, level.barred))
    height, width = (length // 2 for length in hole.shape)
    known = (~hole).reshape(height, 2, width, 2)
    sums = (colours.reshape(height, 2, width, 2, 3) * known[..., None]).sum((1, 3), dtype=np.float32)
    counts = known.sum((1, 3))
    is_barred = np.asarray(barred.reshape(height, 2, width, 2).any((1, 3)) | (counts < 4))
    return HoleLevel(sums / np.maximum(counts, 1, dtype=np.float32)[..., None], counts < MIN_KNOWN, is_barred)


def _enlarge_matches(coarse: PatchWindow, places: Places, fine: PatchWindow) -> Places:
    """For the targets of a finer window the matches that those of the coarser one have."""
    rows, columns = fine.rows_and_columns(fine.targets)
    numbers = coarse.number[_coarse_places(coarse, rows, columns)]
    numbers = np.where(numbers >= 0, numbers, _nearest_numbers(coarse, rows, columns))
    (from_rows, from_columns), (to_rows, to_columns) = (
        coarse.rows_and_columns(found[numbers]) for found in (coarse.targets, places)
    )
    rows, columns = rows + 2 * (to_rows - from_rows), columns + 2 * (to_columns - from_columns)
    is_inside = (rows >= 0) & (rows < fine.shape[0]) & (columns >= 0) & (columns < fine.shape[1])
    found = np.where(is_inside, rows * fine.shape[1] + columns, 0)
    sources = np.flatnonzero(fine.is_source)
    nearest = sources[np.minimum(np.searchsorted(sources, found), len(sources) - 1)]  # about in the same row
    return np.where(fine.is_source[found], found, nearest)


def _enlarge_copies(coarse: PatchWindow, origins: Places, changes: Floats, fine: PatchWindow) -> tuple[Places, Floats]:
    """For the hole of a finer window the places to copy from, and the changes of colour. `origins` are the coarser
    window's, -1 where there is none."""
    rows, columns = fine.rows_and_columns(fine.holes)
    places = _coarse_places(coarse, rows, columns)
    known = np.flatnonzero(origins >= 0)
    places = known[np.minimum(np.searchsorted(known, places), len(known) - 1)]  # itself, or about in the same row
    from_rows, from_columns = coarse.rows_and_columns(places)
    to_rows, to_columns = coarse.rows_and_columns(origins[places])
    rows = np.clip(rows + 2 * (to_rows - from_rows), 0, fine.shape[0] - 1)
    columns = np.clip(columns + 2 * (to_columns - from_columns), 0, fine.shape[1] - 1)
    enlarged = np.zeros_like(fine.colours)
    enlarged[fine.holes] = changes[places]
    found: Places = rows * fine.shape[1] + columns
    return found, enlarged


def _coarse_places(coarse: PatchWindow, rows: Places, columns: Places) -> Places:
    found: Places = (rows // 2) * coarse.shape[1] + columns // 2
    return found


def _nearest_numbers(coarse: PatchWindow, rows: Places, columns: Places) -> Places:
    """Numbers of targets about in the same row, for what lies beside all of them."""
    found = np.searchsorted(coarse.targets, _coarse_places(coarse, rows, columns))
    numbers: Places = np.minimum(found, len(coarse.targets) - 1)
    return numbers

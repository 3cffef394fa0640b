"""The first filling of a small hole: patch by patch from its edge, along lines that run into it first.

Criminisi, Pérez & Toyama, Region filling and object removal by exemplar-based image inpainting, 2004.
"""

from __future__ import annotations

import numpy as np

from mattebox.core.smoothing_filters import approximate_gaussian_blur
from mattebox.enhancement.healing.patch_search import DISTANCE_WEIGHT
from mattebox.enhancement.healing.patch_window import RADIUS, PatchWindow, Places
from mattebox.types import Floats, Mask

MAX_SOURCES = 20_000  # that are compared with each patch
FLAT_SHARE = 0.003  # of the priority that a place without any line has


def fill_from_edge(window: PatchWindow) -> None:
    """Fill the hole of a window, in place."""
    sources = np.flatnonzero(window.is_source)
    sources = sources[:: -(-len(sources) // MAX_SOURCES)]
    known_patches = window.patches(sources)
    is_unknown = window.hole.copy()
    confidence = (~is_unknown).astype(np.float32)
    while is_unknown.any():
        middle, trust = _next_middle(window, is_unknown, confidence)
        pixels = middle + window.taps
        missing = pixels[is_unknown[pixels]]
        is_known = np.repeat(~is_unknown[pixels], 3)
        wanted = window.colours[pixels].ravel()[is_known]
        errors = ((known_patches[:, is_known] - wanted) ** 2).mean(1) if is_known.any() else 0
        distances = window.squared_distances(sources, np.full_like(sources, middle))
        best = sources[np.argmin(errors + DISTANCE_WEIGHT * distances)]
        window.colours[missing] = window.colours[missing + (best - middle)]
        confidence[missing] = trust
        is_unknown[missing] = False


def _next_middle(window: PatchWindow, is_unknown: Mask, confidence: Floats) -> tuple[int, float]:
    """The middle of the patch that is filled next, and how far its pixels can be trusted."""
    unknown = is_unknown.reshape(window.shape)
    front = np.flatnonzero((unknown & _has_known_neighbour(unknown)).ravel())
    if not front.size:
        front = np.flatnonzero(is_unknown)
    middles = _moved_inside(window, front)
    trusts = confidence[middles[:, None] + window.taps].mean(1)
    brightness = np.where(unknown, np.nan, window.colours.mean(1).reshape(window.shape))
    slopes = [np.nan_to_num(slope).ravel() for slope in np.gradient(brightness)]
    smooth = approximate_gaussian_blur((~unknown).astype(np.float32), 1.0)
    normals = [normal.ravel()[front] for normal in np.gradient(smooth)]
    steepness = np.stack([slope[middles[:, None] + window.taps] for slope in slopes])
    strongest = (steepness**2).sum(0).argmax(1)
    across, along = steepness[:, np.arange(len(front)), strongest]
    lines = np.abs(across * normals[1] - along * normals[0]) / (np.hypot(*normals) + 1e-6)
    best = int(np.argmax(trusts * (lines + FLAT_SHARE)))
    return int(middles[best]), float(trusts[best])


def _moved_inside(window: PatchWindow, places: Places) -> Places:
    """Middles of patches that hold these places, and lie inside the window."""
    rows, columns = window.rows_and_columns(places)
    rows, columns = (
        np.clip(lines, RADIUS, length - RADIUS - 1) for lines, length in zip((rows, columns), window.shape, strict=True)
    )
    middles: Places = rows * window.shape[1] + columns
    return middles


def _has_known_neighbour(unknown: Mask) -> Mask:
    padded = np.pad(unknown, 1, constant_values=True)
    known: Mask = ~(padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:])
    return known

"""The layer of a composition that holds the subject's shadow, and remarks on shadows that do not suit it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mattebox.composition.composition import Composition
from mattebox.composition.ground_contact import find_ground_contact, hangs_by_thread, is_balanced
from mattebox.composition.opaque_colour import parse_picture_colour
from mattebox.composition.shadow import render_shadow
from mattebox.core.interface import name_parameter
from mattebox.io import resampling
from mattebox.recipe.steps import Shadow
from mattebox.types import Picture, Pixels

MIN_VISIBLE_SHADOW_SHARE = 0.06  # of full darkness, at the canvas's rims
STANCE_GRID_SIDE_CELLS = 400
GROUND_SHADOW_KINDS = ("contact", "cast", "reflection")  # of subjects that stand


def add_shadow(composition: Composition, step: Shadow, is_cut_off: bool) -> Composition:
    """With a shadow; a subject that the photograph cuts off below stands on no ground, and gets a note instead."""
    if is_cut_off and step.kind in GROUND_SHADOW_KINDS:
        return composition.add_note("cut off by the photograph's lower edge: no shadow is drawn on the ground")
    shadow_colour = parse_picture_colour(step.colour, composition.subject)
    layer = render_shadow(composition.subject, composition.box, step, shadow_colour)
    composition = replace(composition, shadow=layer)
    if step.kind in GROUND_SHADOW_KINDS and _seems_to_hang(composition.subject):
        drop = name_parameter("shadow", "drop")
        composition = composition.add_note(f"it would not stand by itself: if it hangs, {drop} suits it better")
    if layer is None or layer.alpha is None:
        return composition
    if not _runs_out(layer.alpha, composition.subject.alpha):
        return composition
    margin, position, fill = (name_parameter(name) for name in ("margin", "position", "fill"))
    remedy = f"give it room with {margin}, {position} or a smaller {fill}"
    return composition.add_note(f"its shadow runs out of the picture; {remedy}")


def _seems_to_hang(subject: Picture) -> bool:
    """Whether a subject could not stand where its lowest parts are, or hangs by a thread."""
    if subject.alpha is None:
        return False
    cell = max(1, round(max(subject.shape) / STANCE_GRID_SIDE_CELLS))
    alpha = resampling.average_blocks(subject.alpha, cell).astype(np.float32) / np.float32(255)
    rows = np.flatnonzero((alpha > 0.5).any(1))
    contact = find_ground_contact(alpha, len(rows) and float(rows[-1] - rows[0] + 1))
    return contact is not None and (hangs_by_thread(alpha) or not is_balanced(contact, alpha))


def _runs_out(shadow: Pixels, subject: Pixels | None) -> bool:
    """Whether a shadow is visible on the canvas's lower rim, or on another that the subject does not touch."""
    limit = MIN_VISIBLE_SHADOW_SHARE * np.iinfo(shadow.dtype).max
    for rim in ((-1, ...), (0, ...), (..., 0), (..., -1)):
        is_free = rim == (-1, ...) or subject is None or not subject[rim].any()
        if is_free and int(shadow[rim].max()) >= limit:
            return True
    return False

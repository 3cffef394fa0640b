"""Enclosed areas of flat artwork that have the backdrop's colour: counters of letters, rings, eyes.

Whether they are transparent follows from what surrounds them: the stroke around a letter's counter touches the outer
backdrop, too, the outline of an eye lies within a face.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import label_components
from mattebox.types import Mask

Holes = Literal["keep", "open", "auto"]

MAX_EVEN_STEP_LEVELS = 16  # of 255, between neighbours in an even area of the artwork
MIN_AREA_PIXELS = 64  # of an even area; smaller ones are strokes or ringing


def select_open_ground(is_ground: Mask, steps: NDArray[np.uint8], holes: Holes, edge_width: int) -> Mask:
    """Select the pixels of the backdrop's colour that are transparent.

    Parameters
    ----------
    is_ground : Mask
        H x W: which pixels have the backdrop's colour.
    steps : array of uint8
        H x W: largest difference of each pixel from its neighbours, of 255.
    holes : {"keep", "open", "auto"}
        Enclosed areas: keep them; open them; or open those whose surroundings touch open ground or are thin strokes.
    edge_width : int
        Pixels in which the artwork blends with the backdrop.

    Returns
    -------
    Mask
        H x W; what is connected to the border is always open.
    """
    labels, components = label_components(is_ground, connectivity=4)
    is_open = np.zeros(len(components) + 1, np.bool_)
    is_open[np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))] = True
    if holes == "open":
        is_open[:] = True
    is_open[0] = False
    if holes == "auto" and not is_open[1:].all():
        contacts = _contacts(labels, (labels == 0) & (steps <= MAX_EVEN_STEP_LEVELS), edge_width + 1)
        opened = _open_neighbours(is_open, contacts)
        while (opened != is_open).any():
            is_open, opened = opened, _open_neighbours(opened, contacts)
    return is_open[labels]


def _contacts(labels: NDArray[np.int32], even: Mask, reach: int) -> NDArray[np.int64]:
    """Rows (label of ground, number of the even area beside it, pixels of contact)."""
    areas, components = label_components(even, connectivity=4)
    areas *= np.array([False, *(c.area >= MIN_AREA_PIXELS for c in components)])[areas]
    pairs = [np.zeros((0, 2), np.int64)]
    for dy, dx in ((0, reach), (0, -reach), (reach, 0), (-reach, 0)):
        beside = _shift(areas, dy, dx)
        touching = (labels > 0) & (beside > 0)
        pairs.append(np.stack([labels[touching], beside[touching]], axis=1).astype(np.int64))
    contacts, counts = np.unique(np.concatenate(pairs), axis=0, return_counts=True)
    return np.column_stack([contacts, counts])


def _open_neighbours(is_open: Mask, contacts: NDArray[np.int64]) -> Mask:
    """Which labels are open, with those whose even surroundings, most of them, touch open ground, or that have none."""
    ground, area, pixels = contacts.T
    touches_open = np.zeros(area.max(initial=0) + 1, np.bool_)
    touches_open[area[is_open[ground]]] = True
    votes = np.bincount(ground, np.where(touches_open[area], pixels, -pixels), len(is_open))
    opened: Mask = is_open | (votes >= 0)
    opened[0] = False
    return opened


def _shift(plane: NDArray[Any], dy: int, dx: int) -> NDArray[Any]:
    """A plane moved by whole pixels, zeros moved in."""
    reach = max(abs(dy), abs(dx))
    padded = np.pad(plane, reach)
    return padded[reach + dy : reach + dy + plane.shape[0], reach + dx : reach + dx + plane.shape[1]]

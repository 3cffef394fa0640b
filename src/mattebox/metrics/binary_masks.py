"""What several measures need of a binary plane: the nearest pixel that is set, and connected components.

The distance is exact: first along columns, then along rows over ever wider shifts (the separable scheme of
Felzenszwalb & Huttenlocher, Distance Transforms of Sampled Functions, 2012, with the lower envelope taken by brute
force, which numpy does fast). Knows nothing of mattes or scores.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def distance_transform(mask: Mask) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Euclidean distance H x W of each pixel to the nearest set one, and that one's flat index; needs one set pixel."""
    if not mask.any():
        raise ValueError("no pixel is set; ask only where there is one")
    height, width = mask.shape
    row = _nearest_row(mask)
    far = 4 * (height**2 + width**2)  # of columns without a set pixel: farther than any other
    squared = np.where(row < 0, far, (row - np.arange(height)[:, None]) ** 2)
    best, column = squared.copy(), np.broadcast_to(np.arange(width), mask.shape).copy()
    shift = 1
    while shift < width and shift**2 < best.max():
        for here, there in ((np.s_[:, shift:], np.s_[:, :-shift]), (np.s_[:, :-shift], np.s_[:, shift:])):
            tried = squared[there] + shift**2
            nearer = tried < best[here]
            best[here] = np.where(nearer, tried, best[here])
            source = np.broadcast_to(np.arange(width), mask.shape)[there]
            column[here] = np.where(nearer, source, column[here])
        shift += 1
    index = np.take_along_axis(row, column, 1) * width + column
    return np.sqrt(best), index


def _nearest_row(mask: Mask) -> NDArray[np.intp]:
    """Row of the nearest set pixel in each pixel's own column; -1 in columns without one."""
    rows = np.broadcast_to(np.arange(mask.shape[0])[:, None], mask.shape)
    never = 2 * mask.shape[0] + 1
    above = np.maximum.accumulate(np.where(mask, rows, -never), 0)
    below = np.minimum.accumulate(np.where(mask, rows, never)[::-1], 0)[::-1]
    row = np.where(rows - above <= below - rows, above, below)
    return np.where(mask.any(0), row, -1)


def largest_component(mask: Mask) -> Mask:
    """The set pixels of the largest component joined by sides; of equal ones the first; nothing when none is set."""
    labels = label_components(mask)
    if not mask.any():
        return mask.copy()
    counts = np.bincount(labels[mask])
    largest: Mask = mask & (labels == int(counts.argmax()))
    return largest


def label_components(mask: Mask) -> NDArray[np.intp]:
    """H x W: the flat index of the first pixel of each set pixel's component; unset pixels keep their own.

    Labels fall to the least neighbour's, and then to that label's own label, so that few rounds suffice.
    """
    label = np.arange(mask.size, dtype=np.intp)
    index = label.reshape(mask.shape)
    across, down = mask[:, 1:] & mask[:, :-1], mask[1:] & mask[:-1]
    one = np.concatenate([index[:, 1:][across], index[1:][down]])
    other = np.concatenate([index[:, :-1][across], index[:-1][down]])
    while True:
        least = np.minimum(label[one], label[other])
        if (label[one] == label[other]).all():
            return label.reshape(mask.shape)
        np.minimum.at(label, label[one], least)
        np.minimum.at(label, label[other], least)
        while (label[label] != label).any():
            label = label[label]

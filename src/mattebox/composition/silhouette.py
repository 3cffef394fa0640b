"""The subject's silhouette: the largest connected part of its alpha, on a reduced grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import label_components
from mattebox.io import resampling
from mattebox.types import Pixels


class Silhouette(NamedTuple):
    """h x w mask, whose cells are `cell_pixels` wide."""

    mask: NDArray[np.bool_]
    cell_pixels: int


def find_silhouette(alpha: Pixels, side_cells: int) -> Silhouette | None:
    """The silhouette on a grid whose longer side has about `side_cells`; None when nothing is opaque."""
    step = max(1, round(max(alpha.shape) / side_cells))
    labels, components = label_components(resampling.average_blocks(alpha, step) >= 128)
    return Silhouette(labels == 1, step) if components else None

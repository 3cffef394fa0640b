"""Several subjects of a clip and their names: the pieces of each frame's matte, told from frame to frame by overlap."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import dilate
from mattebox.io import resampling
from mattebox.matting.geodesic_features import geodesic_features
from mattebox.matting.matte_operations import as_floats
from mattebox.matting.subject_separation import separate_subjects
from mattebox.types import Floats, ImageShape, Mask
from mattebox.video.frame_cutout import CutFrame

GRID_SIDE_CELLS = 320  # longer side of the grid on which pieces are told apart, about
MIN_PIECE_SHARE = 0.001  # of the frame
MIN_OVERLAP = 0.2  # intersection over union with the frame before, of one subject


class SubjectTracker:
    """Names the subjects of successive frames subject1, subject2 and so on.

    Attributes
    ----------
    names : list of str
        All names so far.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._masks: dict[str, Mask] = {}

    def split(self, frame: CutFrame) -> dict[str, Floats]:
        """The matte of each subject, H x W float32, 0..1; together they are the frame's matte."""
        alpha = as_floats(frame.matte.alpha)
        factor = max(1, round(max(alpha.shape) / GRID_SIDE_CELLS))
        coarse = as_floats(resampling.average_blocks(frame.matte.alpha, factor))
        labels, components = separate_subjects(coarse > 0.5, geodesic_features(frame.photograph, coarse))
        pieces = [labels == n for n, c in enumerate(components, 1) if c.area >= MIN_PIECE_SHARE * coarse.size]
        if not pieces:
            return {}
        names = self._find_names([] if frame.is_cut else list(self._masks.items()), pieces)
        self._masks = dict(zip(names, pieces, strict=True))
        owners = _expand(_nearest_piece(pieces), factor, (alpha.shape[0], alpha.shape[1]))
        return {name: np.where(owners == n, alpha, np.float32(0)) for n, name in enumerate(names)}

    def _find_names(self, known: list[tuple[str, Mask]], pieces: list[Mask]) -> list[str]:
        """The names of pieces: those with which they overlap most, or new ones."""
        pairs = [
            (_overlap(mask, piece), name, n)
            for (name, mask), (n, piece) in product(known, enumerate(pieces))
            if mask.shape == piece.shape
        ]
        found: dict[int, str] = {}
        for overlap, name, n in sorted(pairs, reverse=True):
            if overlap >= MIN_OVERLAP and n not in found and name not in found.values():
                found[n] = name
        for n in range(len(pieces)):
            if n not in found:
                found[n] = f"subject{len(self.names) + 1}"
                self.names.append(found[n])
        return [found[n] for n in range(len(pieces))]


def _overlap(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / max((one | other).sum(), 1))


def _nearest_piece(pieces: list[Mask]) -> NDArray[np.int64]:
    """Number of the piece that each cell is nearest to: all grow by one cell at a time until they meet."""
    owners = np.full(pieces[0].shape, -1, np.int64)
    for n, piece in enumerate(pieces):
        owners[piece] = n
    while (owners < 0).any():
        before = owners.copy()
        for n in range(len(pieces)):
            owners[(before < 0) & dilate(before == n, 1)] = n
    return owners


def _expand(cells: NDArray[np.int64], factor: int, shape: ImageShape) -> NDArray[np.int64]:
    rows = np.minimum(np.arange(shape[0]) // factor, cells.shape[0] - 1)
    columns = np.minimum(np.arange(shape[1]) // factor, cells.shape[1] - 1)
    return np.asarray(cells[rows][:, columns])

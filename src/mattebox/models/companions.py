"""Companions of a candidate: sure ones of its kind and about its size in the same picture make it more likely.

Faces come in groups: a blurred oval of nine pixels is a face where twenty others of its size are, and seldom alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Floats

SIZE_SPREAD = 0.7  # natural logarithm of the ratio of two sizes at which a companion counts for 0.6
MAX_COMPANIONS = 8.0
BLOCK_CANDIDATES = 256  # compared with all others at a time, so that memory stays small in crowds
SURENESS_POWER = 2.0  # of the odds: a companion of odds 1 counts for a half, a doubtful one for little


def count_companions(boxes: Floats, kinds: NDArray[np.int64], logits: Floats) -> Floats:
    """How many sure companions each candidate has, 0 to MAX_COMPANIONS.

    Parameters
    ----------
    boxes : n x 4 float32
        Left, top, right, bottom.
    kinds : n int64
    logits : n float32
        Logarithms of the candidates' own odds.

    Returns
    -------
    n float32
        The sum over all others of the same kind of how sure and how similar in size they are, each at most 1.
    """
    sizes = np.log(np.maximum(boxes[:, 2:] - boxes[:, :2], 1).prod(1)) / 2
    sureness = np.asarray(1 / (1 + np.exp(-SURENESS_POWER * logits)), np.float32)
    counts = np.zeros(len(boxes), np.float32)
    for start in range(0, len(boxes), BLOCK_CANDIDATES):
        block = slice(start, start + BLOCK_CANDIDATES)
        ratios = (sizes[block, None] - sizes[None]) / np.float32(SIZE_SPREAD)
        similar = np.exp(-(ratios**2) / 2) * (kinds[block, None] == kinds[None])
        counts[block] = similar @ sureness - sureness[block]  # none is a companion of its own
    return np.clip(counts, 0, MAX_COMPANIONS)

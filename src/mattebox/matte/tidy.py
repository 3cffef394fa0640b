"""Take out what is not subject: haze far from anything firm, and specks. Holes in it are left to refinement.

Works on the network's coarse alpha. Knows nothing of pictures or networks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mattebox.components import components, grown
from mattebox.matte.confidence import subject_box
from mattebox.types import Matte

FIRM = 0.5  # alpha from which a pixel counts as subject
SPECK = 0.03  # of the largest part's area: a smaller one is a speck
NEAR = 0.03  # of the largest part's longer side: soft edges and hair reach this far from what is firm
LEAST = 3  # samples: what a small subject's own soft edge takes


def tidied(matte: Matte) -> Matte:
    """The matte with what is far from anything firm at 0, its box around what is left."""
    alpha = matte.alpha
    labels, parts = components(alpha >= FIRM * matte.depth.peak)
    if not parts:
        return matte
    kept = np.array([False, *(p.area >= SPECK * parts[0].area for p in parts)])
    left, top, right, bottom = parts[0].box
    near = grown(kept[labels], max(LEAST, round(NEAR * max(right - left, bottom - top))))
    clean = np.where(near, alpha, np.zeros((), alpha.dtype))
    return replace(matte, alpha=clean, box=subject_box(clean))

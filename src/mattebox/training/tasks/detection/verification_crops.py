"""What the verifier sees of stored crops: the square around a box, as it is or varied."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from mattebox.training.data.degradation import degrade_batch
from mattebox.training.networks.verification_network import CROP_SIDE
from mattebox.training.tasks.detection.candidates import STORED_CONTEXT

CONTEXT = 2.0  # side of the square against the box's longer side
SCALE_SPREAD, SHIFT_SPREAD = 0.12, 0.05  # of variations: natural logarithm; share of the square
TURN_SHARE, TURN_SPREAD = 0.4, math.radians(7)
DEGRADED_SHARE = 0.7


@dataclass(frozen=True, eq=False)
class CandidateCrops:
    """Crops of candidates as `candidates` wrote them: N x side x side x 3 uint8, what they show, and for what the
    detector took them, with what score (0 where it did not find them)."""

    crops: NDArray[np.uint8]
    shown: NDArray[np.int64]
    kinds: NDArray[np.int64]
    scores: NDArray[np.float32]


def view_crops(stored: NDArray[np.uint8]) -> Tensor:
    """The middle, N x 3 x 64 x 64, 0..1, of N x side x side x 3 stored crops."""
    count = len(stored)
    return _sample(stored, (CONTEXT / STORED_CONTEXT * torch.eye(2)).repeat(count, 1, 1), torch.zeros(count, 2))


def vary_crops(stored: NDArray[np.uint8]) -> Tensor:
    """The same, each scaled, moved, turned and mirrored at random, and most of them degraded."""
    count = len(stored)
    share = CONTEXT / STORED_CONTEXT * torch.exp(SCALE_SPREAD * torch.randn(count))
    turn = TURN_SPREAD * torch.randn(count) * (torch.rand(count) < TURN_SHARE)
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    cos, sin = turn.cos() * share, turn.sin() * share
    matrix = torch.stack([torch.stack([cos * mirror, -sin], 1), torch.stack([sin * mirror, cos], 1)], 1)
    crops = _sample(stored, matrix, 2 * SHIFT_SPREAD * share[:, None] * torch.randn(count, 2))
    is_degraded = torch.nonzero(torch.rand(count) < DEGRADED_SHARE).flatten()
    if len(is_degraded):
        crops[is_degraded] = degrade_batch(crops[is_degraded])
    return crops


def _sample(stored: NDArray[np.uint8], matrix: Tensor, shift: Tensor) -> Tensor:
    """Squares of stored crops: N x 2 x 2 and N x 2 in shares of half the stored side."""
    rgb = torch.from_numpy(np.ascontiguousarray(stored.transpose(0, 3, 1, 2))).float() / 255
    size = [len(rgb), 3, CROP_SIDE, CROP_SIDE]
    grid = F.affine_grid(torch.cat([matrix, shift[:, :, None]], 2), size, align_corners=False)
    return F.grid_sample(rgb, grid, padding_mode="border", align_corners=False)

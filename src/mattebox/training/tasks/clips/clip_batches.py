"""Batches of frames with prior mattes: cutout batches, some with a second subject, of which the prior says which."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.data.augmentation import shrink_mask
from mattebox.training.data.batch_sampler import TrainingBatch
from mattebox.training.tasks.clips.prior_mattes import disturb_mattes

EMPTY_PRIOR_SHARE = 0.12  # of a batch: the network has to see for itself
OTHER_PRIOR_SHARE = 0.05  # of a batch: the prior is of another picture
SECOND_SIZE_RANGE = (0.35, 0.8)  # of a second subject's picture, the frame being 1
MIN_VISIBLE_ALPHA = 0.01  # mean, of a subject that a prior can point to


@dataclass
class ClipBatch(TrainingBatch):
    """A batch with `prior`, N x 1 x H x W, 0..1, and `has_prior`, N bool."""

    prior: Tensor
    has_prior: Tensor


def add_priors(batch: TrainingBatch, second_share: float) -> ClipBatch:
    """Give a batch prior mattes, and a share of its frames a second subject.

    Parameters
    ----------
    batch : TrainingBatch
        A cutout batch.
    second_share : float
        Share of the frames, 0..1, over which a subject of another frame of the batch is pasted.

    Returns
    -------
    ClipBatch
        `alpha` is of the subject that the prior points to; of all subjects, where the prior is empty or of another
        picture.
    """
    second = _choose(len(batch.rgb), second_share, batch.rgb.device)
    batch, points = _paste_subjects(batch, second)
    prior = disturb_mattes(batch.alpha)
    free = torch.nonzero(~points).flatten()
    free = free[torch.randperm(len(free), device=free.device)]
    empty_count = max(1, round(EMPTY_PRIOR_SHARE * len(prior)))
    other_count = round(OTHER_PRIOR_SHARE * len(prior))
    empty, other = free[:empty_count], free[empty_count : empty_count + other_count]
    prior[other] = prior.roll(1, 0)[other]
    prior[empty] = 0
    has_prior = torch.ones(len(prior), dtype=torch.bool, device=prior.device)
    has_prior[empty], has_prior[other] = False, False
    return ClipBatch(
        batch.rgb, batch.alpha, batch.pixel_weights, batch.has_exact_edges, prior=prior, has_prior=has_prior
    )


def _paste_subjects(batch: TrainingBatch, index: Tensor) -> tuple[TrainingBatch, Tensor]:
    """Paste a subject with exact edges over the frames of these numbers; their target becomes one of the two.

    Returns the batch, and for each frame whether its prior has to point to one of two subjects.
    """
    points = torch.zeros(len(batch.rgb), dtype=torch.bool, device=batch.rgb.device)
    donors = torch.nonzero(batch.has_exact_edges > 0).flatten()
    if not len(donors) or not len(index):
        return batch, points
    donors = donors[torch.randint(len(donors), (len(index),), device=donors.device)]
    kept = donors != index
    donors, index = donors[kept], index[kept]
    source = torch.cat([batch.rgb[donors], shrink_mask(batch.alpha[donors])], 1)
    placed = _place_smaller(source)
    colours, front = placed[:, :3], placed[:, 3:]
    rgb, alpha, weights = batch.rgb.clone(), batch.alpha.clone(), batch.pixel_weights.clone()
    behind = alpha[index] * (1 - front)
    rgb[index] = torch.lerp(rgb[index], colours, front)
    is_front = torch.rand(len(index), 1, 1, 1, device=rgb.device) < 0.5
    alpha[index] = torch.where(is_front, front, behind)
    weights[index] = torch.maximum(weights[index], front)
    both_visible = (front.mean((1, 2, 3)) > MIN_VISIBLE_ALPHA) & (behind.mean((1, 2, 3)) > MIN_VISIBLE_ALPHA)
    alpha[index] = torch.where(both_visible[:, None, None, None], alpha[index], torch.maximum(front, behind))
    points[index] = both_visible
    return TrainingBatch(rgb, alpha, weights, batch.has_exact_edges), points


def _place_smaller(rgba: Tensor) -> Tensor:
    """RGBA frames reduced and put at a random place; transparent outside."""
    count, device = len(rgba), rgba.device
    low, high = SECOND_SIZE_RANGE
    zoom = 1 / (low + (high - low) * torch.rand(count, device=device))
    theta = torch.zeros(count, 2, 3, device=device)
    theta[:, 0, 0] = theta[:, 1, 1] = zoom
    theta[:, :, 2] = (torch.rand(count, 2, device=device) * 2 - 1) * (zoom - 1)[:, None]
    grid = F.affine_grid(theta, list(rgba.shape), align_corners=False)
    return F.grid_sample(rgba, grid, padding_mode="zeros", align_corners=False)


def _choose(count: int, share: float, device: torch.device) -> Tensor:
    """A random share of the numbers below `count`."""
    return torch.randperm(count, device=device)[: round(share * count)]

"""Candidate alphas of pixels along edges, which the edge network mixes.

They are the coarse matte with stretched levels, two posteriors of local colour models
(`mattebox.training.networks.pixel_kernels`), the pixel's position between both mean colours, 0 and 1, and two that add
the log ratio of a colour table of the picture (`mattebox.matting.colour_table`).
"""

from __future__ import annotations

import torch
from torch import Tensor

from mattebox.matting.colour_table import LOGIT_CLIP_MARGIN, MAX_LOG_RATIO
from mattebox.matting.network_refinement import KNOWN_ALPHA_MARGIN
from mattebox.training.networks.edge_features import stretch_levels, sum_planes

CANDIDATE_COUNT = 8


def alpha_candidates(feature_planes: Tensor) -> Tensor:
    """Candidate alphas, N x 8 x H x W: stretched prior, three by colours, 0, 1, posterior and prior with the table."""
    level, ratio = stretch_levels(feature_planes[:, 3:4]), 2 * MAX_LOG_RATIO * (feature_planes[:, 12:13] - 0.5)
    with_table = [
        torch.sigmoid(torch.logit(feature_planes[:, 4:5], LOGIT_CLIP_MARGIN) + ratio / 2),
        torch.sigmoid(torch.logit(level, LOGIT_CLIP_MARGIN) + ratio),
    ]
    return torch.cat([level, feature_planes[:, 4:7], torch.zeros_like(level), torch.ones_like(level), *with_table], 1)


def mix_candidates(weights: Tensor, feature_planes: Tensor) -> Tensor:
    """Weighted mean of the candidates; where there is little evidence, the stretched prior."""
    level, openness = stretch_levels(feature_planes[:, 3:4]), refinement_weight(feature_planes)
    return level + openness * (sum_planes(weights * alpha_candidates(feature_planes)) - level)


def refinement_weight(feature_planes: Tensor) -> Tensor:
    """How far candidates may replace the prior, N x 1 x H x W, 0..1: with evidence, where the prior is not settled."""
    p = feature_planes[:, 3:4]
    return (4 * feature_planes[:, 11:12]).clamp(0, 1) * (
        (torch.minimum(p, 1 - p) - KNOWN_ALPHA_MARGIN) / (4 * KNOWN_ALPHA_MARGIN)
    ).clamp(0, 1)

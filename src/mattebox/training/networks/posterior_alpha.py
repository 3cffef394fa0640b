"""Pixel kernels of refinement, in torch: colour models that bear outliers, and the alpha that they decide.

Pure functions of tensors, without weights, exported as small ONNX graphs (`mattebox.training.export.pixel_kernels`):

- `RobustColourModels`: the local Gaussian colour models of `pixel_kernels`, where background beside an edge counts as
  far as it looks like the background farther out, and the likelihood of a colour that no model knows.
- `PosteriorAlpha`: the posterior alpha of full-resolution pixels, from those coefficients, upsampled.

A rim of the subject, thinner than a cell of the grid, has a colour far from both models, and the nearer one would win
with certainty. An outlier with the same likelihood for all colours bounds what a model can say against a colour (Box &
Tiao, A Bayesian Approach to Some Outlier Problems, 1968), so that the network's alpha decides (decision 004).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.training.networks.pixel_kernels import (
    LIKELIHOOD_POWER,
    PURE_PIXEL_PRIOR,
    VARIANCE_FLOOR,
    box_blur,
    channel_products,
    colour_evidence,
    enlarge_patch,
    evaluate_polynomial,
    known_weights,
    local_gaussian,
    log_likelihood,
)

OUTLIER_LOG_LIKELIHOOD = -2.0  # of a colour of the background that its model does not know: the same for all colours
SETTLED_PRIOR_MARGIN = 0.004  # a prior within this of 0 or 1 is settled
AWAY_RADIUS, AWAY_REDUCTION = 12, 4  # in cells, of the surroundings that background beside an edge is compared with
AWAY_SPREAD = 6.0  # variances from their mean at which background beside an edge counts half


class RobustColourModels(nn.Module):
    """Local colour models with outliers as coefficients of polynomials.

    Guide 1 x 3 x h x w (0..1), alpha 1 x 1 x m x n (0..1) on the model grid and power 1 (0..1) -> 1 x 30 x m x n: three
    polynomials, log likelihoods to that power of subject, background and outlier, with their prior weights, relative to
    those of a blend. The model grid has half the guide's size, rounded up; the guide's own if `halve` is False, for
    small pictures.
    """

    def __init__(self, halve: bool) -> None:
        super().__init__()
        self.halve = halve

    def forward(self, guide: Tensor, alpha: Tensor, power: Tensor) -> Tensor:
        moments = torch.cat([guide, channel_products(guide)], 1)
        if self.halve:
            moments = F.avg_pool2d(moments, 2, 2, ceil_mode=True, count_include_pad=False)
        p = alpha
        subject_weight, background_weight = known_weights(p)
        front = local_gaussian(moments, subject_weight)
        back = local_gaussian(moments, background_weight * background_trust(moments, p))
        blend = (
            p * front[0] + (1 - p) * back[0],
            p * p * front[1] + (1 - p) * (1 - p) * back[1],
        )
        scale, evidence = power / LIKELIHOOD_POWER, colour_evidence(p)
        middle = scale * log_likelihood(*blend)
        pure = math.log(PURE_PIXEL_PRIOR / (1 - PURE_PIXEL_PRIOR))
        polynomials = [
            add_constant((scale * log_likelihood(*model) - middle) * evidence, torch.full_like(p, pure))
            for model in (front, back)
        ]
        # an outlier is as likely as there is evidence: without any, alpha is the prior
        weight = OUTLIER_LOG_LIKELIHOOD * evidence + evidence.clamp_min(1e-3).log() - math.log(1 - PURE_PIXEL_PRIOR)
        return torch.cat([*polynomials, add_constant(-middle * evidence, weight)], 1)


def add_constant(polynomial: Tensor, constant: Tensor) -> Tensor:
    """A polynomial of `log_likelihood` plus a constant, 1 x 1 x m x n."""
    return torch.cat([polynomial[:, :1] + constant, polynomial[:, 1:]], 1)


def background_trust(moments: Tensor, p: Tensor) -> Tensor:
    """How far known background is believed to be background, 0..1.

    Wholly away from the edge. Beside it, as far as its colour is like the background's farther out: where the network's
    edge lies within the subject, a rim of the subject would otherwise teach the background's model the rim's colour.
    """
    away = known_weights(F.max_pool2d(p, 3, 1, 1))[1]
    colours, squares = moments[:, :3], moments[:, 3:4] + moments[:, 6:7] + moments[:, 8:9]
    sums = torch.cat([colours * away, squares * away, away], 1)
    small = F.avg_pool2d(sums, AWAY_REDUCTION, AWAY_REDUCTION, ceil_mode=True, count_include_pad=False)
    radius = AWAY_RADIUS // AWAY_REDUCTION
    small = box_blur(box_blur(small, radius), radius)
    share = small[:, 4:]
    means = small[:, :4] / share.clamp_min(1e-8)
    mean = means[:, :3]
    variance = (means[:, 3:] - (mean * mean).sum(1, keepdim=True)).clamp_min(0) + 3 * VARIANCE_FLOOR
    surroundings = torch.cat([mean, AWAY_SPREAD * variance, share], 1)
    surroundings = F.interpolate(surroundings, size=p.shape[2:], mode="bilinear", align_corners=False)
    offset = colours - surroundings[:, :3]
    distance = (offset * offset).sum(1, keepdim=True) / surroundings[:, 3:4]
    return torch.maximum(away, 1 / (1 + distance * distance))


class PosteriorAlpha(nn.Module):
    """Posterior alpha of tiles by the colour models.

    Tiles N x T x U x 3 (0..1), prior N x T x U (the upsampled coarse alpha) and patch N x 30 x (T/s + 2) x (U/s + 2) of
    `RobustColourModels`, with a margin of one cell -> alpha N x T x U. Where the prior is settled, alpha is 0 or 1.

    Three hypotheses: subject, background, and a blend as the prior says. Subject and background may also have a colour
    that their models do not know: the subject twice as likely, since more of the background is in sight around it.
    """

    def forward(self, tile: Tensor, prior: Tensor, patch: Tensor) -> Tensor:
        planes, p = enlarge_patch(patch, tile.shape[1], tile.shape[2]), prior[:, None]
        rgb = tile.permute(0, 3, 1, 2)
        logarithms = [evaluate_polynomial(planes[:, i : i + 10], rgb) for i in (0, 10, 20)]
        highest = torch.maximum(torch.maximum(logarithms[0], logarithms[1]), logarithms[2].clamp_min(0))
        front, back, outlier, blend = ((x - highest).exp() for x in (*logarithms, 0))
        unknown = outlier + blend
        ahead, behind = (front + outlier + unknown) * p, (back + unknown) * (1 - p)
        posterior = ahead / (ahead + behind)  # 0 / 0 at some settled priors
        return torch.where((p > SETTLED_PRIOR_MARGIN) & (p < 1 - SETTLED_PRIOR_MARGIN), posterior, p.round())[:, 0]

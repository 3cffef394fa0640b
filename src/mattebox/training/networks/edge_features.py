"""Features of pixels along edges, and their local statistics at several scales, for the edge network."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.matting.colour_refinement import ALPHA_CLIP_MARGIN
from mattebox.training.networks.pixel_kernels import PURE_PIXEL_PRIOR, enlarge_patch, evaluate_polynomial

FEATURE_COUNT = 13
PYRAMID_LEVELS = 4
MEAN_PLANES, DEVIATION_PLANES = 12, 6  # of each level of the pyramid
PYRAMID_PLANES = MEAN_PLANES + PYRAMID_LEVELS * (MEAN_PLANES + DEVIATION_PLANES)


def compute_edge_features(tile: Tensor, prior: Tensor, patch: Tensor, common: Tensor) -> Tensor:
    """Features of the pixels of a tile.

    Parameters
    ----------
    tile : Tensor, T x U x 3
        Colours, 0..1.
    prior : Tensor, T x U
        Upsampled coarse alpha, 0..1.
    patch : Tensor, 1 x 27 x (T/s + 2) x (U/s + 2)
        Output of `ColourModels` on the model grid, with a margin of one cell.
    common : Tensor, T x U
        Foreground probability by the colour table, 0..1.

    Returns
    -------
    Tensor, 1 x 13 x T x U
        All 0..1: 0-2 colours, 3 prior, 4-5 posteriors by the colour models with two priors, 6 position between the mean
        colours, 7-8 both likelihoods, 9 distance of the mean colours, 10 distance from the line between them,
        11 evidence, 12 colour table.
    """
    planes = enlarge_patch(patch, tile.shape[0], tile.shape[1])
    p, rgb = prior[None, None], tile.permute(2, 0, 1)[None]
    ahead, behind = (evaluate_polynomial(planes[:, i : i + 10], rgb).clamp(-30, 30) for i in (0, 10))
    level = stretch_levels(p)
    weak_prior = 0.25 + 0.5 * p
    back = planes[:, 23:26]
    axis, offset = planes[:, 20:23] - back, rgb - back
    length = sum_planes(axis * axis)
    share = (sum_planes(offset * axis) / length.clamp_min(1e-3)).clamp(0, 1)
    residual = (offset - share * axis).abs()
    residual = torch.maximum(torch.maximum(residual[:, :1], residual[:, 1:2]), residual[:, 2:])
    return torch.cat(
        [
            rgb, p, posterior_alpha(ahead, behind, level), posterior_alpha(ahead, behind, weak_prior), share,
            0.5 + 0.5 * torch.tanh(ahead / 4), 0.5 + 0.5 * torch.tanh(behind / 4),
            length.clamp_min(0).sqrt().clamp(0, 1), (4 * residual).clamp(0, 1), planes[:, 26:27], common[None, None],
        ], 1,
    )  # fmt: skip


def posterior_alpha(subject_likelihood: Tensor, background_likelihood: Tensor, prior: Tensor) -> Tensor:
    """Posterior alpha by the colour models, as in `PosteriorAlpha`, from log likelihoods."""
    a, b = (
        subject_likelihood.exp() * (PURE_PIXEL_PRIOR * prior),
        background_likelihood.exp() * (PURE_PIXEL_PRIOR * (1 - prior)),
    )
    return (a + (1 - PURE_PIXEL_PRIOR) * prior) / (a + b + (1 - PURE_PIXEL_PRIOR))


def stretch_levels(p: Tensor) -> Tensor:
    """Stretch alpha so that values within the clip margin become 0 and 1."""
    return ((p - ALPHA_CLIP_MARGIN) / (1 - 2 * ALPHA_CLIP_MARGIN)).clamp(0, 1)


def feature_pyramid(feature_planes: Tensor) -> list[Tensor]:
    """Local means and deviations over 3 x 3 pixels of the features at 1, 1/2, 1/4 and 1/8; at 1 the pixels, too."""
    p, luminance = feature_planes[:, 3:4], feature_planes[:, :3].mean(1, keepdim=True)
    right = F.pad((luminance[:, :, :, 1:] - luminance[:, :, :, :-1]).abs(), (0, 1, 0, 0))
    down = F.pad((luminance[:, :, 1:] - luminance[:, :, :-1]).abs(), (0, 0, 0, 1))
    base = torch.cat([p, stretch_levels(p), feature_planes[:, 4:13], 4 * torch.maximum(right, down)], 1)
    varying = torch.cat([p, feature_planes[:, 4:7], luminance, feature_planes[:, 12:13]], 1)
    levels, y = [], torch.cat([base, varying, varying * varying], 1)
    for level in range(PYRAMID_LEVELS):
        y = F.avg_pool2d(y, 2) if level else y
        blurred = F.avg_pool2d(y, 3, 1, 1, count_include_pad=False)
        means, first, second = (
            blurred[:, :MEAN_PLANES],
            blurred[:, MEAN_PLANES : MEAN_PLANES + DEVIATION_PLANES],
            blurred[:, MEAN_PLANES + DEVIATION_PLANES :],
        )
        deviation = 2 * ((second - first * first).clamp_min(0) + 1e-4).sqrt()
        levels.append(torch.cat([*([] if level else [base]), means, deviation], 1))
    return levels


def flatten_pyramid(feature_planes: Tensor) -> Tensor:
    """The pyramid at full size, N x PYRAMID_PLANES x H x W."""
    y, *smaller = feature_pyramid(feature_planes)
    for level, planes in enumerate(smaller, start=1):
        for _ in range(level):
            planes = double_size(planes)
        y = torch.cat([y, planes], 1)
    return y


def sum_planes(x: Tensor) -> Tensor:
    """Sum over the channels; several times faster in ONNX Runtime than a sum along an axis."""
    parts = x.split(1, 1)
    return sum(parts[1:], parts[0])


def double_size(x: Tensor) -> Tensor:
    """Upsample twice, bilinearly."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)

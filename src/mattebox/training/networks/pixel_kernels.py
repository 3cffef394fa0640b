"""Pixel kernels of matting, in torch: local colour models, blur fusion, alpha by projection (decision 002).

Pure functions of tensors, without weights, exported as small ONNX graphs (`mattebox.training.export.pixel_kernels`):

- `ColourModels`: local Gaussian colour models of known subject and known background (Chuang et al. 2001, A Bayesian
  Approach to Digital Matting; Ruzon & Tomasi 2000), from box-blurred sums at three scales. The log likelihood ratio of
  two Gaussians is a polynomial of degree 2 in the colour: ten planes of coefficients. The edge network was trained with
  these; alpha is decided by those of `posterior_alpha`.
- `BlurFusion`, `UnmixForeground`: foreground colours by two passes of blur fusion (Forte & Pitié 2021, Approximate Fast
  Foreground Colour Estimation), with two changes (decision 010): pixels are weighted by a power of alpha, and the last
  step is the smallest change of both colours that explains the pixel.
- `ProjectAlpha`: alpha of a keyed pixel, from the colours of `BlurFusion`, or with a clean plate as background.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHANNEL_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
MODEL_SCALES = ((3, 1), (12, 4), (40, 8))  # (radius, reduction) in cells of the model grid
WIDE_FUSION_SCALES, NARROW_FUSION_SCALES = ((6, 2), (24, 4)), ((2, 1), (6, 2))  # in pixels of the guide
SCALE_FADE = 0.02  # weight of a larger scale: it counts where the smaller ones are (almost) empty
EDGE_RADIUS_CELLS = 7  # cells of the model grid within which an edge goes from background to subject
KNOWN_ALPHA_MARGIN = 0.1  # alpha within this of 0 or 1 is known
VARIANCE_FLOOR = 0.001  # added to the variances of every colour model
LIKELIHOOD_POWER = 0.5  # tempers the likelihood: pixels are not independent evidence
PURE_PIXEL_PRIOR = 0.65  # prior probability that a pixel is pure subject or pure background


def box_blur(x: Tensor, radius: int) -> Tensor:
    """Mean over squares of 2 `radius` + 1 pixels; only pixels inside the picture count.

    In one step: ONNX Runtime takes two thirds of the time of a pass across and one down.
    """
    return F.avg_pool2d(x, 2 * radius + 1, 1, radius, count_include_pad=False)


def multiscale_blur(x: Tensor, scales: tuple[tuple[int, int], ...]) -> Tensor:
    """Sum of blurs at several (radius, reduction) scales, each with a smaller weight than the one before.

    The larger scales fill in where the smaller ones are empty.
    """
    total = double_box_blur(x, *scales[0])
    for i, scale in enumerate(scales[1:], start=1):
        total = total + SCALE_FADE**i * double_box_blur(x, *scale)
    return total


def double_box_blur(x: Tensor, radius: int, reduction: int) -> Tensor:
    """Two box blurs, on a grid reduced by `reduction`."""
    if reduction == 1:
        return box_blur(box_blur(x, radius), radius)
    small = F.avg_pool2d(x, reduction, reduction, ceil_mode=True, count_include_pad=False)
    small = box_blur(box_blur(small, radius // reduction), radius // reduction)
    return F.interpolate(small, size=x.shape[2:], mode="bilinear", align_corners=False)


def channel_products(x: Tensor) -> Tensor:
    """Products of all pairs of channels, 6 planes."""
    return torch.cat([x[:, i : i + 1] * x[:, j : j + 1] for i, j in CHANNEL_PAIRS], 1)


class ColourModels(nn.Module):
    """Local colour models as coefficients of polynomials.

    Guide 1 x 3 x h x w (0..1) and alpha 1 x 1 x m x n (0..1) on the model grid -> 1 x 27 x m x n: two polynomials, the
    mean colours of known subject and known background, and the evidence. The model grid has half the guide's size,
    rounded up; the guide's own if `halve` is False, for small pictures.
    """

    def __init__(self, halve: bool) -> None:
        super().__init__()
        self.halve = halve

    def forward(self, guide: Tensor, alpha: Tensor) -> Tensor:
        moments = torch.cat([guide, channel_products(guide)], 1)
        if self.halve:
            moments = F.avg_pool2d(moments, 2, 2, ceil_mode=True, count_include_pad=False)
        p = alpha
        front, back = (local_gaussian(moments, weight) for weight in known_weights(p))
        blend = (
            p * front[0] + (1 - p) * back[0],
            p * p * front[1] + (1 - p) * (1 - p) * back[1],
        )
        middle, evidence = log_likelihood(*blend), colour_evidence(p)
        polynomials = [(log_likelihood(*model) - middle) * evidence for model in (front, back)]
        return torch.cat([*polynomials, front[0], back[0], evidence], 1)


def colour_evidence(p: Tensor) -> Tensor:
    """How far colours may overrule the network, 0..1.

    Fully at an edge, where alpha goes from background to subject within a few cells; not where alpha is uncertain over
    a wide area, nor far from known pixels.
    """
    reach = 2 * EDGE_RADIUS_CELLS + 1
    swing = F.max_pool2d(p, reach, 1, EDGE_RADIUS_CELLS) + F.max_pool2d(-p, reach, 1, EDGE_RADIUS_CELLS)
    known_shares = [double_box_blur(weight, *MODEL_SCALES[1]) for weight in known_weights(p)]
    front, back = ((share / 0.03).clamp(0, 1) for share in known_shares)
    return ((swing - 0.3) / 0.5).clamp(0, 1) * front * back


def known_weights(p: Tensor) -> tuple[Tensor, Tensor]:
    """Weights 0..1 of known subject and known background pixels."""
    return ((p - 1) / KNOWN_ALPHA_MARGIN + 1).clamp(0, 1), (1 - p / KNOWN_ALPHA_MARGIN).clamp(0, 1)


def local_gaussian(moments: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted mean (3 planes) and covariance (6 planes) of the colours around each cell."""
    sums = multiscale_blur(torch.cat([moments * weight, weight], 1), MODEL_SCALES)
    mean = sums[:, :9] / sums[:, 9:].clamp_min(1e-8)
    return mean[:, :3], mean[:, 3:] - channel_products(mean[:, :3])


def log_likelihood(mean: Tensor, covariance: Tensor) -> Tensor:
    """Tempered Gaussian log likelihood, as coefficients of 1, r, g, b, rr, rg, rb, gg, gb, bb."""
    a, b, c, d, e, f = (covariance[:, i : i + 1] for i in range(6))
    a, d, f = a.clamp_min(0) + VARIANCE_FLOOR, d.clamp_min(0) + VARIANCE_FLOOR, f.clamp_min(0) + VARIANCE_FLOOR
    cofactors = (d * f - e * e, c * e - b * f, b * e - c * d, a * f - c * c, b * c - a * e, a * d - b * b)
    det = (a * cofactors[0] + b * cofactors[1] + c * cofactors[2]).clamp_min(VARIANCE_FLOOR**3)
    i = [x / det for x in cofactors]
    r, g, bl = mean[:, :1], mean[:, 1:2], mean[:, 2:]
    linear = (i[0] * r + i[1] * g + i[2] * bl, i[1] * r + i[3] * g + i[4] * bl, i[2] * r + i[4] * g + i[5] * bl)
    constant = r * linear[0] + g * linear[1] + bl * linear[2] + torch.log(det)
    square = (i[0], 2 * i[1], 2 * i[2], i[3], 2 * i[4], i[5])
    return -0.5 * LIKELIHOOD_POWER * torch.cat([constant, *(-2 * x for x in linear), *square], 1)


def evaluate_polynomial(coefficients: Tensor, rgb: Tensor) -> Tensor:
    """Value of the polynomials of `log_likelihood` at each pixel's colour."""
    r, g, b = rgb.split(1, 1)
    coefficients = coefficients.split(1, 1)
    return (
        coefficients[0]
        + r * (coefficients[1] + r * coefficients[4] + g * coefficients[5] + b * coefficients[6])
        + g * (coefficients[2] + g * coefficients[7] + b * coefficients[8])
        + b * (coefficients[3] + b * coefficients[9])
    )


def enlarge_patch(patch: Tensor, height: int, width: int) -> Tensor:
    """Upsample patches of the model grid, with a margin of one cell, onto the pixels of tiles, bilinearly.

    As products of matrices, which take a third of the time of a resize.
    """
    down = interpolation_weights(height, patch.shape[2])
    across = interpolation_weights(width, patch.shape[3])
    return torch.matmul(torch.matmul(down, patch), across.T)


def interpolation_weights(pixels: int, cells: int) -> Tensor:
    """Bilinear weights, pixels x cells, of the cells in a tile's pixels; the first and last cells are the margin."""
    position = (torch.arange(pixels) + 0.5) * (cells - 2) / pixels + 0.5
    return (1 - (position[:, None] - torch.arange(cells)[None]).abs()).clamp_min(0)


class BlurFusion(nn.Module):
    """Guide 1 x 3 x h x w and alpha 1 x 1 x h x w (0..1) -> 1 x 6 x h x w: local foreground and background colours."""

    def forward(self, guide: Tensor, alpha: Tensor) -> Tensor:
        front, back = separate_colours(guide, guide, alpha, WIDE_FUSION_SCALES, 16)
        near = unmix_foreground(guide, alpha, front, back)
        front, back = separate_colours(near, guide, alpha, NARROW_FUSION_SCALES, 8)
        return torch.cat([front, back], 1)


def separate_colours(
    front: Tensor, back: Tensor, alpha: Tensor, scales: tuple[tuple[int, int], ...], power: int
) -> tuple[Tensor, Tensor]:
    """Local means of the foreground and background colours, weighted by alpha and 1 - alpha to the power `power`."""
    ahead, behind = raise_to_power(alpha, power), raise_to_power(1 - alpha, power)
    sums = multiscale_blur(torch.cat([front * ahead, ahead, back * behind, behind], 1), scales)
    return sums[:, :3] / sums[:, 3:4].clamp_min(1e-7), sums[:, 4:7] / sums[:, 7:].clamp_min(1e-7)


def raise_to_power(x: Tensor, exponent: int) -> Tensor:
    """Raise to a power that is a power of two, by squaring: runtimes compute pow with a logarithm."""
    return x if exponent == 1 else raise_to_power(x * x, exponent // 2)


def unmix_foreground(picture: Tensor, alpha: Tensor, front: Tensor, back: Tensor) -> Tensor:
    """Foreground of the pair of colours nearest to (`front`, `back`) that blends to exactly the observed pixel."""
    residual = picture - alpha * front - (1 - alpha) * back
    return (front + alpha * residual / (alpha * alpha + (1 - alpha) * (1 - alpha))).clamp(0, 1)


class UnmixForeground(nn.Module):
    """Tiles N x T x U x 3, alpha N x T x U, patch N x 6 x (T/s + 2) x (U/s + 2) -> foreground N x T x U x 3."""

    def forward(self, tile: Tensor, alpha: Tensor, patch: Tensor) -> Tensor:
        planes = enlarge_patch(patch, tile.shape[1], tile.shape[2])
        rgb = tile.permute(0, 3, 1, 2)
        return unmix_foreground(rgb, alpha[:, None], planes[:, :3], planes[:, 3:]).permute(0, 2, 3, 1)


class ProjectAlpha(nn.Module):
    """Alpha as a pixel's position between its background (0) and foreground (1) colour.

    Tile T x U x 3 and patch 1 x 6 x (T/s + 2) x (U/s + 2) of `BlurFusion` -> T x U. A clean `plate`, T x U x 3, takes
    the place of the background colours.
    """

    def forward(self, tile: Tensor, patch: Tensor, plate: Tensor | None = None) -> Tensor:
        planes = enlarge_patch(patch, tile.shape[0], tile.shape[1])
        rgb = tile.permute(2, 0, 1)[None]
        back = planes[:, 3:] if plate is None else plate.permute(2, 0, 1)[None]
        axis = planes[:, :3] - back
        share = ((rgb - back) * axis).sum(1) / (axis * axis).sum(1).clamp_min(1e-4)
        return share.clamp(0, 1)[0]

"""Pixel kernels of the matte rooms, written in torch and exported as small ONNX graphs.

    python -m mattebox.training.export.pixel_kernels            writes src/mattebox/zoo/kernels/*.onnx

The house runs them in the runtime it already carries (numpy's box filters are several times slower, and OpenCV is not
in the base install). Each is a pure function of tensors, without weights:

- `colour_models`: per place, what the pixel's colour says about being subject, background or a blend of both. Local
  Gaussian colour models of sure subject and sure background (Chuang et al., A Bayesian Approach to Digital Matting,
  2001; Ruzon & Tomasi 2000), found by box-blurred sums at three scales. The comparison of two Gaussians is a
  polynomial of degree 2 in the colour, so it is handed on as ten planes of coefficients.
- `decide`: those coefficients, enlarged onto full-resolution pixels, give the posterior alpha.
- `fuse` and `unmix`: foreground colours by blur fusion, twice (Forte & Pitié, Approximate Fast Foreground Colour
  Estimation, 2021), with two changes measured in LOG.md: surer pixels weigh more (a power of alpha), and the last step
  is the least change of both colours that explains the pixel. Blurs at reduced scale, the last step at full resolution.
- `project`, `project_plate`: alpha of a keyed pixel, from the colours that `fuse` found, or a plate for the background.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHANNEL_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
MODEL_SCALES = ((3, 1), (12, 4), (40, 8))  # (radius, reduction) in pixels of the model grid
WIDE_FUSION_SCALES, NARROW_FUSION_SCALES = ((6, 2), (24, 4)), ((2, 1), (6, 2))  # in pixels of the guide
SCALE_FADE = 0.02  # a larger scale counts where the smaller one has seen (almost) nothing
EDGE_RADIUS_CELLS = 7  # pixels of the model grid within which an edge goes from sure to sure
KNOWN_ALPHA_MARGIN = 0.1  # alpha within this of 0 or 1 is taken for sure
VARIANCE_FLOOR = 0.001  # variance added to every colour model
LIKELIHOOD_POWER = 0.5  # pixels are not independent evidence
SETTLED_PRIOR_MARGIN = 0.004  # a prior within this of 0 or 1 is settled
PURE_PIXEL_PRIOR = 0.65  # prior share of pixels that are wholly subject or background


def box_blur(x: Tensor, radius: int) -> Tensor:
    """Mean over the (2 radius + 1) squared pixels around each that lie in the picture."""
    for kernel, padding in (((2 * radius + 1, 1), (radius, 0)), ((1, 2 * radius + 1), (0, radius))):
        x = F.avg_pool2d(x, kernel, 1, padding, count_include_pad=False)
    return x


def multiscale_blur(x: Tensor, scales: tuple[tuple[int, int], ...]) -> Tensor:
    """Sum of smooth means at several (radius, cut) scales, each fainter than the one before: never empty where anything
    was seen at all. A scale with `cut` above 1 is computed on a grid reduced by that much."""
    total = double_box_blur(x, *scales[0])
    for i, scale in enumerate(scales[1:], start=1):
        total = total + SCALE_FADE**i * double_box_blur(x, *scale)
    return total


def double_box_blur(x: Tensor, radius: int, reduction: int) -> Tensor:
    """Two box blurs, on a reduced grid when `reduction` is above 1."""
    if reduction == 1:
        return box_blur(box_blur(x, radius), radius)
    small = F.avg_pool2d(x, reduction, reduction, ceil_mode=True, count_include_pad=False)
    small = box_blur(box_blur(small, radius // reduction), radius // reduction)
    return F.interpolate(small, size=x.shape[2:], mode="bilinear", align_corners=False)


def channel_products(x: Tensor) -> Tensor:
    return torch.cat([x[:, i : i + 1] * x[:, j : j + 1] for i, j in CHANNEL_PAIRS], 1)


class ColourModels(nn.Module):
    """guide 1 x 3 x h x w (0..1), alpha 1 x 1 x m x n (0..1) on the model grid -> 1 x 27 x m x n: two polynomials,
    the mean colours of the sure subject and of the sure background, and the evidence.

    The model grid is half the guide's size, rounded up; with `halve` False, for small pictures, it is the guide's.
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
        middle, worth = log_likelihood(*blend), colour_evidence(p)
        return torch.cat([*((log_likelihood(*c) - middle) * worth for c in (front, back)), front[0], back[0], worth], 1)


def colour_evidence(p: Tensor) -> Tensor:
    """How far colours may overrule the network, 0..1: fully at an edge, where it goes from sure to sure within a few
    pixels; not where it is unsure over a wide area, nor far from anything sure."""
    reach = 2 * EDGE_RADIUS_CELLS + 1
    swing = F.max_pool2d(p, reach, 1, EDGE_RADIUS_CELLS) + F.max_pool2d(-p, reach, 1, EDGE_RADIUS_CELLS)
    near = [double_box_blur(w, *MODEL_SCALES[1]) for w in known_weights(p)]
    enough = [(n / 0.03).clamp(0, 1) for n in near]
    return ((swing - 0.3) / 0.5).clamp(0, 1) * enough[0] * enough[1]


def known_weights(p: Tensor) -> tuple[Tensor, Tensor]:
    """Weights 0..1 of pixels that are surely subject, and surely background."""
    return ((p - 1) / KNOWN_ALPHA_MARGIN + 1).clamp(0, 1), (1 - p / KNOWN_ALPHA_MARGIN).clamp(0, 1)


def local_gaussian(moments: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (3 planes) and covariance (6 planes) of the colours near each place, weighted."""
    sums = multiscale_blur(torch.cat([moments * weight, weight], 1), MODEL_SCALES)
    mean = sums[:, :9] / sums[:, 9:].clamp_min(1e-8)
    return mean[:, :3], mean[:, 3:] - channel_products(mean[:, :3])


def log_likelihood(mean: Tensor, covariance: Tensor) -> Tensor:
    """Tempered Gaussian log likelihood as coefficients of 1, r, g, b, rr, rg, rb, gg, gb, bb."""
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


class PosteriorAlpha(nn.Module):
    """tile T x U x 3 (0..1), prior T x U (the enlarged coarse alpha), patch 1 x 20 x (T/s + 2) x (U/s + 2) with a rim
    of one -> alpha T x U. Where the prior is as good as 0 or 1, it is 0 or 1."""

    def forward(self, tile: Tensor, prior: Tensor, patch: Tensor) -> Tensor:
        planes, p = enlarge_patch(patch, tile), prior[None, None]
        rgb = tile.permute(2, 0, 1)[None]
        ahead = evaluate_polynomial(planes[:, :10], rgb).clamp(-30, 30).exp() * (PURE_PIXEL_PRIOR * p)
        behind = evaluate_polynomial(planes[:, 10:], rgb).clamp(-30, 30).exp() * (PURE_PIXEL_PRIOR * (1 - p))
        posterior = (ahead + (1 - PURE_PIXEL_PRIOR) * p) / (ahead + behind + (1 - PURE_PIXEL_PRIOR))
        return torch.where((p > SETTLED_PRIOR_MARGIN) & (p < 1 - SETTLED_PRIOR_MARGIN), posterior, p.round())[0, 0]


def evaluate_polynomial(coefficients: Tensor, rgb: Tensor) -> Tensor:
    r, g, b = rgb.split(1, 1)
    coefficients = coefficients.split(1, 1)
    return (
        coefficients[0]
        + r * (coefficients[1] + r * coefficients[4] + g * coefficients[5] + b * coefficients[6])
        + g * (coefficients[2] + g * coefficients[7] + b * coefficients[8])
        + b * (coefficients[3] + b * coefficients[9])
    )


def enlarge_patch(patch: Tensor, tile: Tensor) -> Tensor:
    """Enlarge a rimmed patch of the model grid onto the tile's pixels, bilinear: as products of matrices, which take a
    third of a resize's time."""
    down = interpolation_weights(tile.shape[0], patch.shape[2])
    across = interpolation_weights(tile.shape[1], patch.shape[3])
    return torch.matmul(torch.matmul(down, patch), across.T)


def interpolation_weights(pixels: int, cells: int) -> Tensor:
    """pixels x cells: the share of each cell (the first and the last are the rim) in each pixel of a tile."""
    place = (torch.arange(pixels) + 0.5) * (cells - 2) / pixels + 0.5
    return (1 - (place[:, None] - torch.arange(cells)[None]).abs()).clamp_min(0)


class BlurFusion(nn.Module):
    """guide 1 x 3 x h x w, alpha 1 x 1 x h x w (0..1) -> 1 x 6 x h x w: local foreground and background colours."""

    def forward(self, guide: Tensor, alpha: Tensor) -> Tensor:
        front, back = separate_colours(guide, guide, alpha, WIDE_FUSION_SCALES, 16)
        near = unmix_foreground(guide, alpha, front, back)
        front, back = separate_colours(near, guide, alpha, NARROW_FUSION_SCALES, 8)
        return torch.cat([front, back], 1)


def separate_colours(
    front: Tensor, back: Tensor, alpha: Tensor, scales: tuple[tuple[int, int], ...], power: int
) -> tuple[Tensor, Tensor]:
    """Means of the surer foreground and the surer background colours near each place: weights alpha ** power."""
    ahead, behind = raise_to_power(alpha, power), raise_to_power(1 - alpha, power)
    sums = multiscale_blur(torch.cat([front * ahead, ahead, back * behind, behind], 1), scales)
    return sums[:, :3] / sums[:, 3:4].clamp_min(1e-7), sums[:, 4:7] / sums[:, 7:].clamp_min(1e-7)


def raise_to_power(x: Tensor, exponent: int) -> Tensor:
    """x to a power of two, by squaring: runtimes take a logarithm for any other way to say it."""
    return x if exponent == 1 else raise_to_power(x * x, exponent // 2)


def unmix_foreground(picture: Tensor, alpha: Tensor, front: Tensor, back: Tensor) -> Tensor:
    """The foreground of the pair of colours nearest to (front, back) that blends to exactly the pixel seen."""
    rest = picture - alpha * front - (1 - alpha) * back
    return (front + alpha * rest / (alpha * alpha + (1 - alpha) * (1 - alpha))).clamp(0, 1)


class UnmixForeground(nn.Module):
    """tile T x U x 3, alpha T x U, patch 1 x 6 x (T/s + 2) x (U/s + 2) -> foreground colours T x U x 3."""

    def forward(self, tile: Tensor, alpha: Tensor, patch: Tensor) -> Tensor:
        planes = enlarge_patch(patch, tile)
        rgb = tile.permute(2, 0, 1)[None]
        return unmix_foreground(rgb, alpha[None, None], planes[:, :3], planes[:, 3:])[0].permute(1, 2, 0)


class ProjectAlpha(nn.Module):
    """tile T x U x 3, patch 1 x 6 x (T/s + 2) x (U/s + 2) as `fuse` gives it -> T x U: where each pixel lies on the way
    from the background's colour (0) to the foreground's (1). With `plate`, the background is known: T x U x 3."""

    def forward(self, tile: Tensor, patch: Tensor, plate: Tensor | None = None) -> Tensor:
        planes = enlarge_patch(patch, tile)
        rgb = tile.permute(2, 0, 1)[None]
        back = planes[:, 3:] if plate is None else plate.permute(2, 0, 1)[None]
        way = planes[:, :3] - back
        share = ((rgb - back) * way).sum(1) / (way * way).sum(1).clamp_min(1e-4)
        return share.clamp(0, 1)[0]


# Name of the file -> graph, names and example shapes of its inputs, names of dynamic axes.
def kernel_graphs() -> dict[str, tuple[nn.Module, dict[str, tuple[int, ...]]]]:
    return {
        "colour_models": (ColourModels(halve=False), {"guide": (1, 3, 64, 80), "alpha": (1, 1, 64, 80)}),
        "colour_models_half": (ColourModels(halve=True), {"guide": (1, 3, 64, 80), "alpha": (1, 1, 32, 40)}),
        "decide": (PosteriorAlpha(), {"tile": (64, 96, 3), "prior": (64, 96), "patch": (1, 20, 18, 26)}),
        "fuse": (BlurFusion(), {"guide": (1, 3, 64, 80), "alpha": (1, 1, 64, 80)}),
        "project": (ProjectAlpha(), {"tile": (64, 96, 3), "patch": (1, 6, 18, 26)}),
        "project_plate": (ProjectAlpha(), {"tile": (64, 96, 3), "patch": (1, 6, 18, 26), "plate": (64, 96, 3)}),
        "unmix": (UnmixForeground(), {"tile": (64, 96, 3), "alpha": (64, 96), "patch": (1, 6, 18, 26)}),
    }


def export_kernels(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, (graph, inputs) in kernel_graphs().items():
        axes = {k: {i: f"{k}{i}" for i, size in enumerate(shape) if size > 20} for k, shape in inputs.items()}
        axes |= {"patch": {2: "rows", 3: "columns"}} if "patch" in inputs else {}
        torch.onnx.export(
            graph.eval(), tuple(torch.rand(shape) for shape in inputs.values()), folder / f"{name}.onnx",
            input_names=list(inputs), output_names=["out"], dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("src/mattebox/zoo/kernels"))
    export_kernels(parser.parse_args().folder)


if __name__ == "__main__":
    main()

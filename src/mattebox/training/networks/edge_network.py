"""The edge network: for every pixel along an edge, which of several opinions about its alpha to believe.

The opinions are the network's own matte (levelled), what local colour models of subject and background say
(mattebox/training/export/pixel_kernels), where the pixel lies between both mean colours, nothing, and all; and two that hear what the
colour is by itself, all over the picture (mattebox.matting.colour_table). Three layers look at each pixel and at means and
deviations around it, over four sizes, and weigh the opinions; so the answer is a matte from the first step of training,
and without evidence nothing changes. Convolutions may tell them of shapes: where strands run. Knows nothing of files or
training.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.matting.colour_refinement import ALPHA_CLIP_MARGIN
from mattebox.matting.colour_table import LOGIT_CLIP_MARGIN, MAX_LOG_RATIO
from mattebox.matting.network_refinement import KNOWN_ALPHA_MARGIN
from mattebox.training.export.pixel_kernels import PURE_PIXEL_PRIOR, enlarge_patch, evaluate_polynomial
from mattebox.training.networks.cutnet import conv_bn_relu

CANDIDATE_COUNT = 8
FEATURE_COUNT = 13
PYRAMID_LEVELS, MEAN_PLANES, DEVIATION_PLANES = 4, 12, 6  # of the pyramid; its planes of means, and of deviations
PYRAMID_PLANES = MEAN_PLANES + PYRAMID_LEVELS * (MEAN_PLANES + DEVIATION_PLANES)
INPUT_MULTIPLE_PIXELS = 2 ** (PYRAMID_LEVELS - 1)  # of pixels, at each side


def compute_edge_features(tile: Tensor, prior: Tensor, patch: Tensor, common: Tensor) -> Tensor:
    """tile T x U x 3, prior (0..1; the coarse alpha, enlarged) and common (what the palette says) T x U, patch 1 x 27 x
    (T/s + 2) x (U/s + 2) as ColourModels gives it, with a rim -> 1 x 13 x T x U, all 0..1: colours; prior; three
    opinions from colours; both likelihoods; how far apart the mean colours are, how far off their line the pixel; the
    evidence; the palette's."""
    planes, p, rgb = enlarge_patch(patch, tile), prior[None, None], tile.permute(2, 0, 1)[None]
    ahead, behind = (evaluate_polynomial(planes[:, i : i + 10], rgb).clamp(-30, 30) for i in (0, 10))
    level = stretch_levels(p)
    bold = 0.25 + 0.5 * p
    back = planes[:, 23:26]
    way, far = planes[:, 20:23] - back, rgb - back
    length = sum_planes(way * way)
    share = (sum_planes(far * way) / length.clamp_min(1e-3)).clamp(0, 1)
    off = (far - share * way).abs()
    off = torch.maximum(torch.maximum(off[:, :1], off[:, 1:2]), off[:, 2:])
    return torch.cat(
        [
            rgb, p, posterior_alpha(ahead, behind, level), posterior_alpha(ahead, behind, bold), share,
            0.5 + 0.5 * torch.tanh(ahead / 4), 0.5 + 0.5 * torch.tanh(behind / 4),
            length.clamp_min(0).sqrt().clamp(0, 1), (4 * off).clamp(0, 1), planes[:, 26:27], common[None, None],
        ], 1,
    )  # fmt: skip


def sum_planes(x: Tensor) -> Tensor:
    """The sum of the planes (several times faster in the runtime than a sum along an axis)."""
    parts = x.split(1, 1)
    return sum(parts[1:], parts[0])


def posterior_alpha(subject_likelihood: Tensor, background_likelihood: Tensor, prior: Tensor) -> Tensor:
    """Alpha by the colour models, as `decide` has it."""
    a, b = (
        subject_likelihood.exp() * (PURE_PIXEL_PRIOR * prior),
        background_likelihood.exp() * (PURE_PIXEL_PRIOR * (1 - prior)),
    )
    return (a + (1 - PURE_PIXEL_PRIOR) * prior) / (a + b + (1 - PURE_PIXEL_PRIOR))


def stretch_levels(p: Tensor) -> Tensor:
    return ((p - ALPHA_CLIP_MARGIN) / (1 - 2 * ALPHA_CLIP_MARGIN)).clamp(0, 1)


class ShapeUNet(nn.Module):
    """Features -> what a layer of `width` is told of the shapes around each pixel: a U of three sizes (Ronneberger et
    al. 2015). Starts by saying nothing."""

    def __init__(self, widths: tuple[int, int, int], width: int) -> None:
        super().__init__()
        a, b, c = widths
        self.fine = conv_bn_relu(FEATURE_COUNT, a)
        self.middle = nn.Sequential(conv_bn_relu(a, b, stride=2), conv_bn_relu(b, b))
        self.coarse = nn.Sequential(conv_bn_relu(b, c, stride=2), conv_bn_relu(c, c))
        self.rise = nn.Sequential(conv_bn_relu(c + b, b))
        self.top = nn.Sequential(conv_bn_relu(b + a, a))
        self.tell = nn.Conv2d(a, width, 1)
        nn.init.zeros_(self.tell.weight)
        nn.init.zeros_(self.tell.bias)

    def forward(self, x: Tensor) -> Tensor:
        fine = self.fine(x - 0.5)
        middle = self.middle(fine)
        middle = self.rise(torch.cat([double_size(self.coarse(middle)), middle], 1))
        told: Tensor = self.tell(self.top(torch.cat([double_size(middle), fine], 1)))
        return told


class EdgeNet(nn.Module):
    """N x 13 x H x W features (sides in multiples of MULTIPLE) -> N x 1 x H x W alpha 0..1. `shapes`: the widths of
    convolutions that see shapes; none without."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, width: int = 48, shapes: tuple[int, int, int] | None = None) -> None:
        super().__init__()
        self.width = width
        self.shapes = None if shapes is None else ShapeUNet(shapes, width)
        self.first = nn.Linear(PYRAMID_PLANES, width)
        self.second = nn.Linear(width, width)
        self.third = nn.Linear(width, CANDIDATE_COUNT)
        self.register_buffer("mean", torch.zeros(PYRAMID_PLANES))
        self.register_buffer("deviation", torch.ones(PYRAMID_PLANES))
        with torch.no_grad():  # begins as what colour models say, mostly
            self.third.weight.mul_(0.1)
            self.third.bias.copy_(torch.tensor([1.0, 2.0, 0.0, -1.0, -2.0, -2.0, 1.0, 0.0]))

    def forward(self, x: Tensor) -> Tensor:
        return mix_candidates(self.predict_weights(x), x)

    def predict_weights(self, x: Tensor) -> Tensor:
        """N x 8 x H x W: what share each opinion has. The first layer is applied before enlarging: it is linear."""
        weight = self.first.weight / self.deviation
        planes = feature_pyramid(x)
        parts = weight.split([p.shape[1] for p in planes], 1)
        given = [F.conv2d(p, w[:, :, None, None]) for p, w in zip(planes, parts, strict=True)]
        y = given.pop()
        for above in reversed(given):
            y = double_size(y) + above
        y = y + (self.first.bias - weight @ self.mean)[:, None, None]
        y = F.relu(y if self.shapes is None else y + self.shapes(x))
        y = F.relu(F.conv2d(y, self.second.weight[:, :, None, None], self.second.bias))
        return F.conv2d(y, self.third.weight[:, :, None, None], self.third.bias).softmax(1)

    def predict_pixel_weights(self, pixel_features: Tensor) -> Tensor:
        """The same for pixels by themselves: N x SEEN, as `flat` gives them -> N x 8."""
        y = F.relu(self.first((pixel_features - self.mean) / self.deviation))
        y = F.relu(self.second(y))
        shares: Tensor = self.third(y).softmax(1)
        return shares


def feature_pyramid(feature_planes: Tensor) -> list[Tensor]:
    """Of 13 features: what is seen at full, half, quarter and eighth size, means and deviations over 3 x 3 pixels; at
    full size the pixels themselves, too."""
    p, light = feature_planes[:, 3:4], feature_planes[:, :3].mean(1, keepdim=True)
    right = F.pad((light[:, :, :, 1:] - light[:, :, :, :-1]).abs(), (0, 1, 0, 0))
    down = F.pad((light[:, :, 1:] - light[:, :, :-1]).abs(), (0, 0, 0, 1))
    base = torch.cat([p, stretch_levels(p), feature_planes[:, 4:13], 4 * torch.maximum(right, down)], 1)
    vary = torch.cat([p, feature_planes[:, 4:7], light, feature_planes[:, 12:13]], 1)
    seen, y = [], torch.cat([base, vary, vary * vary], 1)
    for size in range(PYRAMID_LEVELS):
        y = F.avg_pool2d(y, 2) if size else y
        around = F.avg_pool2d(y, 3, 1, 1, count_include_pad=False)
        means, first, second = (
            around[:, :MEAN_PLANES],
            around[:, MEAN_PLANES : MEAN_PLANES + DEVIATION_PLANES],
            around[:, MEAN_PLANES + DEVIATION_PLANES :],
        )
        deviation = 2 * ((second - first * first).clamp_min(0) + 1e-4).sqrt()
        seen.append(torch.cat([*([] if size else [base]), means, deviation], 1))
    return seen


def flatten_pyramid(feature_planes: Tensor) -> Tensor:
    """The pyramid at full size, N x SEEN x H x W."""
    y, *smaller = feature_pyramid(feature_planes)
    for size, planes in enumerate(smaller, start=1):
        for _ in range(size):
            planes = double_size(planes)
        y = torch.cat([y, planes], 1)
    return y


def double_size(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def refinement_weight(feature_planes: Tensor) -> Tensor:
    """N x 1 x H x W, 0..1: how far a pixel is open to other opinions than the prior: with evidence, and not settled."""
    p = feature_planes[:, 3:4]
    return (4 * feature_planes[:, 11:12]).clamp(0, 1) * (
        (torch.minimum(p, 1 - p) - KNOWN_ALPHA_MARGIN) / (4 * KNOWN_ALPHA_MARGIN)
    ).clamp(0, 1)


def alpha_candidates(feature_planes: Tensor) -> Tensor:
    """N x 8 x H x W: the levelled prior, three by colours, nothing, all; models and prior with the palette."""
    level, ratio = stretch_levels(feature_planes[:, 3:4]), 2 * MAX_LOG_RATIO * (feature_planes[:, 12:13] - 0.5)
    joined = [
        torch.sigmoid(torch.logit(feature_planes[:, 4:5], LOGIT_CLIP_MARGIN) + ratio / 2),
        torch.sigmoid(torch.logit(level, LOGIT_CLIP_MARGIN) + ratio),
    ]
    return torch.cat([level, feature_planes[:, 4:7], torch.zeros_like(level), torch.ones_like(level), *joined], 1)


def mix_candidates(weights: Tensor, feature_planes: Tensor) -> Tensor:
    """The opinions in their shares; where there is little evidence, the levelled prior."""
    level, worth = stretch_levels(feature_planes[:, 3:4]), refinement_weight(feature_planes)
    return level + worth * (sum_planes(weights * alpha_candidates(feature_planes)) - level)


class TileRefiner(nn.Module):
    """What the house runs on a tile: tile, prior, patch and common as for `features`; `shrink`, by how much the tile is
    reduced where the network looks at it (shares are enlarged again; opinions stay at full size); `first`, the tile's
    upper left corner in the picture, so that every tile is reduced in the same steps -> alpha T x U."""

    def __init__(self, net: EdgeNet) -> None:
        super().__init__()
        self.net = net

    def forward(
        self, tile: Tensor, prior: Tensor, patch: Tensor, common: Tensor, shrink: Tensor, first: Tensor
    ) -> Tensor:
        x = compute_edge_features(tile, prior, patch, common)
        height, width = x.shape[2:]
        unit = INPUT_MULTIPLE_PIXELS * shrink
        above, left = first[0] % unit, first[1] % unit
        down, right = (above + height + unit - 1) // unit * unit, (left + width + unit - 1) // unit * unit
        whole = F.pad(x, (left, right - width - left, above, down - height - above), mode="replicate")
        small = F.interpolate(whole, size=(down // shrink, right // shrink), mode="bilinear", align_corners=False)
        shares = F.interpolate(
            self.net.predict_weights(small), size=(down, right), mode="bilinear", align_corners=False
        )
        return mix_candidates(shares[:, :, above : above + height, left : left + width], x)[0, 0]

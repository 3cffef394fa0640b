"""Edge refinement network: per-pixel weights of candidate alphas along edges (decision 005).

A perceptron of three layers reads each pixel's features (`edge_features`) and gives the weights of the candidates
(`edge_candidates`): so the result is a matte from the first step of training, and without evidence nothing changes. An
optional U of convolutions adds shapes, such as the direction of strands.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.training.networks.blocks import conv_bn_relu
from mattebox.training.networks.edge_candidates import CANDIDATE_COUNT, mix_candidates
from mattebox.training.networks.edge_features import (
    FEATURE_COUNT,
    PYRAMID_LEVELS,
    PYRAMID_PLANES,
    compute_edge_features,
    double_size,
    feature_pyramid,
)

INPUT_MULTIPLE_PIXELS = 2 ** (PYRAMID_LEVELS - 1)  # sides of the input must be multiples of this


class ShapeUNet(nn.Module):
    """U-Net of three scales (Ronneberger et al. 2015) whose output is added to a layer of `width`; starts at 0."""

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
        y: Tensor = self.tell(self.top(torch.cat([double_size(middle), fine], 1)))
        return y


class EdgeNet(nn.Module):
    """Edge network: N x 13 x H x W features -> N x 1 x H x W alpha, 0..1.

    Parameters
    ----------
    width : int
        Width of the perceptron.
    shapes : tuple of int, optional
        Widths of the convolutions that read shapes; none by default.
    """

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
        with torch.no_grad():  # starts near the colour models' candidates
            self.third.weight.mul_(0.1)
            self.third.bias.copy_(torch.tensor([1.0, 2.0, 0.0, -1.0, -2.0, -2.0, 1.0, 0.0]))

    def forward(self, x: Tensor) -> Tensor:
        return mix_candidates(self.predict_weights(x), x)

    def predict_weights(self, x: Tensor) -> Tensor:
        """Weights of the candidates, N x 8 x H x W; the first layer, which is linear, is applied before upsampling."""
        weight = self.first.weight / self.deviation
        planes = feature_pyramid(x)
        parts = weight.split([p.shape[1] for p in planes], 1)
        partial_sums = [F.conv2d(p, w[:, :, None, None]) for p, w in zip(planes, parts, strict=True)]
        y = partial_sums.pop()
        for finer in reversed(partial_sums):
            y = double_size(y) + finer
        y = y + (self.first.bias - weight @ self.mean)[:, None, None]
        y = F.relu(y if self.shapes is None else y + self.shapes(x))
        y = F.relu(F.conv2d(y, self.second.weight[:, :, None, None], self.second.bias))
        return F.conv2d(y, self.third.weight[:, :, None, None], self.third.bias).softmax(1)

    def predict_pixel_weights(self, pixel_features: Tensor) -> Tensor:
        """Weights for single pixels: N x PYRAMID_PLANES, as from `flatten_pyramid` -> N x 8."""
        y = F.relu(self.first((pixel_features - self.mean) / self.deviation))
        y = F.relu(self.second(y))
        weights: Tensor = self.third(y).softmax(1)
        return weights


class TileRefiner(nn.Module):
    """The exported graph: an `EdgeNet` on a tile of a picture, whose output is alpha T x U.

    Tile, prior, patch and common are those of `compute_edge_features`. The network reads the features reduced by
    `shrink` and its weights are upsampled again; candidates stay at full size. `first` is the tile's upper left corner
    in the picture: reduction follows one grid in all tiles.
    """

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
        padded = F.pad(x, (left, right - width - left, above, down - height - above), mode="replicate")
        small = F.interpolate(padded, size=(down // shrink, right // shrink), mode="bilinear", align_corners=False)
        weights = F.interpolate(
            self.net.predict_weights(small), size=(down, right), mode="bilinear", align_corners=False
        )
        return mix_candidates(weights[:, :, above : above + height, left : left + width], x)[0, 0]

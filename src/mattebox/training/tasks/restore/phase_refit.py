"""Refit of an upscaling network's last layer, so that it prints no mesh.

    python -m mattebox.training.tasks.restore.phase_refit CARD DATA OUT.pt [--batches 30] [--weight 30]

A pixel shuffle makes scale x scale pixels of as many channels, the phases. Where their means differ over an area, the
enlarged picture shows a mesh of that period (Aitken et al., Checkerboard artifact free sub-pixel convolution, 2017).
The last layer is linear, so its least-squares fit has a closed form: its deviations between phases shall stay what they
are for each pixel, and be the clean photograph's in the mean over windows. The mean over phases is left alone, and
nothing else of the network changes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.errors import UsageError
from mattebox.models.cards.registry import find_card
from mattebox.training.core import checkpoint
from mattebox.training.data.patches import PatchSampler, read_training_photographs
from mattebox.training.networks.restoration import RestorationShape, SuperResolutionNet
from mattebox.training.tasks.restore.real_degradation import degrade_realistically
from mattebox.training.tasks.restore.synthetic_degradation import downscale
from mattebox.training.tasks.restore.task import read_initial_weights

BATCH, PATCH_SIDE_PIXELS = 8, 192
WINDOW_PIXELS, PIXEL_STEP = 24, 3  # of the small picture: windows, and which pixels are fitted
RIDGE = 1e-6  # of the mean square of the features


def refit_last_layer(net: SuperResolutionNet, patches: PatchSampler, batches: int, weight: float) -> None:
    """Refit `net.tail` in place.

    Parameters
    ----------
    net : SuperResolutionNet
        The network.
    patches : PatchSampler
        Clean photographs; half of them are degraded as on the web, half only downscaled.
    batches : int
        Batches to fit on.
    weight : float
        Weight of the means over windows against the single pixels.
    """
    scale = net.plan.scale
    layer = torch.cat([net.tail.weight.detach().flatten(1), net.tail.bias.detach()[:, None]], 1).double()
    deviation = remove_phase_mean(layer, scale)
    size = layer.shape[1]
    gram, window_gram = torch.zeros(2, size, size, dtype=torch.float64)
    window_target = torch.zeros(layer.shape[0], size, dtype=torch.float64)
    for index in range(batches):
        clean = patches.sample_batch(BATCH, PATCH_SIDE_PIXELS)
        small = degrade_realistically(clean, scale) if index % 2 else downscale(clean, scale)
        features = _last_layer_inputs(net, small)
        means = F.avg_pool2d(features, WINDOW_PIXELS)
        target = F.avg_pool2d(F.pixel_unshuffle(clean, scale), WINDOW_PIXELS)
        columns, mean_columns, target_columns = (x.transpose(0, 1).flatten(1) for x in (features, means, target))
        columns, mean_columns = columns[:, ::PIXEL_STEP], mean_columns.double()
        gram += (columns @ columns.T / columns.shape[1]).double()
        window_gram += weight * (mean_columns @ mean_columns.T) / mean_columns.shape[1]
        deviations = remove_phase_mean(target_columns.double(), scale)
        window_target += weight * (deviations @ mean_columns.T) / mean_columns.shape[1]
    ridge = RIDGE * gram.diagonal().mean() * torch.eye(size, dtype=torch.float64)
    fitted = torch.linalg.solve(gram + window_gram + ridge, (deviation @ (gram + ridge) + window_target).T).T
    result = (layer - deviation + fitted).float()
    with torch.no_grad():
        net.tail.weight.copy_(result[:, :-1].view_as(net.tail.weight))
        net.tail.bias.copy_(result[:, -1])


def remove_phase_mean(channels: Tensor, scale: int) -> Tensor:
    """3 scale^2 x n, the phases of each colour in turn: each less its colour's mean over phases."""
    phases = channels.reshape(3, scale**2, -1)
    return (phases - phases.mean(1, keepdim=True)).reshape(channels.shape)


def _last_layer_inputs(net: SuperResolutionNet, pictures: Tensor) -> Tensor:
    """N x (9 width + 1) x H x W: the pixels that each output of the last layer sees, and 1 for the bias."""
    with torch.inference_mode():
        features = net.head(pictures)
        features = features + net.body(features)
        height, width = pictures.shape[2:]
        columns = F.unfold(features, 3, padding=1).view(len(pictures), -1, height, width)
        return torch.cat([columns, torch.ones_like(columns[:, :1])], 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("card", help="name of the network's card")
    parser.add_argument("data", type=Path, help="the folder with train.tar")
    parser.add_argument("out", type=Path, help="checkpoint to write")
    parser.add_argument("--batches", type=int, default=30)
    parser.add_argument("--weight", type=float, default=30)
    args = parser.parse_args()
    weights = read_initial_weights(args.card, torch.device("cpu"))
    tiles, width = find_card(args.card).tiles, len(weights["head.bias"])
    if tiles is None or tiles.scale == 1 or "tail.bias" not in weights:
        raise SystemExit(f"error: {UsageError(f'model {args.card} has no pixel shuffle of ours', 'give an upscaler')}")
    torch.manual_seed(0)
    depth = sum(name.endswith("first.weight") for name in weights)
    net = SuperResolutionNet(RestorationShape(tiles.scale, (width,), (depth,)))
    checkpoint.load_matching_weights(net, weights)
    photographs = read_training_photographs(args.data / "train.tar", PATCH_SIDE_PIXELS)
    refit_last_layer(net.eval(), PatchSampler(photographs, torch.device("cpu")), args.batches, args.weight)
    checkpoint.write({"plan": net.plan.as_dict(), "average": net.state_dict()}, args.out)
    print(f"wrote {args.out}")


if __name__ == "__main__":
    main()

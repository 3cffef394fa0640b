"""Structured pruning: removes the least important channels inside the blocks of a trained network.

    mattebox prune RUN/best.pt --data DATA --keep 0.7 --out SMALL/best.pt
    mattebox train DATA --out SMALL --from SMALL/best.pt --recipe SMALL/recipe.toml      # fine-tune it again

Whole filters are removed (Li et al. 2017, Pruning Filters for Efficient ConvNets), which makes every runtime faster.
Inside a residual block no other layer depends on them. Prints accuracy, parameters and multiply-adds before and after.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mattebox.errors import MatteboxError, UsageError
from mattebox.training.core import checkpoint
from mattebox.training.core.settings import write_settings
from mattebox.training.evaluate.cutout import evaluate_predictor
from mattebox.training.evaluate.torch_predictor import torch_predictor
from mattebox.training.export.cutout import load_cutout_network
from mattebox.training.networks.blocks import ResidualBlock
from mattebox.training.networks.complexity import count_multiply_adds, count_parameters
from mattebox.training.networks.cutnet import CutNet
from mattebox.training.networks.efficientnet import InvertedResidual
from mattebox.training.networks.registry import build_network

ShapeDict = dict[str, Any]


class InnerChannels(NamedTuple):
    """The convolutions that produce a block's inner channels, with normalisations, and the one that reads them."""

    producers: dict[str, nn.Sequential]
    consumer: str
    consumer_weight: Tensor

    @property
    def width(self) -> int:
        return int(self.consumer_weight.shape[1])

    def most_important(self, count: int) -> Tensor:
        """Indices of the most important channels, by the norms of their filters, scales and consumers."""
        importance = self.consumer_weight.transpose(0, 1).flatten(1).norm(dim=1)
        for convolution, norm, *_ in self.producers.values():
            scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).abs()
            importance = importance * convolution.weight.flatten(1).norm(dim=1) * scale
        return importance.topk(count).indices.sort().values


def prune_network(net: nn.Module, name: str, shape: ShapeDict, kept_share: float) -> tuple[nn.Module, ShapeDict]:
    """Prune the channels inside each block of a network.

    Parameters
    ----------
    net : Module
        The trained network.
    name, shape
        Its name and shape in recipes.
    kept_share : float
        Share of the channels to keep, above 0 and below 1.

    Returns
    -------
    (Module, dict)
        The smaller network and its shape.

    Raises
    ------
    UsageError
        If the share is out of range, or the network has no such blocks.
    """
    if not 0 < kept_share < 1:
        raise UsageError(f"a share of {kept_share} cannot be kept", "give more than 0 and less than 1, such as 0.7")
    if name not in PRUNED_SHAPES:
        raise UsageError(
            f"{name} cannot be pruned", f"these can: {', '.join(PRUNED_SHAPES)}; train another at a smaller size"
        )
    blocks = dict(prunable_blocks(net))
    counts = {block: max(1, round(kept_share * channels.width)) for block, channels in blocks.items()}
    shape = PRUNED_SHAPES[name](net, shape, counts)
    pruned, state = build_network(name, shape), net.state_dict()
    for block, channels in blocks.items():
        indices = channels.most_important(counts[block])
        for producer in channels.producers:
            for part in ("0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var"):
                state[f"{block}.{producer}.{part}"] = state[f"{block}.{producer}.{part}"][indices]
        state[f"{block}.{channels.consumer}.0.weight"] = channels.consumer_weight[:, indices]
    pruned.load_state_dict(state)
    return pruned.eval(), shape


def prunable_blocks(net: nn.Module) -> Iterator[tuple[str, InnerChannels]]:
    """The encoder's blocks with inner channels, by name."""
    for name, block in net.named_modules():
        if isinstance(block, ResidualBlock) and name.startswith("stages."):
            yield name, InnerChannels({"body.0": block.body[0]}, "body.1", block.body[1][0].weight)
        elif isinstance(block, InvertedResidual) and isinstance(block.grow, nn.Sequential):
            yield name, InnerChannels({"grow": block.grow, "depth": block.depth}, "project", block.project[0].weight)


def _pruned_cutnet_shape(net: nn.Module, shape: ShapeDict, channels_by_block: dict[str, int]) -> ShapeDict:
    """The shape with inner widths as shares of each stage's width."""
    assert isinstance(net, CutNet)
    counts = [channels_by_block[f"stages.{number}.1"] for number in range(len(net.stages))]
    widths = net.shape.widths[1:]
    return net.shape.as_dict() | {"inner": [(k + 0.5) / width for k, width in zip(counts, widths, strict=True)]}


def _pruned_litenet_shape(net: nn.Module, shape: ShapeDict, channels_by_block: dict[str, int]) -> ShapeDict:
    """The shape with the inner channels of each expanding block of the encoder."""
    return shape | {"inner": list(channels_by_block.values())}


PRUNED_SHAPES = {"cutnet": _pruned_cutnet_shape, "litenet": _pruned_litenet_shape}


def measure_network(net: nn.Module, data: Path) -> dict[str, Any]:
    """Scores on the validation split, parameters and multiply-adds."""
    scores = evaluate_predictor(torch_predictor(net, 320), data)
    return {
        **{k: round(scores[k], 4) for k in ("iou", "max_f", "mae")},
        "parameters": count_parameters(net),
        "multiply-adds": count_multiply_adds(net, 320, 320),
    }


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> None:
    parser = argparse.ArgumentParser(prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="RUN/best.pt")
    parser.add_argument("--data", type=Path, required=True, help="data to measure the loss of accuracy on")
    parser.add_argument("--keep", type=float, default=0.7, help="share of the channels inside each block")
    parser.add_argument("--out", type=Path, required=True, help="the smaller checkpoint")
    args = parser.parse_args(argv)
    try:
        net, name, shape = load_cutout_network(args.checkpoint)
        small, shape = prune_network(net, name, shape, args.keep)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        checkpoint.write({"average": small.state_dict(), "net": name, "shape": shape}, args.out)
        write_settings({"minutes": 60.0, "net": name, "shape": shape}, args.out.parent)
        measured = {"before": measure_network(net, args.data), "after": measure_network(small, args.data)}
        print(json.dumps(measured, indent=1))
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()

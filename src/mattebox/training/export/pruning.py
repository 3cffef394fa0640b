"""A smaller network out of a trained one: the channels inside its blocks that matter least are taken out.

    mattebox prune RUN/best.pt --data DATA --keep 0.7 --out SMALL/best.pt
    mattebox train DATA --out SMALL --from SMALL/best.pt --recipe SMALL/recipe.toml      # it needs some training again

Whole filters go (Li et al., Pruning Filters for Efficient ConvNets, 2017), so that every runtime gains. Inside a
residual block nothing else hangs on them. Printed: accuracy, parameters and multiply-adds before and after.
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
from mattebox.training.networks.cutnet import CutNet, ResidualBlock, count_multiply_adds
from mattebox.training.networks.efficientnet import InvertedResidual
from mattebox.training.networks.registry import build_network

ShapeDict = dict[str, Any]


class InnerChannels(NamedTuple):
    """The convolutions that make a block's inner channels, each with its normalisation, and the one that reads them."""

    producers: dict[str, nn.Sequential]
    consumer: str
    consumer_weight: Tensor

    @property
    def width(self) -> int:
        return int(self.consumer_weight.shape[1])

    def most_important(self, count: int) -> Tensor:
        """Numbers of the channels that matter most: how large their filters, their scale, and what is made of them."""
        size = self.consumer_weight.transpose(0, 1).flatten(1).norm(dim=1)
        for convolution, norm, *_ in self.producers.values():
            scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).abs()
            size = size * convolution.weight.flatten(1).norm(dim=1) * scale
        return size.topk(count).indices.sort().values


def prune_network(net: nn.Module, name: str, shape: ShapeDict, kept_share: float) -> tuple[nn.Module, ShapeDict]:
    """A network of that `name` and `shape` with the share `kept_share` of the channels inside each block, and its shape.
    UsageError unless 0 < keep < 1, and for a network without such blocks."""
    if not 0 < kept_share < 1:
        raise UsageError(f"a share of {kept_share} cannot be kept", "give more than 0 and less than 1, such as 0.7")
    if name not in PRUNED_SHAPES:
        raise UsageError(
            f"{name} cannot be pruned", f"these can: {', '.join(PRUNED_SHAPES)}; train another at a smaller size"
        )
    blocks = dict(prunable_blocks(net))
    kept = {block: max(1, round(kept_share * inside.width)) for block, inside in blocks.items()}
    shape = PRUNED_SHAPES[name](net, shape, kept)
    made, state = build_network(name, shape), net.state_dict()
    for block, inside in blocks.items():
        chosen = inside.most_important(kept[block])
        for maker in inside.producers:
            for part in ("0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var"):
                state[f"{block}.{maker}.{part}"] = state[f"{block}.{maker}.{part}"][chosen]
        state[f"{block}.{inside.consumer}.0.weight"] = inside.consumer_weight[:, chosen]
    made.load_state_dict(state)
    return made.eval(), shape


def prunable_blocks(net: nn.Module) -> Iterator[tuple[str, InnerChannels]]:
    """The encoder's blocks that have channels of their own, by name."""
    for name, block in net.named_modules():
        if isinstance(block, ResidualBlock) and name.startswith("stages."):
            yield name, InnerChannels({"body.0": block.body[0]}, "body.1", block.body[1][0].weight)
        elif isinstance(block, InvertedResidual) and isinstance(block.grow, nn.Sequential):
            yield name, InnerChannels({"grow": block.grow, "depth": block.depth}, "project", block.project[0].weight)


def _pruned_cutnet_shape(net: nn.Module, shape: ShapeDict, channels_by_block: dict[str, int]) -> ShapeDict:
    """A share of each stage's width."""
    assert isinstance(net, CutNet)
    counts = [channels_by_block[f"stages.{number}.1"] for number in range(len(net.stages))]
    widths = net.shape.widths[1:]
    return net.shape.as_dict() | {"inner": [(k + 0.5) / width for k, width in zip(counts, widths, strict=True)]}


def _pruned_litenet_shape(net: nn.Module, shape: ShapeDict, channels_by_block: dict[str, int]) -> ShapeDict:
    """A number for each block of the encoder that grows."""
    return shape | {"inner": list(channels_by_block.values())}


PRUNED_SHAPES = {"cutnet": _pruned_cutnet_shape, "litenet": _pruned_litenet_shape}


def measure_network(net: nn.Module, data: Path) -> dict[str, Any]:
    scores = evaluate_predictor(torch_predictor(net, 320), data)
    return {
        **{k: round(scores[k], 4) for k in ("iou", "max_f", "mae")},
        "parameters": sum(p.numel() for p in net.parameters()),
        "multiply-adds": count_multiply_adds(net, 320, 320),
    }


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> None:
    parser = argparse.ArgumentParser(prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="RUN/best.pt")
    parser.add_argument("--data", type=Path, required=True, help="to say what it costs")
    parser.add_argument("--keep", type=float, default=0.7, help="share of the channels inside each block")
    parser.add_argument("--out", type=Path, required=True, help="the smaller checkpoint")
    args = parser.parse_args(argv)
    try:
        net, name, shape = load_cutout_network(args.checkpoint)
        small, shape = prune_network(net, name, shape, args.keep)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        checkpoint.write({"average": small.state_dict(), "net": name, "shape": shape}, args.out)
        write_settings({"minutes": 60.0, "net": name, "shape": shape}, args.out.parent)
        print(
            json.dumps(
                {"before": measure_network(net, args.data), "after": measure_network(small, args.data)}, indent=1
            )
        )
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()

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
from mattebox.training.core.settings import record
from mattebox.training.evaluate.cutout import judge
from mattebox.training.evaluate.torch_predictor import torch_predictor
from mattebox.training.export.cutout import load_net
from mattebox.training.networks.cutnet import Block, CutNet, multiply_adds
from mattebox.training.networks.efficientnet import Inverted
from mattebox.training.networks.registry import build

Shape = dict[str, Any]


class Inside(NamedTuple):
    """The convolutions that make a block's inner channels, each with its normalisation, and the one that reads them."""

    makers: dict[str, nn.Sequential]
    reader: str
    weight: Tensor

    @property
    def width(self) -> int:
        return int(self.weight.shape[1])

    def strongest(self, count: int) -> Tensor:
        """Numbers of the channels that matter most: how large their filters, their scale, and what is made of them."""
        size = self.weight.transpose(0, 1).flatten(1).norm(dim=1)
        for convolution, norm, *_ in self.makers.values():
            scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).abs()
            size = size * convolution.weight.flatten(1).norm(dim=1) * scale
        return size.topk(count).indices.sort().values


def pruned(net: nn.Module, name: str, shape: Shape, keep: float) -> tuple[nn.Module, Shape]:
    """A network of that `name` and `shape` with the share `keep` of the channels inside each block, and its shape.
    UsageError unless 0 < keep < 1, and for a network without such blocks."""
    if not 0 < keep < 1:
        raise UsageError(f"a share of {keep} cannot be kept", "give more than 0 and less than 1, such as 0.7")
    if name not in INNER:
        raise UsageError(f"{name} cannot be pruned", f"these can: {', '.join(INNER)}; train another at a smaller size")
    blocks = dict(insides(net))
    kept = {block: max(1, round(keep * inside.width)) for block, inside in blocks.items()}
    shape = INNER[name](net, shape, kept)
    made, state = build(name, shape), net.state_dict()
    for block, inside in blocks.items():
        chosen = inside.strongest(kept[block])
        for maker in inside.makers:
            for part in ("0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var"):
                state[f"{block}.{maker}.{part}"] = state[f"{block}.{maker}.{part}"][chosen]
        state[f"{block}.{inside.reader}.0.weight"] = inside.weight[:, chosen]
    made.load_state_dict(state)
    return made.eval(), shape


def insides(net: nn.Module) -> Iterator[tuple[str, Inside]]:
    """The encoder's blocks that have channels of their own, by name."""
    for name, block in net.named_modules():
        if isinstance(block, Block) and name.startswith("stages."):
            yield name, Inside({"body.0": block.body[0]}, "body.1", block.body[1][0].weight)
        elif isinstance(block, Inverted) and isinstance(block.grow, nn.Sequential):
            yield name, Inside({"grow": block.grow, "depth": block.depth}, "project", block.project[0].weight)


def _of_cutnet(net: nn.Module, shape: Shape, kept: dict[str, int]) -> Shape:
    """A share of each stage's width."""
    assert isinstance(net, CutNet)
    counts = [kept[f"stages.{number}.1"] for number in range(len(net.stages))]
    widths = net.shape.widths[1:]
    return net.shape.as_dict() | {"inner": [(k + 0.5) / width for k, width in zip(counts, widths, strict=True)]}


def _of_litenet(net: nn.Module, shape: Shape, kept: dict[str, int]) -> Shape:
    """A number for each block of the encoder that grows."""
    return shape | {"inner": list(kept.values())}


INNER = {"cutnet": _of_cutnet, "litenet": _of_litenet}


def facts(net: nn.Module, data: Path) -> dict[str, Any]:
    scores = judge(torch_predictor(net, 320), data)
    return {
        **{k: round(scores[k], 4) for k in ("iou", "max_f", "mae")},
        "parameters": sum(p.numel() for p in net.parameters()),
        "multiply-adds": multiply_adds(net, 320, 320),
    }


def main(words: Sequence[str] | None = None, called: str | None = None) -> None:
    parser = argparse.ArgumentParser(called, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="RUN/best.pt")
    parser.add_argument("--data", type=Path, required=True, help="to say what it costs")
    parser.add_argument("--keep", type=float, default=0.7, help="share of the channels inside each block")
    parser.add_argument("--out", type=Path, required=True, help="the smaller checkpoint")
    args = parser.parse_args(words)
    try:
        net, name, shape = load_net(args.checkpoint)
        small, shape = pruned(net, name, shape, args.keep)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        checkpoint.write({"average": small.state_dict(), "net": name, "shape": shape}, args.out)
        record({"minutes": 60.0, "net": name, "shape": shape}, args.out.parent)
        print(json.dumps({"before": facts(net, args.data), "after": facts(small, args.data)}, indent=1))
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()

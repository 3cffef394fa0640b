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
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mattebox.errors import MatteboxError, UsageError
from workshop import checkpoint
from workshop.evaluate import judge
from workshop.export import load_net
from workshop.network import Block, CutNet, multiply_adds
from workshop.predict import torch_predictor
from workshop.recipes import record


def pruned(net: CutNet, keep: float) -> CutNet:
    """The network with the share `keep` of the channels inside each block. UsageError unless 0 < keep < 1."""
    if not 0 < keep < 1:
        raise UsageError(f"a share of {keep} cannot be kept", "give more than 0 and less than 1, such as 0.7")
    hidden = [stage[1].body[0][0].out_channels for stage in net.stages]
    kept = [max(1, round(keep * count)) for count in hidden]
    inner = tuple((k + 0.5) / width for k, width in zip(kept, net.shape.widths[1:], strict=True))
    made = CutNet(replace(net.shape, inner=inner))
    state = net.state_dict()
    for number, (stage, count) in enumerate(zip(net.stages, kept, strict=True)):
        for index, block in enumerate(stage):
            if isinstance(block, Block):
                _cut(state, f"stages.{number}.{index}.body", _strongest(block, count))
    made.load_state_dict(state)
    return made.eval()


def _strongest(block: Block, count: int) -> Tensor:
    """Numbers of the inner channels that matter most: how large their filter, its scale, and what is made of them."""
    (first, norm), (second, _) = block.body[0][:2], block.body[1]
    size = first.weight.flatten(1).norm(dim=1) * (norm.weight / (norm.running_var + norm.eps).sqrt()).abs()
    used = second.weight.transpose(0, 1).flatten(1).norm(dim=1)
    return (size * used).topk(count).indices.sort().values


def _cut(state: dict[str, Tensor], name: str, chosen: Tensor) -> None:
    """Keep the chosen channels between the two convolutions of a block."""
    for part in ("0.0.weight", "0.1.weight", "0.1.bias", "0.1.running_mean", "0.1.running_var"):
        state[f"{name}.{part}"] = state[f"{name}.{part}"][chosen]
    state[f"{name}.1.0.weight"] = state[f"{name}.1.0.weight"][:, chosen]


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
        net, _ = load_net(args.checkpoint)
        if not isinstance(net, CutNet):
            raise UsageError(f"{args.checkpoint}: only cutnet can be pruned", "train another network at a smaller size")
        small = pruned(net, args.keep)
        shape = small.shape.as_dict()
        args.out.parent.mkdir(parents=True, exist_ok=True)
        checkpoint.write({"average": small.state_dict(), "net": "cutnet", "shape": shape}, args.out)
        record({"minutes": 60.0, "net": "cutnet", "shape": shape}, args.out.parent)
        print(json.dumps({"before": facts(net, args.data), "after": facts(small, args.data)}, indent=1))
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()

"""A larger network that begins by answering just what a smaller, trained one answers.

Widths as Chen et al. (Net2Net, 2016) have them, but with new channels that nobody listens to yet; depths by blocks that
add nothing yet. Both learn from the first step on. Knows only the Enlarger.
"""

from __future__ import annotations

import re

import torch
from torch import Tensor

from mattebox.training.networks.restoration import Enlarger

LAST = re.compile(r"body\.\d+\.(weight|bias)")


@torch.no_grad()
def grown(small: dict[str, Tensor], net: Enlarger) -> dict[str, Tensor]:
    """`net`'s weights, such that it answers as the Enlarger of the same scale whose weights `small` are.

    Raises ValueError if `net` is narrower or shallower than that one.
    """
    weights = {LAST.sub(rf"body.{net.plan.depths[0]}.\1", name): value for name, value in small.items()}
    own = {name: value.clone() for name, value in net.state_dict().items()}
    for name, value in weights.items():
        if name not in own or any(a > b for a, b in zip(value.shape, own[name].shape, strict=True)):
            raise ValueError(f"the network to begin with does not fit into one of {net.plan}")
    for name, value in own.items():
        if name in weights:
            own[name] = _widened(weights[name], value)
        elif ".second." in name:
            own[name] = torch.zeros_like(value)
    return own


def _widened(small: Tensor, large: Tensor) -> Tensor:
    """`small` in the corner; what was there does not hear new channels, new channels hear all at random."""
    made = large.clone()
    outputs = small.shape[0]
    made[:outputs] = 0
    made[tuple(slice(0, side) for side in small.shape)] = small
    return made

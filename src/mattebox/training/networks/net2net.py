"""A larger network that begins by answering just what a smaller, trained one answers.

Widths as Chen et al. (Net2Net, 2016) have them, but with new channels that nobody listens to yet; depths by blocks that
add nothing yet. Both learn from the first step on. Knows only the Enlarger.
"""

from __future__ import annotations

import re

import torch
from torch import Tensor

from mattebox.training.networks.restoration import SuperResolutionNet

LAST_BODY_LAYER = re.compile(r"body\.\d+\.(weight|bias)")


@torch.no_grad()
def grow_weights(small_weights: dict[str, Tensor], net: SuperResolutionNet) -> dict[str, Tensor]:
    """`net`'s weights, such that it answers as the Enlarger of the same scale whose weights `small_weights` are.

    Raises ValueError if `net` is narrower or shallower than that one.
    """
    weights = {
        LAST_BODY_LAYER.sub(rf"body.{net.plan.depths[0]}.\1", name): value for name, value in small_weights.items()
    }
    own = {name: value.clone() for name, value in net.state_dict().items()}
    for name, value in weights.items():
        if name not in own or any(a > b for a, b in zip(value.shape, own[name].shape, strict=True)):
            raise ValueError(f"the network to begin with does not fit into one of {net.plan}")
    for name, value in own.items():
        if name in weights:
            own[name] = _widen_weight(weights[name], value)
        elif ".second." in name:
            own[name] = torch.zeros_like(value)
    return own


def _widen_weight(small_weight: Tensor, large_weight: Tensor) -> Tensor:
    """`small_weight` in the corner; what was there does not hear new channels, new channels hear all at random."""
    made = large_weight.clone()
    outputs = small_weight.shape[0]
    made[:outputs] = 0
    made[tuple(slice(0, side) for side in small_weight.shape)] = small_weight
    return made

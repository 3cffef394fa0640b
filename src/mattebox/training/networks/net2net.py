"""Net2Net growth: a larger super-resolution network that starts with the function of a smaller, trained one.

After Chen et al. (2016), but new channels start with no influence on the old ones, and new blocks as the identity. Both
learn from the first step on.
"""

from __future__ import annotations

import re

import torch
from torch import Tensor

from mattebox.training.networks.restoration import SuperResolutionNet

LAST_BODY_LAYER = re.compile(r"body\.\d+\.(weight|bias)")


@torch.no_grad()
def grow_weights(small_weights: dict[str, Tensor], net: SuperResolutionNet) -> dict[str, Tensor]:
    """Weights with which a network gives the same output as a smaller one.

    Parameters
    ----------
    small_weights : dict
        Weights of a trained network of the same scale.
    net : SuperResolutionNet
        The larger network, freshly initialised; it is not changed.

    Returns
    -------
    dict
        Weights for `net`.

    Raises
    ------
    ValueError
        If `net` is narrower or shallower than the trained network.
    """
    weights = {
        LAST_BODY_LAYER.sub(rf"body.{net.plan.depths[0]}.\1", name): value for name, value in small_weights.items()
    }
    grown = {name: value.clone() for name, value in net.state_dict().items()}
    for name, value in weights.items():
        if name not in grown or any(a > b for a, b in zip(value.shape, grown[name].shape, strict=True)):
            raise ValueError(f"the network to begin with does not fit into one of {net.plan}")
    for name, value in grown.items():
        if name in weights:
            grown[name] = _widen_weight(weights[name], value)
        elif ".second." in name:
            grown[name] = torch.zeros_like(value)
    return grown


def _widen_weight(small_weight: Tensor, large_weight: Tensor) -> Tensor:
    """`small_weight` in the corner; old outputs ignore new inputs, new outputs read all inputs at random."""
    widened = large_weight.clone()
    outputs = small_weight.shape[0]
    widened[:outputs] = 0
    widened[tuple(slice(0, side) for side in small_weight.shape)] = small_weight
    return widened

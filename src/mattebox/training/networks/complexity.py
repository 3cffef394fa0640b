"""Size and cost of a network: its parameters, and its multiply-adds."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def count_parameters(net: nn.Module, excluded_prefixes: tuple[str, ...] = ()) -> int:
    """Number of trainable values, without parameters whose names begin with one of `excluded_prefixes`."""
    return sum(p.numel() for name, p in net.named_parameters() if not name.startswith(excluded_prefixes))


def count_multiply_adds(net: nn.Module, height: int, width: int) -> int:
    """Multiply-adds of the convolutions in one pass over a height x width input."""
    total = 0

    def count(layer: nn.Module, _: object, output: Tensor) -> None:
        nonlocal total
        total += output.numel() * layer.weight[0].numel()

    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, nn.Conv2d)]
    was_training = net.training
    device = next(net.parameters()).device
    with torch.no_grad():
        net.eval()(torch.zeros(1, 3, height, width, device=device))
    net.train(was_training)
    for hook in hooks:
        hook.remove()
    return total

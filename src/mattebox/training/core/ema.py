"""Exponential moving average (EMA) of a network's weights."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Ema:
    """The averaged network, `net`: a copy of the trained one, or that one itself if `decay` is 0."""

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.decay = decay
        self.net = copy.deepcopy(net).eval() if decay else net

    @torch.no_grad()
    def update(self, net: nn.Module, step: int) -> None:
        """Average in the weights after a step; early steps count more, integer buffers are copied."""
        if not self.decay:
            return
        decay = min(self.decay, (1 + step) / (10 + step))
        for average, latest in zip(self.net.state_dict().values(), net.state_dict().values(), strict=True):
            if average.dtype.is_floating_point:
                average.lerp_(latest, 1 - decay)
            else:
                average.copy_(latest)

    def reset(self, net: nn.Module) -> None:
        """Begin anew with the present weights."""
        if self.decay:
            self.net.load_state_dict(net.state_dict())

"""A network in training: its running average, its optimiser, the clock of its budget; one step; a file to go on from.

What all of the workshop's runs share. Knows nothing of material, of losses or of judging.
"""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mattebox.training.core import checkpoint, schedule


class Trainer:
    """`ema_decay` is what the running average keeps of itself each step (0: it is the network); no step goes further than
    `max_gradient_norm`, the norm of all gradients. A group of the optimiser's may have a `share` of the rate."""

    def __init__(
        self, net: nn.Module, optimiser: torch.optim.Optimizer, ema_decay: float, max_gradient_norm: float
    ) -> None:
        self.net, self.optimiser, self.ema_decay, self.max_gradient_norm = net, optimiser, ema_decay, max_gradient_norm
        self.ema_net = copy.deepcopy(net).eval()
        self.step, self.elapsed_seconds, self.best_score = 0, 0.0, -math.inf

    def take_optimiser_step(self, loss: Tensor, learning_rate: float) -> None:
        """One step down this loss; the average follows."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for group in self.optimiser.param_groups:
            group["lr"] = group.get("share", 1.0) * learning_rate
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.max_gradient_norm)
        self.optimiser.step()
        schedule.update_ema(self.ema_net, self.net, self.ema_decay, self.step)
        self.step += 1

    def load_matching_weights(self, weights: dict[str, Tensor]) -> float:
        """Take over what fits (layers that it has not, or has in another width, stay as they are): the share of this
        network's weights that did."""
        own = self.net.state_dict()
        fits = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
        self.net.load_state_dict(own | fits)
        self.ema_net.load_state_dict(own | fits)
        return sum(v.numel() for v in fits.values()) / sum(v.numel() for v in own.values())

    def save(self, path: Path, **extra_state: Any) -> None:
        """All that `load` needs, and more."""
        state = {"weights": self.net.state_dict(), "average": self.ema_net.state_dict(), "step": self.step}
        state |= {"optimiser": self.optimiser.state_dict(), "spent": self.elapsed_seconds, "best": self.best_score}
        checkpoint.write(state | extra_state, path)

    def load(self, path: Path) -> dict[str, Any]:
        """Go on where a killed run was; all that was saved."""
        state = checkpoint.read(path, next(self.net.parameters()).device)
        self.net.load_state_dict(state["weights"])
        self.ema_net.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.elapsed_seconds, self.best_score = state["step"], state["spent"], state["best"]
        return state

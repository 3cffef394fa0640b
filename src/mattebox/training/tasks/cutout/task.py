"""A run in progress of a network that cuts out: what it begins with, its loss on a batch, one step; its checkpoints.

Knows nothing of material, judging or files but its checkpoints.
"""

from __future__ import annotations

import math
import random
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mattebox.errors import UsageError
from mattebox.models.cards.card import Card
from mattebox.training.convert.onnx_to_torch import unfold
from mattebox.training.core import checkpoint, mixed_precision
from mattebox.training.core.distributed import Team
from mattebox.training.core.settings import Recipe
from mattebox.training.core.trainer import Trainee
from mattebox.training.data.augmentation import Mixer, buckets
from mattebox.training.evaluate.torch_predictor import normalise
from mattebox.training.networks import pretrained_encoder
from mattebox.training.networks.registry import build
from mattebox.training.tasks.cutout.feature_distillation import Insight
from mattebox.training.tasks.cutout.losses import total_loss

ALIKE = 0.2  # of a network's weights: with less of them another one is no beginning


class Run(Trainee):
    """Give `features`, the file of a classifier's weights, to imitate it."""

    def __init__(self, recipe: Recipe, team: Team | None = None, features: Path | None = None) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.team = recipe, team or Team()
        self.device = self.team.device
        net = build(recipe.net, recipe.shape).to(self.device, memory_format=torch.channels_last)
        self.insight = None
        if features is not None:
            self.insight = Insight(net, features).to(self.device, memory_format=torch.channels_last)
        optimiser = torch.optim.AdamW(_groups(recipe, net, self.insight), lr=recipe.rate)
        super().__init__(net, optimiser, keep=recipe.average, longest=2.0)
        self._called = net

    @property
    def progress(self) -> float:
        return self.recipe.spent(self.spent, self.step)

    def join(self) -> None:
        """From now on all of the team train the same weights."""
        self._called = self.team.joined(self.net)

    def advance(self, mixer: Mixer) -> float:
        """One step; returns the loss, or NaN for most steps, so that an accelerator need not wait."""
        begun = time.perf_counter()
        rate = self.recipe.rate_at(self.progress, self.step)
        loss = self.loss(mixer, self.recipe.batch, random.choice(buckets(self.recipe.side(self.progress))))
        self.descend(loss, rate)
        if self.device.type == "cuda" and self.step % 20 == 0:
            torch.cuda.synchronize()
        self.spent = self.team.agreed(self.spent + time.perf_counter() - begun)
        return loss.item() if self.step % 20 == 0 else math.nan

    def loss(self, mixer: Mixer, count: int, size: tuple[int, int]) -> Tensor:
        """Of one batch."""
        batch = mixer.batch(count, size)
        picture = normalise(batch.rgb).to(memory_format=torch.channels_last)
        self.net.train()
        with mixed_precision.mixed(self.device):
            logits, sides = self._called(picture)
            imitated = self.insight.loss(batch.rgb) if self.insight is not None else None
        loss = total_loss(logits, sides, batch)
        return loss if imitated is None else loss + self.recipe.imitate * imitated

    def made(self) -> dict[str, object]:
        """What export needs: the averaged weights, and what they are of."""
        return {"average": self.average.state_dict(), "net": self.recipe.net, "shape": self.recipe.shape}

    def save(self, path: Path, **more: Any) -> None:
        seen = None if self.insight is None else self.insight.translate.state_dict()
        super().save(path, **self.made(), insight=seen, **more)

    def start_from(self, path: Path) -> float:
        """Begin with a trained network's averaged weights; optimiser, step and clock begin anew. The share of this
        network's weights that the other one had. UsageError when it is little."""
        share = self.begin_with(checkpoint.read(path, self.device)["average"])
        if share < ALIKE:
            raise UsageError(f"{path}: fits {share:.0%} of this network", "give the best.pt of one of the same kind")
        return share

    def start_from_card(self, card: Card, mixer: Mixer) -> None:
        """Begin with a card's weights, which need no checkpoint."""
        size = min(buckets(self.recipe.side(0)), key=lambda s: abs(s[0] - s[1]))
        unfold(card, self.net, normalise(mixer.batch(max(16, self.recipe.batch), size).rgb))
        self.average.load_state_dict(self.net.state_dict())

    def start_from_classifier(self, file: Path | None) -> None:
        """Begin with an encoder that knows what things there are."""
        pretrained_encoder.begin(self.net, file)
        self.average.load_state_dict(self.net.state_dict())

    def load(self, path: Path) -> dict[str, Any]:
        state = super().load(path)
        if self.insight is not None:
            self.insight.translate.load_state_dict(state["insight"])
        return state


def _groups(recipe: Recipe, *parts: nn.Module | None) -> list[dict[str, object]]:
    """Parameters with weight decay, and those without (biases and normalisations), of an encoder and of the rest;
    `share` is the part of the rate that each has."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for part in parts:
        for name, value in part.named_parameters() if part is not None else ():
            if value.requires_grad:
                groups.setdefault((name.startswith("encoder."), value.ndim >= 2), []).append(value)
    return [
        {
            "params": values,
            "weight_decay": recipe.decay if decayed else 0.0,
            "share": recipe.gentle if encodes else 1.0,
        }
        for (encodes, decayed), values in groups.items()
    ]

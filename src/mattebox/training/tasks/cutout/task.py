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
from mattebox.training.convert.onnx_to_torch import load_onnx_weights
from mattebox.training.core import checkpoint, mixed_precision
from mattebox.training.core.distributed import DistributedContext
from mattebox.training.core.settings import CutoutSettings
from mattebox.training.core.trainer import Trainer
from mattebox.training.data.augmentation import BatchSampler, bucket_sizes
from mattebox.training.evaluate.torch_predictor import normalise_rgb
from mattebox.training.networks import pretrained_encoder
from mattebox.training.networks.registry import build_network
from mattebox.training.tasks.cutout.feature_distillation import FeatureDistillation
from mattebox.training.tasks.cutout.losses import cutout_loss

MIN_MATCHING_SHARE = 0.2  # of a network's weights: with less of them another one is no beginning


class CutoutTrainer(Trainer):
    """Give `features`, the file of a classifier's weights, to imitate it."""

    def __init__(
        self,
        settings: CutoutSettings,
        distributed: DistributedContext | None = None,
        feature_weights: Path | None = None,
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.distributed = settings, distributed or DistributedContext()
        self.device = self.distributed.device
        net = build_network(settings.net, settings.shape).to(self.device, memory_format=torch.channels_last)
        self.distillation = None
        if feature_weights is not None:
            self.distillation = FeatureDistillation(net, feature_weights).to(
                self.device, memory_format=torch.channels_last
            )
        optimiser = torch.optim.AdamW(_parameter_groups(settings, net, self.distillation), lr=settings.rate)
        super().__init__(net, optimiser, ema_decay=settings.average, max_gradient_norm=2.0)
        self._wrapped_net = net

    @property
    def progress(self) -> float:
        return self.settings.budget_share(self.elapsed_seconds, self.step)

    def wrap_for_distributed(self) -> None:
        """From now on all of the team train the same weights."""
        self._wrapped_net = self.distributed.wrap_network(self.net)

    def train_step(self, sampler: BatchSampler) -> float:
        """One step; returns the loss, or NaN for most steps, so that an accelerator need not wait."""
        begun = time.perf_counter()
        rate = self.settings.learning_rate_at(self.progress, self.step)
        loss = self.batch_loss(
            sampler, self.settings.batch, random.choice(bucket_sizes(self.settings.side_at(self.progress)))
        )
        self.take_optimiser_step(loss, rate)
        if self.device.type == "cuda" and self.step % 20 == 0:
            torch.cuda.synchronize()
        self.elapsed_seconds = self.distributed.broadcast_value(self.elapsed_seconds + time.perf_counter() - begun)
        return loss.item() if self.step % 20 == 0 else math.nan

    def batch_loss(self, sampler: BatchSampler, batch_size: int, size: tuple[int, int]) -> Tensor:
        """Of one batch."""
        batch = sampler.sample_batch(batch_size, size)
        picture = normalise_rgb(batch.rgb).to(memory_format=torch.channels_last)
        self.net.train()
        with mixed_precision.autocast_where_fast(self.device):
            logits, sides = self._wrapped_net(picture)
            imitated = self.distillation.loss(batch.rgb) if self.distillation is not None else None
        loss = cutout_loss(logits, sides, batch)
        return loss if imitated is None else loss + self.settings.imitate * imitated

    def best_state(self) -> dict[str, object]:
        """What export needs: the averaged weights, and what they are of."""
        return {"average": self.ema_net.state_dict(), "net": self.settings.net, "shape": self.settings.shape}

    def save(self, path: Path, **extra_state: Any) -> None:
        seen = None if self.distillation is None else self.distillation.translate.state_dict()
        super().save(path, **self.best_state(), insight=seen, **extra_state)

    def initialise_from_checkpoint(self, path: Path) -> float:
        """Begin with a trained network's averaged weights; optimiser, step and clock begin anew. The share of this
        network's weights that the other one had. UsageError when it is little."""
        share = self.load_matching_weights(checkpoint.read(path, self.device)["average"])
        if share < MIN_MATCHING_SHARE:
            raise UsageError(f"{path}: fits {share:.0%} of this network", "give the best.pt of one of the same kind")
        return share

    def initialise_from_card(self, card: Card, sampler: BatchSampler) -> None:
        """Begin with a card's weights, which need no checkpoint."""
        size = min(bucket_sizes(self.settings.side_at(0)), key=lambda s: abs(s[0] - s[1]))
        load_onnx_weights(card, self.net, normalise_rgb(sampler.sample_batch(max(16, self.settings.batch), size).rgb))
        self.ema_net.load_state_dict(self.net.state_dict())

    def initialise_from_classifier(self, weights_file: Path | None) -> None:
        """Begin with an encoder that knows what things there are."""
        pretrained_encoder.load_encoder_weights(self.net, weights_file)
        self.ema_net.load_state_dict(self.net.state_dict())

    def load(self, path: Path) -> dict[str, Any]:
        state = super().load(path)
        if self.distillation is not None:
            self.distillation.translate.load_state_dict(state["insight"])
        return state


def _parameter_groups(settings: CutoutSettings, *modules: nn.Module | None) -> list[dict[str, object]]:
    """Parameters with weight decay, and those without (biases and normalisations), of an encoder and of the rest;
    `share` is the part of the rate that each has."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for part in modules:
        for name, value in part.named_parameters() if part is not None else ():
            if value.requires_grad:
                groups.setdefault((name.startswith("encoder."), value.ndim >= 2), []).append(value)
    return [
        {
            "params": values,
            "weight_decay": settings.decay if decayed else 0.0,
            "share": settings.gentle if encodes else 1.0,
        }
        for (encodes, decayed), values in groups.items()
    ]

"""Objective of cutout training: the mask losses, and feature distillation where a classifier is given."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from mattebox.training.core import mixed_precision
from mattebox.training.core.task import Objective
from mattebox.training.data.batch_sampler import TrainingBatch
from mattebox.training.networks.frozen_batch_norm import freeze_batch_norm
from mattebox.training.networks.normalisation import normalise_rgb
from mattebox.training.networks.registry import build_network
from mattebox.training.tasks.cutout.feature_distillation import FeatureDistillation
from mattebox.training.tasks.cutout.losses import cutout_loss
from mattebox.training.tasks.cutout.settings import CutoutSettings


class CutoutObjective(Objective):
    """A cutout network with its losses, on a device.

    Parameters
    ----------
    settings : CutoutSettings
        Architecture, what of it is frozen, and the weights of the losses.
    device : torch.device
        Where it is trained.
    feature_weights : Path, optional
        Weights of the classifier whose features are imitated.
    """

    def __init__(self, settings: CutoutSettings, device: torch.device, feature_weights: Path | None = None) -> None:
        net = build_network(settings.net, settings.shape).to(device, memory_format=torch.channels_last)
        super().__init__(net)
        self.device, self.settings = device, settings
        if settings.freeze_statistics:
            freeze_batch_norm(net, settings.frozen_layers, settings.frozen_statistics_prefix)
        self.distillation = None
        if feature_weights is not None:
            distillation = FeatureDistillation(net, feature_weights)
            self.distillation = distillation.to(device, memory_format=torch.channels_last)

    def forward(self, batch: TrainingBatch) -> dict[str, Tensor]:
        picture = normalise_rgb(batch.rgb).to(memory_format=torch.channels_last)
        with mixed_precision.autocast_where_fast(self.device):
            logits, sides = self.net(picture)
            imitation = self.distillation.loss(batch.rgb) if self.distillation is not None else None
        weights = self.settings
        loss = cutout_loss(logits, sides, batch, weights.boundary_weight, weights.thin_weight, weights.iou_weight)
        return {"total": loss if imitation is None else loss + self.settings.imitate * imitation}

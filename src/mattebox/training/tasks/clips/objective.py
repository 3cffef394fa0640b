"""Objective of clip training: the mask losses of a network that sees a frame and a prior matte."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from mattebox.training.core import mixed_precision
from mattebox.training.data.batch_sampler import TrainingBatch
from mattebox.training.networks.normalisation import normalise_rgb
from mattebox.training.tasks.clips.clip_batches import ClipBatch
from mattebox.training.tasks.clips.prior_mattes import move_mattes
from mattebox.training.tasks.clips.settings import ClipSettings
from mattebox.training.tasks.cutout.losses import cutout_loss
from mattebox.training.tasks.cutout.objective import CutoutObjective

REPEATED_MOTION = 0.3  # of the motion of other priors


class ClipObjective(CutoutObjective):
    """A clip network with its losses; see `CutoutObjective` for the parameters."""

    def __init__(self, settings: ClipSettings, device: torch.device, feature_weights: Path | None = None) -> None:
        super().__init__(settings, device, feature_weights)
        self.clip_settings = settings

    def forward(self, batch: TrainingBatch) -> dict[str, Tensor]:
        """The loss of a ClipBatch, and for the log the mean errors of alpha with a prior and without."""
        assert isinstance(batch, ClipBatch)
        weights = self.clip_settings
        picture = normalise_rgb(batch.rgb)
        with mixed_precision.autocast_where_fast(self.device):
            prior = self._repeat_priors(picture, batch)
            logits, sides = self.net(torch.cat([picture, prior], 1).to(memory_format=torch.channels_last))
        loss = cutout_loss(logits, sides, batch, weights.boundary_weight, weights.thin_weight, weights.iou_weight)
        error = (logits.detach().float().sigmoid() - batch.alpha).abs().mean((1, 2, 3))
        return {
            "total": loss,
            "error_with_prior": error[batch.has_prior].mean(),
            "error_without": error[~batch.has_prior].mean(),
        }

    def _repeat_priors(self, picture: Tensor, batch: ClipBatch) -> Tensor:
        """The priors, of which a share is replaced by what the network answers to them, moved a little."""
        count = round(self.clip_settings.repeated * len(picture))
        index = torch.nonzero(batch.has_prior).flatten()
        index = index[torch.randperm(len(index), device=index.device)[:count]]
        if not len(index):
            return batch.prior
        told = torch.cat([picture[index], batch.prior[index]], 1).to(memory_format=torch.channels_last)
        with torch.no_grad():
            answer = self.net(told)[0].float().sigmoid()
        prior = batch.prior.clone()
        prior[index] = move_mattes(answer, REPEATED_MOTION)
        return prior

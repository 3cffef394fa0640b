"""Clip training as a task: subject masks from a frame and the matte of a frame before."""

from __future__ import annotations

import random

import torch
from torch import nn

from mattebox.training.core.task import Evaluation, Objective
from mattebox.training.data.augmentation import bucket_sizes
from mattebox.training.tasks.clips.clip_batches import ClipBatch, add_priors
from mattebox.training.tasks.clips.evaluation import evaluate_with_priors, network_predictor
from mattebox.training.tasks.clips.objective import ClipObjective
from mattebox.training.tasks.clips.settings import ClipSettings
from mattebox.training.tasks.cutout.task import CutoutTask

VALIDATION_STRIDE = 3  # of the pictures, each of which the network sees twice
PRIOR_RATE = 4.0  # times the learning rate, of the prior's convolutions, which begin at 0
ALONE_WEIGHT = 0.25  # of the IoU without a prior in what decides on the best checkpoint


class ClipTrainingTask(CutoutTask):
    """A clip network in training; see `CutoutTask` for the parameters."""

    settings: ClipSettings

    def build_objective(self, device: torch.device) -> ClipObjective:
        return ClipObjective(self.settings, device)

    def build_optimiser(self, objective: Objective) -> torch.optim.Optimizer:
        """The optimiser of cutout training, with a group of its own for the convolutions of the prior."""
        optimiser = super().build_optimiser(objective)
        prior = [value for name, value in objective.net.named_parameters() if name.startswith("prior.")]
        known = {id(value) for value in prior}
        for group in optimiser.param_groups:
            group["params"] = [value for value in group["params"] if id(value) not in known]
        optimiser.add_param_group({"params": prior, "weight_decay": 0.0, "share": PRIOR_RATE})
        return optimiser

    def sample_batch(self, progress: float, count: int) -> ClipBatch:
        self.side = self.settings.side_at(progress)
        batch = self.sampler.sample_batch(count, random.choice(bucket_sizes(self.side)))
        return add_priors(batch, self.settings.second)

    def sample_largest_batch(self, count: int) -> ClipBatch:
        return add_priors(super().sample_largest_batch(count), self.settings.second)

    def evaluate(self, net: nn.Module) -> Evaluation:
        """IoU with a prior and without, at the size that training ends with."""
        scores = evaluate_with_priors(network_predictor(net), self.data, self.settings.side_at(1.0), VALIDATION_STRIDE)
        return Evaluation({"side": self.side, **scores}, scores["iou"] + ALONE_WEIGHT * scores["iou_alone"])

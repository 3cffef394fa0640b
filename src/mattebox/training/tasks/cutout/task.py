"""Cutout training as a task: subject masks from photographs, composites and teacher-labelled pictures."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mattebox.errors import UsageError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card
from mattebox.training.convert.onnx_to_torch import load_onnx_weights
from mattebox.training.core import checkpoint
from mattebox.training.core.task import Evaluation, Objective, Task
from mattebox.training.data.augmentation import bucket_sizes
from mattebox.training.data.batch_sampler import BatchSampler, TrainingBatch
from mattebox.training.data.dataset import read_excluded_names
from mattebox.training.data.pool import TrainingPools, load_pools
from mattebox.training.data.soft_labels import SoftLabels
from mattebox.training.evaluate.cutout import evaluate_predictor
from mattebox.training.evaluate.run_report import add_validation_pictures
from mattebox.training.evaluate.torch_predictor import torch_predictor
from mattebox.training.networks import pretrained_encoder
from mattebox.training.networks.complexity import count_multiply_adds
from mattebox.training.networks.normalisation import normalise_rgb
from mattebox.training.networks.registry import build_network
from mattebox.training.tasks.cutout.objective import CutoutObjective
from mattebox.training.tasks.cutout.settings import CutoutSettings

MIN_MATCHING_SHARE = 0.2  # of a network's weights that a checkpoint must fit
MIN_STATISTICS_PICTURES = 16  # to fit a card's normalisations to
INSTALLED_BACKBONE = "installed"  # the encoder's weights that an installed package carries


class CutoutTask(Task[CutoutSettings]):
    """A cutout network in training.

    Parameters
    ----------
    settings : CutoutSettings
        Settings of the run.
    data : Path
        Shards, a folder or a CSV of pictures and masks.
    soft_labels : SoftLabels, optional
        Teachers' masks of the unlabelled pictures.
    initial_weights : str, optional
        A card, or a checkpoint (.pt), to begin with.
    feature_weights : Path, optional
        Weights of a classifier whose features are imitated.
    backbone_weights : str, optional
        File of a classifier's weights for the encoder to begin with, or INSTALLED_BACKBONE.
    pools : TrainingPools, optional
        The pictures, if they are in memory already.
    """

    max_gradient_norm = 2.0
    min_batch_size = 4  # one sample of each kind

    def __init__(
        self,
        settings: CutoutSettings,
        data: Path,
        soft_labels: SoftLabels | None = None,
        initial_weights: str | None = None,
        feature_weights: Path | None = None,
        backbone_weights: str | None = None,
        pools: TrainingPools | None = None,
    ) -> None:
        super().__init__(settings)
        self.data, self.soft_labels, self.pools = data, soft_labels, pools
        self.initial_weights, self.feature_weights = initial_weights, feature_weights
        self.backbone_weights = backbone_weights
        self.side = settings.side_at(0)  # of the latest batch

    def build_objective(self, device: torch.device) -> CutoutObjective:
        return CutoutObjective(self.settings, device, self.feature_weights)

    def build_optimiser(self, objective: Objective) -> torch.optim.Optimizer:
        assert isinstance(objective, CutoutObjective)
        modules = [objective.net] if objective.distillation is None else [objective.net, objective.distillation]
        return torch.optim.AdamW(_parameter_groups(self.settings, modules), lr=self.settings.rate)

    def open_data(self, device: torch.device) -> None:
        settings = self.settings
        excluded = read_excluded_names(settings.excluded_names_file)
        pools = self.pools or load_pools(self.data, settings.pool_side, device, self.soft_labels, excluded)
        teacher_labelled = pools.teacher_labelled or pools.labelled  # stand in where no teacher has labelled any
        self.sampler = BatchSampler(
            pools.labelled, teacher_labelled, pools.backgrounds,
            composite_share=settings.pasted, teacher_share=settings.taught,
            set_weights=settings.set_weights,
        )  # fmt: skip

    def initialise(self, net: nn.Module) -> dict[str, Any] | None:
        source, row = self.initial_weights, None
        if source is not None and _is_checkpoint(source):
            share = initialise_from_checkpoint(net, Path(source))
            row = {"begun with": source, "share": round(share, 3)}
        elif self.backbone_weights is not None:
            file = None if self.backbone_weights == INSTALLED_BACKBONE else Path(self.backbone_weights)
            pretrained_encoder.load_encoder_weights(net, file)
        if source is not None and not _is_checkpoint(source):
            size = min(bucket_sizes(self.settings.side_at(0)), key=lambda s: abs(s[0] - s[1]))
            batch = self.sampler.sample_batch(max(MIN_STATISTICS_PICTURES, self.settings.batch), size)
            unfrozen = build_network(self.settings.net, self.settings.shape).to(batch.rgb.device)
            unfrozen.load_state_dict(net.state_dict())
            load_onnx_weights(find_trainable_card(source), unfrozen, normalise_rgb(batch.rgb))
            net.load_state_dict(unfrozen.state_dict())
        return row

    def sample_batch(self, progress: float, count: int) -> TrainingBatch:
        self.side = self.settings.side_at(progress)
        return self.sampler.sample_batch(count, random.choice(bucket_sizes(self.side)))

    def sample_largest_batch(self, count: int) -> TrainingBatch:
        return self.sampler.sample_batch(count, max(bucket_sizes(self.settings.largest_side), key=math.prod))

    def describe(self, net: nn.Module) -> dict[str, Any]:
        unfrozen = build_network(self.settings.net, self.settings.shape)
        return super().describe(net) | {"gmac_320": round(count_multiply_adds(unfrozen, 320, 320) / 1e9, 3)}

    def evaluate(self, net: nn.Module) -> Evaluation:
        """IoU and max-F at the size that training ends with."""
        scores = evaluate_predictor(torch_predictor(net, self.settings.side_at(1.0)), self.data)
        return Evaluation({"side": self.side, **scores}, scores["iou"] + scores["max_f"])

    def write_report(self, net: nn.Module, run_folder: Path, evaluation: Evaluation | None, step: int) -> None:
        title = f"step {step}" + (f": IoU {evaluation.scores['iou']:.4f}" if evaluation else "")
        predict = torch_predictor(net, self.settings.side_at(1.0))
        add_validation_pictures(predict, self.data, run_folder, title)

    def network_state(self) -> dict[str, Any]:
        return {"net": self.settings.net, "shape": self.settings.shape}

    def auxiliary_state(self, objective: Objective) -> dict[str, Any]:
        assert isinstance(objective, CutoutObjective)
        distillation = objective.distillation
        return {"insight": None if distillation is None else distillation.translate.state_dict()}

    def load_auxiliary_state(self, objective: Objective, state: dict[str, Any]) -> None:
        assert isinstance(objective, CutoutObjective)
        if objective.distillation is not None:
            objective.distillation.translate.load_state_dict(state["insight"])


def find_trainable_card(card_name: str) -> Card:
    """The card of that name, or the one in float that it was quantised from."""
    card = find_card(card_name)
    return find_card(card.origin) if card.origin else card


def initialise_from_checkpoint(net: nn.Module, path: Path) -> float:
    """Load a trained network's averaged weights, as far as they fit; the share of this network's that did.

    Raises
    ------
    UsageError
        If little fits, so that it is a network of another kind.
    """
    weights = checkpoint.read(path, next(net.parameters()).device)["average"]
    share = checkpoint.load_matching_weights(net, weights)
    if share < MIN_MATCHING_SHARE:
        raise UsageError(f"{path}: fits {share:.0%} of this network", "give the best.pt of one of the same kind")
    return share


def _is_checkpoint(source: str) -> bool:
    return Path(source).suffix == ".pt"


def _parameter_groups(settings: CutoutSettings, modules: Iterable[nn.Module]) -> list[dict[str, Any]]:
    """Parameter groups by weight decay (none for biases and normalisations) and by share of the learning rate."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for module in modules:
        for name, value in module.named_parameters():
            if value.requires_grad:
                groups.setdefault((name.startswith("encoder."), value.ndim >= 2), []).append(value)
    return [
        {
            "params": values,
            "weight_decay": settings.decay if is_decayed else 0.0,
            "share": settings.gentle if is_encoder else 1.0,
        }
        for (is_encoder, is_decayed), values in groups.items()
    ]

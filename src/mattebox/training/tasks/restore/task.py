"""Restoration training as a task: patches of photographs are degraded, and the network recovers them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from mattebox.errors import InputMissing, UsageError
from mattebox.models.cards import registry
from mattebox.models.store import weight_store
from mattebox.training.convert.onnx_to_torch import iterate_constants
from mattebox.training.core import checkpoint
from mattebox.training.core.task import Evaluation, Objective, Task
from mattebox.training.data.patches import PatchSampler, read_photographs, read_training_photographs
from mattebox.training.evaluate.image_quality import (
    camera_noise_scores,
    denoising_scores,
    jpeg_restoration_scores,
    real_world_scores,
    upscaling_scores,
)
from mattebox.training.evaluate.lpips import PerceptualDistance
from mattebox.training.evaluate.restorers import RestoreFunction, network_restorer
from mattebox.training.networks.net2net import grow_weights
from mattebox.training.networks.restoration import RestorationShape, SuperResolutionNet
from mattebox.training.tasks.restore.camera_noise import degrade_as_camera
from mattebox.training.tasks.restore.objective import RestorationObjective
from mattebox.training.tasks.restore.real_degradation import degrade_realistically
from mattebox.training.tasks.restore.settings import RestorationSettings
from mattebox.training.tasks.restore.synthetic_degradation import degrade_for_restoration, downscale

EVALUATION_PICTURES = 8  # of CBSD68, while training
CAMERA_SHARE = 0.625  # of a batch's patches, for photographs by a camera
VALIDATION_SETS = ("Set5", "Set14", "CBSD68")


class RestorationTask(Task[RestorationSettings]):
    """A restoring or enlarging network in training.

    Parameters
    ----------
    settings : RestorationSettings
        Settings of the run.
    data : Path
        Folder of `train.tar` and `val.tar`.
    initial_weights : str, optional
        best.pt of another run, or a card, of the same size or smaller.
    perceptual : PerceptualDistance, optional
        For the perceptual loss; needed for photographs of the real world.
    """

    max_gradient_norm = 0.5

    def __init__(
        self,
        settings: RestorationSettings,
        data: Path,
        initial_weights: str | None = None,
        perceptual: PerceptualDistance | None = None,
    ) -> None:
        super().__init__(settings)
        if settings.world == "real" and perceptual is None:
            raise UsageError("a network for photographs of the real world needs --perceptual", "give its weights")
        self.data, self.initial_weights, self.perceptual = data, initial_weights, perceptual

    def build_objective(self, device: torch.device) -> RestorationObjective:
        return RestorationObjective(self.settings, device, copy.deepcopy(self.perceptual))

    def build_optimiser(self, objective: Objective) -> torch.optim.Optimizer:
        return torch.optim.Adam(objective.net.parameters(), lr=self.settings.rate, betas=(0.9, 0.99))

    def open_data(self, device: torch.device) -> None:
        archive = self.data / "val.tar"
        photographs = read_training_photographs(self.data / "train.tar", self.settings.side)
        self.patches = PatchSampler(photographs, device)
        self.validation_sets = read_photographs(archive)
        if missing := [name for name in VALIDATION_SETS if name not in self.validation_sets]:
            raise InputMissing(f"{archive}: holds no {missing[0]}/", f"it has folders {', '.join(VALIDATION_SETS)}")

    def initialise(self, net: nn.Module) -> dict[str, Any] | None:
        """Take over a smaller network's weights, all of them, or what fits (another scale has another tail)."""
        if self.initial_weights is None:
            return None
        weights = read_initial_weights(self.initial_weights, next(net.parameters()).device)
        tail = weights.get("tail.weight")
        if isinstance(net, SuperResolutionNet) and tail is not None and tail.shape[0] == net.tail.out_channels:
            try:
                weights = grow_weights(weights, net)
            except ValueError as error:
                raise UsageError(f"{self.initial_weights}: {error}", "set larger widths and depths") from error
        share = checkpoint.load_matching_weights(net, weights)
        return {"begun with": self.initial_weights, "share": round(share, 3)}

    def sample_batch(self, progress: float, count: int) -> tuple[Tensor, Tensor]:
        """Degraded and clean patches."""
        clean = self.patches.sample_batch(count, self.settings.side)
        scale = self.settings.network_shape.scale
        if self.settings.world == "real":
            return degrade_realistically(clean, scale), clean
        if self.settings.world == "camera":
            return self._degrade_by_camera(clean)
        return (degrade_for_restoration(clean) if scale == 1 else downscale(clean, scale)), clean

    @staticmethod
    def _degrade_by_camera(clean: Tensor) -> tuple[Tensor, Tensor]:
        """Camera noise on most of the patches, on the others what restoration is trained on without it."""
        count = round(CAMERA_SHARE * len(clean))
        noisy, target = degrade_as_camera(clean[:count])
        return torch.cat([noisy, degrade_for_restoration(clean[count:])]), torch.cat([target, clean[count:]])

    def describe(self, net: nn.Module) -> dict[str, Any]:
        return super().describe(net) | {"reach": net.reach}

    def evaluate(self, net: nn.Module) -> Evaluation:
        perceptual = self.perceptual if self.settings.world == "real" else None
        scores = evaluate_restoration(
            net, self.settings.network_shape, self.validation_sets, EVALUATION_PICTURES, perceptual
        )
        return Evaluation(scores, sum(scores.values()))

    def network_state(self) -> dict[str, Any]:
        return {"plan": self.settings.network_shape.as_dict()}


def read_initial_weights(source: str, device: torch.device) -> dict[str, Tensor]:
    """Weights of RUN/best.pt, or of a card's ONNX file, whose names are the network's own."""
    if source.endswith(".pt"):
        weights: dict[str, Tensor] = checkpoint.read(Path(source), device)["average"]
        return weights
    graph = onnx.load_from_string(weight_store.read_weights(registry.find_card(source))).graph
    return {name: value.to(device) for name, value in iterate_constants(graph)}


def evaluate_restoration(
    net: nn.Module,
    shape: RestorationShape,
    sets: dict[str, list[np.ndarray]],
    max_pictures: int | None = None,
    perceptual: PerceptualDistance | None = None,
) -> dict[str, float]:
    """Scores as in the tables of the field.

    Parameters
    ----------
    net : Module
        The network, on any device.
    shape : RestorationShape
        Its scale decides what is measured.
    sets : dict
        Validation pictures by set, H x W x 3 uint8.
    max_pictures : int, optional
        At most so many pictures of CBSD68.
    perceptual : PerceptualDistance, optional
        On the processor; with it, photographs of the real world are enlarged.

    Returns
    -------
    dict
        Scores by name; higher is better.
    """
    if perceptual is not None:
        return real_world_scores(_restorer(net), sets["Set14"], shape.scale, perceptual)
    if shape.scale > 1:
        return upscaling_scores(_restorer(net), sets, shape.scale)
    restore = _restorer(net, 2 ** len(shape.widths))
    return (
        denoising_scores(restore, sets["CBSD68"][:max_pictures])
        | jpeg_restoration_scores(restore, sets["Set14"][: max_pictures and 4])
        | camera_noise_scores(restore, sets["CBSD68"][: max_pictures and 3 * max_pictures])
    )


def _restorer(net: nn.Module, multiple: int = 1) -> RestoreFunction:
    """The network on pictures of the processor's memory, wherever it is itself."""
    restore, device = network_restorer(net, multiple), next(net.parameters()).device
    return lambda picture: restore(picture.to(device)).cpu()

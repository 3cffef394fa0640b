"""Losses of detector training: focal loss of the heat map, GIoU of the boxes, distance of the landmarks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.core.mixed_precision import autocast_where_fast
from mattebox.training.core.task import Objective
from mattebox.training.networks.detection_network import CellOutputs, DetectionNet
from mattebox.training.tasks.detection.settings import DetectionSettings
from mattebox.training.tasks.detection.targets import Targets

MAX_LOG_SIZE, MIN_SIZE = 4.0, 0.1  # in cells
FALLOFF_POWER = 4  # of the heat: cells near a centre are hardly counted as negative


class DetectionObjective(Objective):
    """The detector with its losses."""

    net: DetectionNet

    def __init__(self, settings: DetectionSettings, device: torch.device) -> None:
        super().__init__(DetectionNet(settings.width, settings.head).to(device, memory_format=torch.channels_last))
        self.settings = settings

    def forward(self, batch: tuple[Tensor, Targets]) -> dict[str, Tensor]:
        """Losses of the first blocks' features, of crops or from a pool."""
        textures, targets = batch
        with autocast_where_fast(textures.device):
            answers = self.net.decode(self.net.encode_objects(textures))
        outputs = CellOutputs(*(values.float() for values in answers))
        heat = focal_loss(outputs.scores, targets.heat, targets.heat_weight)
        box = giou_loss(outputs.sizes, outputs.offsets, targets.box, targets.box_weight)
        landmark = landmark_loss(outputs.landmarks, targets.landmark, targets.landmark_weight)
        total = heat + self.settings.box * box + self.settings.landmark * landmark
        return {"total": total, "heat": heat, "box": box, "landmark": landmark}


def focal_loss(logits: Tensor, heat: Tensor, weight: Tensor) -> Tensor:
    """Penalty-reduced focal loss (Zhou, Wang & Krähenbühl, 2019), per centre."""
    p, is_centre = logits.sigmoid(), (heat == 1).float()
    positive = (1 - p) ** 2 * F.softplus(-logits) * is_centre
    negative = p**2 * F.softplus(logits) * (1 - heat) ** FALLOFF_POWER * (1 - is_centre)
    return ((positive + negative) * weight).sum() / (is_centre * weight).sum().clamp(min=1)


def giou_loss(sizes: Tensor, offsets: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
    """1 - GIoU (Rezatofighi et al. 2019) of boxes, mean over the cells that count.

    `sizes` are logarithms of height and width, `offsets` y and x of the centre, N x 2 x h x w in cells; `targets` are
    both, N x 4 x h x w, the sizes themselves.
    """
    size, true_size = sizes.clamp(-MAX_LOG_SIZE, MAX_LOG_SIZE).exp(), targets[:, :2].clamp(min=MIN_SIZE)
    centre, true_centre = offsets, targets[:, 2:]
    low, high = centre - size / 2, centre + size / 2
    true_low, true_high = true_centre - true_size / 2, true_centre + true_size / 2
    intersection = _area((torch.minimum(high, true_high) - torch.maximum(low, true_low)).clamp(min=0))
    enclosing = _area(torch.maximum(high, true_high) - torch.minimum(low, true_low))
    union = _area(size) + _area(true_size) - intersection
    giou = intersection / union - (enclosing - union) / enclosing
    return ((1 - giou) * weight).sum() / weight.sum().clamp(min=1)


def _area(sides: Tensor) -> Tensor:
    return sides[:, 0:1] * sides[:, 1:2]


def landmark_loss(shares: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
    """Smooth L1 distance of the landmarks in shares of the box, mean over the cells that count."""
    error = F.smooth_l1_loss(shares * weight, targets * weight, beta=0.05, reduction="none")
    return error.sum() / (10 * (weight > 0).sum()).clamp(min=1)

"""Losses of restoration training: absolute error of luma and colour, or PSNR, and a perceptual distance."""

from __future__ import annotations

import torch
from torch import Tensor

from mattebox.training.core import mixed_precision
from mattebox.training.core.task import Objective
from mattebox.training.evaluate.lpips import PerceptualDistance
from mattebox.training.evaluate.psnr_ssim import luma
from mattebox.training.networks.restoration import build_restoration_network
from mattebox.training.tasks.restore.settings import RestorationSettings


def luma_l1_loss(result: Tensor, clean: Tensor) -> Tensor:
    """Mean absolute error: two parts of luma, one of all colours."""
    return 0.5 * (result - clean).abs().mean() + (luma(result) - luma(clean)).abs().mean()


def psnr_loss(result: Tensor, clean: Tensor) -> Tensor:
    """Minus PSNR of each picture (Chen et al. 2022, NAFNet), so that little noise counts as much as much noise."""
    return 0.1 * torch.log10(((result - clean) ** 2).mean((1, 2, 3)) + 3e-5).mean()


LOSSES = {"luma": luma_l1_loss, "decibels": psnr_loss}


class RestorationObjective(Objective):
    """A restoring or enlarging network with its losses, on a device."""

    def __init__(
        self, settings: RestorationSettings, device: torch.device, perceptual: PerceptualDistance | None = None
    ) -> None:
        net = build_restoration_network(settings.network_shape)
        super().__init__(net.to(device, memory_format=torch.channels_last))
        self.device, self.loss = device, LOSSES[settings.measure]
        self.perceptual_weight = settings.look
        self.perceptual = None if perceptual is None else perceptual.to(device)

    def forward(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        degraded, clean = batch
        with mixed_precision.autocast_where_fast(self.device):
            result = self.net(degraded.to(memory_format=torch.channels_last))
        loss = self.loss(result, clean)
        if self.perceptual is not None and self.perceptual_weight:
            loss = loss + self.perceptual_weight * self.perceptual(result.float(), clean).mean()
        return {"total": loss}

"""Losses of style training: perceptual losses for fast style transfer (Gatys et al. 2016; Johnson et al. 2016).

Content is held by SqueezeNet's features, style by their Gram matrices against those of the drawn style pictures.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mattebox.training.core import mixed_precision
from mattebox.training.core.task import Objective
from mattebox.training.data.tensors import picture_to_tensor
from mattebox.training.networks.squeezenet import SqueezeNetFeatures
from mattebox.training.networks.style_network import StyleNet
from mattebox.training.tasks.style.settings import StyleSettings
from mattebox.training.tasks.style.style_images import STYLE_PAINTERS, draw_style_image

FEATURE_DEPTHS, CONTENT_DEPTH = 5, 2  # features of the style loss, and the one of the content loss
TONE_CELL_PIXELS = 8


def gram_matrix(features: Tensor) -> Tensor:
    """Correlations of the channels, N x C x C, of N x C x H x W features."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def coarse_luminance(pictures: Tensor) -> Tensor:
    """Luminance of coarse cells at mean 0 and deviation 1."""
    coarse = F.avg_pool2d(pictures.mean(1, keepdim=True), TONE_CELL_PIXELS)
    mean, deviation = coarse.mean((2, 3), keepdim=True), coarse.std((2, 3), keepdim=True)
    return (coarse - mean) / (deviation + 0.02)


class StyleObjective(Objective):
    """The style network with its losses, on a device."""

    def __init__(self, settings: StyleSettings, device: torch.device, feature_extractor: SqueezeNetFeatures) -> None:
        net = StyleNet(len(STYLE_PAINTERS)).to(device, memory_format=torch.channels_last)
        super().__init__(net)
        self.settings, self.device = settings, device
        self.feature_extractor = feature_extractor.to(device)
        self.style_weights = torch.tensor(settings.own, device=device)
        with torch.no_grad():
            features = [
                self.feature_extractor.extract(picture_to_tensor(draw_style_image(name)).to(device), FEATURE_DEPTHS)
                for name in STYLE_PAINTERS
            ]
        self.style_targets = [torch.cat([gram_matrix(f[i]) for f in features]) for i in range(FEATURE_DEPTHS)]

    def forward(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        clean, styles = batch
        with mixed_precision.autocast_where_fast(self.device):
            result = self.net(clean, F.one_hot(styles, len(STYLE_PAINTERS)).float())
        losses, s = self._losses(clean, result.float(), styles), self.settings
        total = s.style * losses["style"] + s.content * losses["content"]
        return {"total": total + s.tone * losses["tone"] + s.smooth * losses["smooth"], **losses}

    def _losses(self, clean: Tensor, result: Tensor, styles: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            target = self.feature_extractor.extract(clean, CONTENT_DEPTH + 1)[CONTENT_DEPTH]
        features = self.feature_extractor.extract(result, FEATURE_DEPTHS)
        content = ((features[CONTENT_DEPTH] - target) ** 2).mean() / (target**2).mean()
        across, down = result[..., 1:] - result[..., :-1], result[..., 1:, :] - result[..., :-1, :]
        return {
            "style": self._style_loss(features, styles),
            "content": content,
            "tone": ((coarse_luminance(result) - coarse_luminance(clean)) ** 2).mean(),
            "smooth": across.abs().mean() + down.abs().mean(),
        }

    def _style_loss(self, features: list[Tensor], styles: Tensor) -> Tensor:
        """Squared distance of the Gram matrices, relative to the size of the style's."""
        loss, weights = torch.zeros((), device=self.device), self.style_weights[styles]
        for layer, targets in zip(features, self.style_targets, strict=True):
            target = targets[styles]
            size = target.flatten(1).pow(2).mean(1)
            loss = loss + (weights * (gram_matrix(layer) - target).flatten(1).pow(2).mean(1) / size).mean()
        return loss / FEATURE_DEPTHS

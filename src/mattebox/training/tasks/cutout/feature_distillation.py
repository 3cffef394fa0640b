"""Distillation of a classifier's features into the cutout network in training (FitNets, Romero et al. 2015).

A few masks teach little of what kinds of things there are; a classifier's features do, on every picture, labelled or
not. The classifier is SqueezeNet 1.1 (Iandola et al. 2016); neither it nor the two layers that map the network's
features to its own are exported.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.errors import UsageError
from mattebox.training.networks.cutnet import CutNet
from mattebox.training.networks.squeezenet import SqueezeNetFeatures

TEACHER_CHANNELS = 512  # of the classifier's last features


class FeatureDistillation(nn.Module):
    """Compares a CutNet's features at 1/16 and 1/32 with a classifier's, while it is in training mode."""

    def __init__(self, net: nn.Module, weights_file: Path) -> None:
        super().__init__()
        if not isinstance(net, CutNet):
            raise UsageError("only cutnet can imitate a classifier", "leave out --features")
        self.teacher = SqueezeNetFeatures(weights_file).eval().requires_grad_(False)
        self.translate = nn.ModuleList(nn.Conv2d(width, TEACHER_CHANNELS, 1) for width in net.shape.widths[3:5])
        self._student_features: dict[int, Tensor] = {}
        for number, layer in enumerate((net.stages[2], net.context)):
            layer.register_forward_hook(partial(self._capture_features, number))

    def _capture_features(self, number: int, layer: nn.Module, _inputs: object, output: Tensor) -> None:
        """Keep a layer's output; activations in evaluation mode are ignored."""
        if layer.training:
            self._student_features[number] = output

    def loss(self, rgb: Tensor) -> Tensor:
        """Mean squared distance of the normalised features.

        Parameters
        ----------
        rgb : Tensor, N x 3 x H x W
            The batch that the network has just been called with, sRGB 0..1.

        Returns
        -------
        Tensor
            A scalar.
        """
        with torch.no_grad():
            features = self.teacher.extract(F.avg_pool2d(rgb, 2))[-1]  # half the size: a quarter of the cost
        total = torch.zeros((), device=rgb.device)
        for number, layer in enumerate(self.translate):
            student = layer(self._student_features.pop(number)).float()
            target = F.interpolate(features.float(), size=student.shape[2:], mode="bilinear", align_corners=False)
            total = total + F.mse_loss(student, F.batch_norm(target, None, None, training=True))
        return total / len(self.translate)

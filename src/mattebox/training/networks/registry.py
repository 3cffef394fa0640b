"""Registry of the cutout networks: the names of recipes (`net`) and of cards (`architecture`).

All take N x 3 x H x W normalised sRGB (clipnet also a prior matte, as a fourth channel) with sides in multiples of 32,
and give N x 1 x H x W alpha logits, in training mode with side logits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn

from mattebox.errors import UsageError
from mattebox.models.cards.card import Card
from mattebox.training.networks.clipnet import ClipNet
from mattebox.training.networks.cutnet import CutNet, CutNetShape
from mattebox.training.networks.deeplab import DeepLab
from mattebox.training.networks.litenet import LiteNet
from mattebox.training.networks.u2net import FULL_STAGES, SMALL_STAGES, U2Net
from mattebox.training.networks.unet import UNet


class Architecture(NamedTuple):
    """A kind of network: its name on cards, and its builder from a recipe's shape."""

    card_name: str
    build: Callable[[dict[str, Any]], nn.Module]


def _build_cutnet(shape: dict[str, Any]) -> nn.Module:
    return CutNet(CutNetShape(**{k: tuple(v) for k, v in shape.items()}))


ARCHITECTURES = {
    "cutnet": Architecture("CutNet", _build_cutnet),
    "litenet": Architecture("LiteNet", lambda shape: LiteNet(**shape)),
    "clipnet": Architecture("ClipNet", lambda shape: ClipNet(**shape)),
    "unet": Architecture("U-Net", lambda shape: UNet(**shape)),
    "deeplab-mobilenet": Architecture("DeepLabV3+ MobileNetV3", lambda shape: DeepLab("mobilenet", **shape)),
    "deeplab-resnet18": Architecture("DeepLabV3+ ResNet-18", lambda shape: DeepLab("resnet18", **shape)),
    "deeplab-resnet50": Architecture("DeepLabV3+ ResNet-50", lambda shape: DeepLab("resnet50", **shape)),
    "u2netp": Architecture("U2-Net, small", lambda shape: U2Net(SMALL_STAGES)),
    "u2net": Architecture("U2-Net", lambda shape: U2Net(FULL_STAGES)),
}


def build_network(name: str, shape: dict[str, Any]) -> nn.Module:
    """Build a network.

    Parameters
    ----------
    name : str
        A key of `ARCHITECTURES`.
    shape : dict
        The recipe's [shape].

    Raises
    ------
    UsageError
        If there is no such network, or the shape does not fit it.
    """
    if name not in ARCHITECTURES:
        raise UsageError(f"there is no network {name!r} to train", f"choose one of: {', '.join(ARCHITECTURES)}")
    try:
        return ARCHITECTURES[name].build(shape)
    except TypeError as error:
        raise UsageError(f"the shape does not fit {name} ({error})", "leave out [shape], or see runs/") from error


def trainable_network_name(card: Card) -> str:
    """Key of a card's network in `ARCHITECTURES`; UsageError if it cannot be trained here."""
    for name, architecture in ARCHITECTURES.items():
        if architecture.card_name == card.architecture:
            return name
    known = ", ".join(sorted({a.card_name for a in ARCHITECTURES.values()}))
    raise UsageError(f"model {card.name} ({card.architecture}) cannot be trained here", f"these can: {known}")

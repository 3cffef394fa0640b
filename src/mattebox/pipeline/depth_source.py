"""Where the depth of a photograph comes from, for the steps that work by it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mattebox.lens.layered_depth import floor_depth, layer_depth
from mattebox.models.cards.registry import all_cards, find_card
from mattebox.models.depth_network import open_depth_network
from mattebox.models.store import weight_store
from mattebox.recipe.field_types import DEPTH_AREAS
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Distance
from mattebox.types import BitDepth, DepthMap, Floats, OpenImage, Picture, Pixels

AUTO, LAYERS = "auto", "layers"
ASSUMED_NOTE = "distance is assumed, the subject before a floor: the file holds no depth"


def uses_distance(recipe: Recipe) -> bool:
    """Whether the recipe changes something by distance, or in what is near or far only."""
    step = recipe.find_step(Distance)
    is_limited = any(getattr(other, "only", "all") in DEPTH_AREAS for other in recipe.steps)
    return is_limited or (step is not None and bool(step.haze or step.light))


def check_distance_step(recipe: Recipe, open_image: OpenImage) -> None:
    """Check where the recipe's distances come from. InputError, ModelError."""
    step = recipe.find_step(Distance)
    if step is not None and step.depth not in (AUTO, LAYERS):
        check_named_depth(step.depth, open_image)


def check_named_depth(name: str, open_image: OpenImage) -> None:
    """Check that a depth network is there, or a depth picture can be opened. InputError, ModelError."""
    if is_depth_network(name):
        weight_store.require_installed(find_card(name))
    else:
        open_image(name)


def is_depth_network(name: str) -> bool:
    """Whether this is the name of a depth network. Paths of cards are not: no request may make a server open one."""
    card = all_cards().get(name)
    return card is not None and card.task == "depth"


def named_depth(name: str, photograph: Picture, open_image: OpenImage, device: str, threads: int | None) -> DepthMap:
    """The depth by the network of this name, or of the picture at this path. InputError, ModelError, DeviceError."""
    if is_depth_network(name):
        return open_depth_network(name, device, threads).estimate(photograph)
    return depth_from_picture(open_image(name))


def find_depth(
    name: str,
    own_depth: DepthMap | None,
    get_alpha: Callable[[], Pixels],
    get_named: Callable[[str], DepthMap],
) -> DepthMap:
    """The depth that a step names.

    Parameters
    ----------
    name : str
        "auto", "layers", or what `get_named` knows.
    own_depth : DepthMap or None
        What the file holds, or its two views tell.
    get_alpha : callable
        Gives the subject's alpha, where depth is to be assumed.
    get_named : callable
        Gives the depth of a network, or of a depth picture, by its name.
    """
    if name not in (AUTO, LAYERS):
        return get_named(name)
    if name == AUTO and own_depth is not None:
        return own_depth
    alpha = get_alpha()
    return layer_depth(alpha) if alpha.any() else floor_depth((alpha.shape[0], alpha.shape[1]), alpha.shape[0])


def depth_from_picture(picture: Picture) -> DepthMap:
    """The depth of a picture: its file's own, else its brightness, which is nearness."""
    if picture.depth is not None:
        return picture.depth
    peak = BitDepth.of_pixels(picture.rgb).peak
    grey: Floats = (picture.rgb.mean(2) / peak).astype(np.float32)
    return DepthMap(grey, "picture")

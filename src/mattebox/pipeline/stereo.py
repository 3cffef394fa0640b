"""Depth from a stereo pair: both pictures reduced to one working size, matched, and judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.io.stereo_pair import read_stereo_pair
from mattebox.lens.stereo_matching import match_stereo
from mattebox.pipeline.depth_source import AUTO, uses_distance
from mattebox.pipeline.lens import find_lens_step
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Distance
from mattebox.types import DepthMap, Floats, ImageShape, Picture

MAX_MATCHING_PIXELS = 400_000
MIN_SIDE_PIXELS = 32


def depth_from_stereo(left: Picture, right: Picture) -> DepthMap:
    """Depth of the left picture.

    Parameters
    ----------
    left, right : Picture
        Of one size, taken at one time from one height, a step apart.

    Returns
    -------
    DepthMap
        On a grid of at most `MAX_MATCHING_PIXELS`, up to an unknown scale and shift: neither the lens nor the distance
        of the cameras is known.

    Raises
    ------
    UsageError
        For pictures of different sizes, tiny ones, and such as do not show one scene side by side.
    """
    if left.shape != right.shape:
        sizes = " and ".join("{} x {}".format(*picture.size) for picture in (left, right))
        raise UsageError(f"the two pictures have different sizes, {sizes}", "give a pair from one camera, uncropped")
    if min(left.shape) < MIN_SIDE_PIXELS:
        raise UsageError("the pictures are too small for stereo", f"give at least {MIN_SIDE_PIXELS} pixels a side")
    shape = _working_shape(left.shape)
    disparities = match_stereo(_reduce(left, shape), _reduce(right, shape))
    if disparities is None:
        raise UsageError(
            "the two pictures do not seem to show one scene from two places side by side",
            "give the left one first, both level and from one height",
        )
    return DepthMap(disparities, "stereo")


def measured_depth(picture: Picture, content: bytes | None, name: str) -> DepthMap | None:
    """The depth that a photograph's file holds, or its two views tell; None where it has neither.

    `content` is the file that `picture` was read from; InputError.
    """
    if picture.depth is not None or content is None:
        return picture.depth
    pair = read_stereo_pair(content, name)
    return None if pair is None else depth_from_stereo(*pair)


def add_measured_depth(picture: Picture, content: bytes | None, recipe: Recipe, name: str) -> Picture:
    """The photograph with the depth that its two views tell, where the recipe works by it and the file has no other.

    Views that cannot be matched leave a note. `content` is the file that `picture` was read from; InputError.
    """
    if picture.depth is not None or not _needs_depth(recipe):
        return picture
    try:
        return replace(picture, depth=measured_depth(picture, content, name))
    except UsageError as error:
        return replace(picture, notes=(*picture.notes, f"its two views tell no depth: {error.problem}"))


def _needs_depth(recipe: Recipe) -> bool:
    """Whether a step works by the photograph's own depth."""
    lens_step, distance = find_lens_step(recipe), recipe.find_step(Distance) or Distance()
    return (lens_step is not None and lens_step.depth == AUTO) or (distance.depth == AUTO and uses_distance(recipe))


def _working_shape(shape: ImageShape) -> ImageShape:
    scale = min(1.0, (MAX_MATCHING_PIXELS / (shape[0] * shape[1])) ** 0.5)
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _reduce(picture: Picture, shape: ImageShape) -> Floats:
    reduced: Floats = resampling.shrink(picture.rgb, shape).astype(np.float32)
    return reduced

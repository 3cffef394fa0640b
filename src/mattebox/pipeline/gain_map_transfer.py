"""The gain map of a photograph on a result: kept where the frame is the same, cut and moved along with the subject, or
dropped, with a remark, where it would no longer be true."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mattebox.composition import deskew
from mattebox.composition.composition import Composition
from mattebox.composition.placement import Placement, apply_placement
from mattebox.io import resampling
from mattebox.io.gain_map import KEPT_NOTE
from mattebox.pipeline.result import Result
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Style
from mattebox.types import BitDepth, Floats, GainMap, ImageShape, Picture, Pixels

DROPPED = "its gain map (high dynamic range) was dropped: "
PEAK = np.float32(BitDepth.SIXTEEN.peak)


class PlacedPhotograph(NamedTuple):
    """How a photograph lies on a canvas: its size and alpha before, and the composition."""

    shape: ImageShape
    alpha: Pixels | None
    composition: Composition


def carry_gain_map(source: Picture, result: Result, recipe: Recipe, placed: PlacedPhotograph | None) -> Result:
    """The result with the gain map of its photograph as far as it is true of it.

    Parameters
    ----------
    source : Picture
        The photograph, with its gain map.
    result : Result
        Finished, with the stages that changed pixels.
    recipe : Recipe
        The steps that ran.
    placed : PlacedPhotograph, optional
        Where it was put on a canvas.
    """
    gain_map, picture = source.gain_map, result.picture
    if gain_map is None:
        return result
    reason = _reason_to_drop(result, recipe)
    if reason:
        notes = tuple(note for note in picture.notes if note != KEPT_NOTE)
        return replace(result, picture=replace(picture, gain_map=None, notes=(*notes, DROPPED + reason)))
    if picture.alpha is not None:
        return replace(result, picture=replace(picture, gain_map=None))
    gain_map = gain_map if placed is None else place_gains(gain_map, placed)
    return replace(result, picture=replace(picture, gain_map=gain_map))


def _reason_to_drop(result: Result, recipe: Recipe) -> str:
    """Why the map would not be true of the result; "" where it is."""
    style, stages = recipe.find_step(Style), result.effective_stages
    if "anonymise" in stages:
        return "it shows what was hidden"
    if "heal" in stages:
        return "it shows what was removed"
    if "lens" in stages:
        return "the blur has spread the light that it belongs to"
    if "develop" in stages and style is not None and style.picture != "none":
        return "the style has light of its own"
    if "label" in stages:
        return "it would light the label"
    if recipe.save_step.sign == "yes":
        return "a signed JPEG has one picture"
    if recipe.cut_step is not None and recipe.cut_step.output == "matte":
        return "a matte has none"
    return ""


def place_gains(gain_map: GainMap, placed: PlacedPhotograph) -> GainMap:
    """The gains moved, turned and scaled as the photograph was; 0 where something else is seen."""
    composition, gains = placed.composition, gain_map.log2_gains
    low, high = min(0.0, float(gains.min())), max(1e-6, float(gains.max()))
    codes = np.rint((gains - np.float32(low)) * (PEAK / np.float32(high - low))).astype(np.uint16)
    shape = gains.shape[0], gains.shape[1]
    alpha = None if placed.alpha is None else _as_codes(_resize(placed.alpha, shape))
    picture = Picture(np.repeat(codes, 3, axis=2) if codes.shape[2] == 1 else codes, alpha)
    rotated, _ = deskew.rotate_picture(picture, composition.rotation_degrees)
    moved = rotated if composition.placement is None else _place(rotated, composition.placement, shape, placed.shape)
    values = moved.rgb[..., : codes.shape[2]].astype(np.float32) * (np.float32(high - low) / PEAK) + np.float32(low)
    for cover in (moved.alpha, composition.subject.alpha):
        if cover is not None:
            values *= _resize(cover, moved.shape)[..., None]
    return replace(gain_map, log2_gains=np.ascontiguousarray(values))


def _place(picture: Picture, placement: Placement, shape: ImageShape, photograph: ImageShape) -> Picture:
    """The picture of the gains on its canvas; its pixels are larger than the photograph's."""
    down, across = shape[0] / photograph[0], shape[1] / photograph[1]
    height, width = placement.canvas_size
    size = max(1, round(height * down)), max(1, round(width * across))
    return apply_placement(picture, Placement(size, placement.scale, placement.left * across, placement.top * down))


def _resize(plane: Pixels, shape: ImageShape) -> Floats:
    """A plane as shares 0..1, in another size."""
    shares = plane.astype(np.float32) / np.float32(BitDepth.of_pixels(plane).peak)
    return shares if shares.shape == shape else resampling.enlarge(shares, shape, "bilinear")


def _as_codes(shares: Floats) -> Pixels:
    codes: Pixels = np.rint(shares * PEAK).astype(np.uint16)
    return codes

"""Haze and light by distance, where it is known how near each point of a photograph is.

Haze lays the light of the air over a scene, the more the farther away (Koschmieder's law): I = J t + A (1 - t). Of the
nearness only the order is used, so that neither its scale nor its shift need be known: in each range of distance, the
darkest pixels show how much veil there can be at most (the dark channel prior, He, Sun & Tang 2009, by depth in place
of patches), and what is nearer has no more of it than what is farther.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.core.channel_extremes import largest_channel
from mattebox.enhancement.guided_filter import GRID_SIDE_CELLS, BaseLayer, fit_plane
from mattebox.enhancement.light_sample import LightSample, sample_light
from mattebox.enhancement.linear_light import apply_in_linear_light
from mattebox.enhancement.tone_adjustment import MIN_LOG_LIGHT, apply_gain_with_shoulder
from mattebox.types import Floats, Picture

VEIL_RANGES = 12  # ranges of distance that hold the same number of pixels each
DARK_QUANTILE = 0.02  # of a range's pixels: nearly black but for the veil
MAX_VEIL = 0.7  # more than that is taken for white things, and would show noise
FAR_SHARE = 0.1  # of the pixels, the farthest, whose light is the air's
AIR_QUANTILE = 0.9  # of their darkest channel
MIN_ADDED_AIR = 0.5  # linear light of the air where haze is added to a photograph that shows none


@dataclass(frozen=True, eq=False)
class Veil:
    """The light that the air adds.

    Attributes
    ----------
    air : (3,) float32
        Its colour, in linear light.
    nearness, shares : (n,) float32
        At these nearnesses, ascending, the air's share of the light, 0..1.
    """

    air: Floats
    nearness: Floats
    shares: Floats

    def share_at(self, nearness: Floats) -> Floats:
        """The air's share at each point, of the same shape."""
        share: Floats = np.interp(nearness, self.nearness, self.shares).astype(np.float32)
        return share


def estimate_veil(picture: Picture, nearness: Floats) -> Veil:
    """Estimate the veil of a photograph.

    Parameters
    ----------
    picture : Picture
        Hidden pixels do not count.
    nearness : (h, w) float32
        0 (farthest) to 1, of the whole frame, in any size.
    """
    sample = sample_light(picture)
    light, near = sample.visible_light, _sample_nearness(sample, nearness)
    if not len(light):
        return Veil(np.ones(3, np.float32), np.zeros(1, np.float32), np.zeros(1, np.float32))
    order = np.argsort(near, kind="stable")
    light, near = light[order], near[order]
    far = light[: max(1, int(FAR_SHARE * len(light)))]
    brightness = far.min(-1)
    air = np.maximum(far[brightness >= np.quantile(brightness, AIR_QUANTILE)].mean(0), np.float32(1e-3))
    dark = (light / air).min(-1)
    ranges = [part for part in np.array_split(np.arange(len(near)), VEIL_RANGES) if len(part)]
    places = np.array([near[part].mean() for part in ranges], np.float32)
    darkest = np.array([np.quantile(dark[part], DARK_QUANTILE) for part in ranges], np.float32)
    shares = np.minimum.accumulate(np.clip(darkest, 0, MAX_VEIL))
    shares -= shares[-1]  # what is nearest has none
    return Veil(air.astype(np.float32), places, shares.astype(np.float32))


def _sample_nearness(sample: LightSample, nearness: Floats) -> Floats:
    """Nearness at the sample's visible pixels."""
    height, width = sample.grid.shape[:2]
    rows = ((np.arange(height) + 0.5) * len(nearness) / height).astype(np.int64)
    columns = ((np.arange(width) + 0.5) * nearness.shape[1] / width).astype(np.int64)
    values: Floats = nearness[rows[:, None], columns[None, :]][sample.visible_mask]
    return values


def adjust_by_distance(picture: Picture, nearness: Floats, haze: float = 0.0, light: float = 0.0) -> Picture:
    """Remove haze, or add some, and change light, by distance.

    Parameters
    ----------
    picture : Picture
        Either depth, any profile; alpha is kept.
    nearness : (h, w) float32
        0 (farthest) to 1, of the whole frame, in any size; the edges of a smaller one are moved to the picture's.
    haze : float
        -1..1: the share of the estimated veil that goes, or, below 0, the air's share that comes in the far distance.
    light : float
        Stops that the far distance becomes brighter; the nearest point stays.

    Returns
    -------
    Picture
        The picture itself where nothing changes.
    """
    veil = estimate_veil(picture, nearness) if haze else None
    if not light and (veil is None or (haze > 0 and not veil.shares.any())):
        return picture
    is_full_size = nearness.shape == picture.shape  # its edges are the picture's already
    layer = None if is_full_size else _fit_nearness(picture, nearness)

    def transform(linear: Floats, rows: slice) -> Floats:
        near: Floats = nearness[rows] if layer is None else np.clip(layer.evaluate(_stops(linear), rows), 0, 1)
        if veil is not None:
            linear = _remove_veil(linear, veil, near, haze) if haze > 0 else _add_veil(linear, veil, near, -haze)
        if light:
            before = largest_channel(linear)
            after = apply_gain_with_shoulder(before, np.exp2(np.float32(light) * (1 - near)))
            linear = linear * (after / np.maximum(before, np.float32(1e-6)))[..., None]
        return linear

    return apply_in_linear_light(picture, transform)


def _remove_veil(light: Floats, veil: Veil, nearness: Floats, strength: float) -> Floats:
    share = (np.float32(strength) * veil.share_at(nearness))[..., None]
    clear: Floats = np.clip((light - veil.air * share) / (1 - share), 0, 1)
    return np.where(share > 0, clear, light)


def _add_veil(light: Floats, veil: Veil, nearness: Floats, amount: float) -> Floats:
    brightness = float(veil.air.max())
    air = veil.air * np.float32(max(brightness, MIN_ADDED_AIR) / brightness)
    share = (np.float32(amount) * (1 - nearness))[..., None]
    hazy: Floats = light + (air - light) * share
    return hazy


def _fit_nearness(picture: Picture, nearness: Floats) -> BaseLayer:
    """The nearness as a local linear model of the picture's brightness, so that it follows the picture's edges."""
    sample = sample_light(Picture(picture.rgb, None, picture.profile), side=GRID_SIDE_CELLS)
    all_visible = LightSample(sample.grid, np.ones(sample.grid.shape[:2], np.float32), sample.space)
    plane = _sample_nearness(all_visible, nearness).reshape(sample.grid.shape[:2])
    return fit_plane(plane, _stops(sample.grid), picture.shape)


def _stops(light: Floats) -> Floats:
    stops: Floats = np.log2(largest_channel(light) + MIN_LOG_LIGHT)
    return stops

"""The blur of a lens on a photograph with a subject: background filled in behind it first, in-focus pixels kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mattebox.core.smoothing_filters import approximate_gaussian_blur
from mattebox.core.srgb_pixels import decode_srgb_pixels, encode_srgb_pixels
from mattebox.core.strips import iter_strips
from mattebox.lens.hole_filling import fill_unknown
from mattebox.lens.lens_blur import SHARP_RADIUS_PIXELS, BlurredLight, Lens, blur_layer, blur_light
from mattebox.types import BitDepth, Floats, Mask, Picture

KEPT_SHARE = 1 - 1 / 1024  # of a pixel's light that is its own, from which it is copied
MAX_BACKGROUND_ALPHA = 0.02  # pixels with more are not known to be background
FILL_MARGIN_PIXELS = 64  # around the subject, from which it is filled
SUBJECT_MARGIN_SIGMA = 1.5  # pixels around the subject that its colour reaches, too


@dataclass(frozen=True)
class Subject:
    """A subject in front of the background.

    Attributes
    ----------
    cutout : Picture
        Its own colours, with its alpha; of the photograph's size and depth.
    nearness : float
        Where it stands, 0..1.
    """

    cutout: Picture
    nearness: float


def nearness_of_subject(nearness: Floats, alpha: Floats) -> float:
    """Mean nearness of a subject, weighted by its alpha; the nearest of all where the alpha is empty."""
    total = float(alpha.sum())
    return float((nearness * alpha).sum()) / total if total else float(nearness.max(initial=0))


def blur_photograph(photograph: Picture, nearness: Floats, lens: Lens, subject: Subject | None = None) -> Picture:
    """Blur a photograph by depth, as a lens would.

    Parameters
    ----------
    photograph : Picture
        H x W, at either bit depth; its own alpha is kept.
    nearness : (H, W) float32
        Of each pixel, 0..1, as `DepthMap.nearness` gives it, in the photograph's size.
    lens : Lens
        Its radius in the photograph's pixels.
    subject : Subject, optional
        Stands before everything else in one plane: what is behind it is filled in before it is blurred.

    Returns
    -------
    Picture
        Opaque pixels in focus are bit-identical to the photograph's.
    """
    light = decode_srgb_pixels(photograph.rgb)
    if subject is None:
        return _deliver(photograph, blur_light(light, nearness, lens))
    alpha = _as_share(subject.cutout)
    light, nearness = _remove_subject(light, nearness.copy(), alpha)
    background = blur_light(light, nearness, lens)
    del light, nearness
    radius = abs(lens.focus - subject.nearness) * lens.radius
    if radius <= SHARP_RADIUS_PIXELS:
        return _place_sharp_subject(photograph, background, subject.cutout, alpha)
    layer = blur_layer(decode_srgb_pixels(subject.cutout.rgb), alpha, radius, lens)
    behind = 1 - layer.sharp_share
    mixed = layer.light + background.light * behind[..., None]
    return _deliver(photograph, BlurredLight(mixed, background.sharp_share * behind))


def _as_share(cutout: Picture) -> Floats:
    assert cutout.alpha is not None
    share: Floats = cutout.alpha.astype(np.float32) / np.float32(cutout.bit_depth.peak)
    return share


def _remove_subject(light: Floats, nearness: Floats, alpha: Floats) -> tuple[Floats, Floats]:
    """Light and nearness of the background, filled in behind the subject; the arrays are changed in place."""
    margin = np.clip(1 - 2 * approximate_gaussian_blur(alpha, SUBJECT_MARGIN_SIGMA), 0, 1)
    known = (margin * (alpha < MAX_BACKGROUND_ALPHA)).astype(np.float32)
    rows, columns = (_surroundings(known.min(axis) < 1) for axis in (1, 0))
    part = np.dstack([light[rows, columns], nearness[rows, columns]])
    filled = fill_unknown(part, known[rows, columns])
    light[rows, columns], nearness[rows, columns] = filled[..., :3], filled[..., 3]
    return light, nearness


def _surroundings(is_unknown: Mask) -> slice:
    """The range of unknown lines, with some known ones around it."""
    places = np.flatnonzero(is_unknown)
    if not places.size:
        return slice(0, 0)
    return slice(max(0, int(places[0]) - FILL_MARGIN_PIXELS), int(places[-1]) + FILL_MARGIN_PIXELS + 1)


def _deliver(photograph: Picture, blurred: BlurredLight) -> Picture:
    """The photograph with the blurred light, and its own pixels where they are in focus."""
    rgb = photograph.rgb.copy()
    for rows in iter_strips(len(rgb)):
        touched = blurred.sharp_share[rows] < KEPT_SHARE
        encoded = encode_srgb_pixels(blurred.light[rows], photograph.bit_depth)
        rgb[rows][touched] = encoded[touched]
    return photograph.with_pixels(rgb, photograph.alpha)


def _place_sharp_subject(photograph: Picture, background: BlurredLight, cutout: Picture, alpha: Floats) -> Picture:
    """The subject over the blurred background: composited as the photograph was taken apart, in encoded values."""
    behind = _deliver(photograph, background).rgb
    rgb = photograph.rgb.copy()
    depth: BitDepth = photograph.bit_depth
    for rows in iter_strips(len(rgb)):
        share = alpha[rows, :, None]
        mixed = cutout.rgb[rows] * share + behind[rows] * (1 - share)
        is_changed = (alpha[rows] < 1) & ((behind[rows] != photograph.rgb[rows]).any(2) | (alpha[rows] > 0))
        rgb[rows][is_changed] = np.rint(mixed).astype(depth.dtype)[is_changed]
    return photograph.with_pixels(rgb, photograph.alpha)

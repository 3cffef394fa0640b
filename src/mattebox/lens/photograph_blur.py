"""The blur of a lens on a photograph with a subject: background filled in behind it first, in-focus pixels kept."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mattebox.core.cpu_threads import parallel_map
from mattebox.core.srgb_pixels import decode_srgb_pixels, encode_srgb_pixels
from mattebox.core.strips import iter_strips
from mattebox.lens.aperture import VARYING_SHAPES
from mattebox.lens.aperture_blur import Region
from mattebox.lens.grain import make_grain
from mattebox.lens.hole_filling import fill_behind_subject
from mattebox.lens.lens_blur import BlurredLight, Lens, blur_by_radii, blur_layer, blur_light, signed_radii
from mattebox.lens.overlaid_levels import SHARP_RADIUS_PIXELS, as_shares
from mattebox.types import BitDepth, Floats, Picture, Pixels

LAYER_MARGIN_PIXELS = 16  # beyond twice the radius of a blurred layer
KEPT_SHARE = 1 - 1 / 1024  # of a pixel's light that is its own, from which it is copied


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
    if subject is None:
        return _deliver(photograph, blur_light(_decode_light(photograph), nearness, lens), lens.grain)
    alpha = subject.cutout.alpha
    assert alpha is not None
    planes = _remove_subject(photograph, nearness, alpha)
    radii = signed_radii(planes[3], lens, out=planes[3])
    background = blur_by_radii(np.moveaxis(planes[:3], 0, 2), radii, lens)
    del planes, radii
    radius = abs(lens.focus - subject.nearness) * lens.radius
    if radius <= SHARP_RADIUS_PIXELS:
        return _place_sharp_subject(photograph, _deliver(photograph, background, lens.grain), subject.cutout, alpha)
    place = _reach_of_layer(alpha, radius, lens)
    own = np.moveaxis(subject.cutout.rgb[place], 2, 0)
    layer = blur_layer(lambda region: decode_srgb_pixels(own[:, *region]), alpha[place], radius, lens)
    behind = 1 - layer.sharp_share
    light, share = background.light[place], background.sharp_share[place]
    light *= behind[..., None]
    light += layer.light
    share *= behind
    return _deliver(photograph, background, lens.grain)


def _reach_of_layer(alpha: Pixels, radius: float, lens: Lens) -> Region:
    """Rows and columns that a blurred layer reaches; all of them for an aperture that depends on the place in them."""
    if lens.shape in VARYING_SHAPES:
        return slice(0, alpha.shape[0]), slice(0, alpha.shape[1])
    margin = 2 * math.ceil(radius) + LAYER_MARGIN_PIXELS
    rows, columns = (np.flatnonzero((alpha > 0).any(axis)) for axis in (1, 0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )


def _decode_light(photograph: Picture) -> Floats:
    """Linear light, (H, W, 3), of which the planes lie one behind the other in memory."""
    planes = np.empty((3, *photograph.shape), np.float32)
    _decode_into(planes, photograph)
    return np.moveaxis(planes, 0, 2)


def _decode_into(planes: Floats, photograph: Picture) -> None:
    def decode(rows: slice) -> None:
        for plane, channel in zip(planes, np.moveaxis(photograph.rgb, 2, 0), strict=True):
            plane[rows] = decode_srgb_pixels(channel[rows])

    parallel_map(decode, list(iter_strips(len(photograph.rgb))))


def _remove_subject(photograph: Picture, nearness: Floats, alpha: Pixels) -> Floats:
    """Light and nearness of the background, (4, H, W), filled in behind the subject."""
    planes = np.empty((4, *alpha.shape), np.float32)
    _decode_into(planes[:3], photograph)
    planes[3] = nearness
    fill_behind_subject(planes, alpha)
    return planes


def _deliver(photograph: Picture, blurred: BlurredLight, grain: float) -> Picture:
    """The photograph with the blurred light, and its own pixels where they are in focus."""
    rgb = photograph.rgb.copy()

    def encode(rows: slice) -> None:
        touched = blurred.sharp_share[rows] < KEPT_SHARE
        if not touched.any():
            return
        lost = np.float32(grain) * (1 - blurred.sharp_share[rows])
        noise = make_grain(lost.shape, seed=rows.start) if grain else lost
        for channel in range(3):
            encoded = encode_srgb_pixels(blurred.light[rows, :, channel], photograph.bit_depth)
            if grain:
                encoded = _add_noise(encoded, lost * noise)
            np.copyto(rgb[rows, :, channel], encoded, where=touched)

    parallel_map(encode, list(iter_strips(len(rgb))))
    return photograph.with_pixels(rgb, photograph.alpha)


def _add_noise(pixels: Pixels, noise: Floats) -> Pixels:
    """Pixels with noise that is given in shares of their peak."""
    peak = BitDepth.of_pixels(pixels).peak
    noisy: Pixels = np.rint(np.clip(pixels + noise * np.float32(peak), 0, peak)).astype(pixels.dtype)
    return noisy


def _place_sharp_subject(photograph: Picture, behind: Picture, cutout: Picture, alpha: Pixels) -> Picture:
    """The subject over the blurred background: composited as the photograph was taken apart, in encoded values.

    The pixels of `behind` are used up.
    """
    rgb, peak = behind.rgb, BitDepth.of_pixels(alpha).peak

    def place(rows: slice) -> None:
        part = alpha[rows]
        columns = np.flatnonzero(part.any(0))
        if not columns.size:
            return
        across = slice(int(columns[0]), int(columns[-1]) + 1)
        part, target = part[:, across], rgb[rows, across]
        np.copyto(target, photograph.rgb[rows, across], where=(part == peak)[..., None])
        is_mixed = (part > 0) & (part < peak)
        share = as_shares(part[is_mixed])[:, None]
        mixed = cutout.rgb[rows, across][is_mixed] * share + target[is_mixed] * (1 - share)
        target[is_mixed] = np.rint(mixed).astype(photograph.bit_depth.dtype)

    parallel_map(place, list(iter_strips(len(rgb))))
    return photograph.with_pixels(rgb, photograph.alpha)

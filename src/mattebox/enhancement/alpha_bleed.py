"""Colours for transparent pixels, spread from the visible ones (alpha bleeding).

Filters and networks that look across the subject's edge then find no foreign colours there. Pull-push over a pyramid
(Gortler et al., The lumigraph, 1996).
"""

from __future__ import annotations

import numpy as np

from mattebox.types import BitDepth, Floats, Pixels

MIN_VISIBLE_ALPHA = 0.05  # the colour of a fainter pixel is neither visible nor reliable


def bleed_colours(rgb: Pixels, alpha: Pixels | None) -> Pixels:
    """Fill faint and transparent pixels with the colours around them.

    Parameters
    ----------
    rgb
        H x W x 3, uint8 or uint16.
    alpha
        H x W of the same type; None for opaque.

    Returns
    -------
    Pixels
        H x W x 3; pixels of at least 5 % opacity are unchanged. `rgb` itself where there is nothing to fill, or nothing
        to fill it from.
    """
    if alpha is None:
        return rgb
    hidden = alpha < MIN_VISIBLE_ALPHA * BitDepth.of_pixels(alpha).peak
    if not hidden.any() or hidden.all():
        return rgb
    weight = (~hidden).astype(np.float32)
    colours = rgb.astype(np.float32) * weight[..., None]
    fill = _upsample_by_two(_pull_push(*_sum_two_by_two(colours, weight)), hidden.shape)
    result = rgb.copy()
    result[hidden] = np.rint(fill[hidden]).clip(0, BitDepth.of_pixels(rgb).peak)
    return result


def restore_hidden_pixels(rgb: Pixels, source: Pixels, alpha: Pixels | None) -> None:
    """Put the pixels of `source` back into `rgb`, in place, where `alpha` is 0."""
    if alpha is not None:
        hidden = alpha == 0
        rgb[hidden] = source[hidden]


def _pull_push(colours: Floats, weight: Floats) -> Floats:
    """Colours multiplied by their weights -> colours everywhere; where the weight is 0, from the level above."""
    own = colours / np.maximum(weight, np.float32(1e-6))[..., None]
    if min(weight.shape) == 1 or weight.min() > 0:
        mean = colours.sum((0, 1)) / max(float(weight.sum()), 1e-6)
        return np.where(weight[..., None] > 0, own, mean.astype(np.float32))
    return np.where(
        weight[..., None] > 0, own, _upsample_by_two(_pull_push(*_sum_two_by_two(colours, weight)), weight.shape)
    )


def _sum_two_by_two(colours: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Sums over blocks of 2 x 2."""
    height, width = weight.shape
    pad = ((0, height % 2), (0, width % 2))
    c, w = np.pad(colours, (*pad, (0, 0))), np.pad(weight, pad)
    return (
        c[::2, ::2] + c[1::2, ::2] + c[::2, 1::2] + c[1::2, 1::2],
        w[::2, ::2] + w[1::2, ::2] + w[::2, 1::2] + w[1::2, 1::2],
    )


def _upsample_by_two(colours: Floats, size: tuple[int, ...]) -> Floats:
    """Twice the size, cropped to `size`; each sample is 3 parts of the nearer and 1 of the farther."""
    near_weight, far_weight = np.float32(0.75), np.float32(0.25)
    for axis in (0, 1):
        before = np.concatenate([colours.take([0], axis), colours.take(range(colours.shape[axis] - 1), axis)], axis)
        after = np.concatenate([colours.take(range(1, colours.shape[axis]), axis), colours.take([-1], axis)], axis)
        pair = np.stack(
            [near_weight * colours + far_weight * before, near_weight * colours + far_weight * after], axis + 1
        )
        doubled = pair.reshape(*colours.shape[:axis], -1, *colours.shape[axis + 1 :])
        colours = doubled.take(range(size[axis]), axis).astype(np.float32, copy=False)
    return colours

"""Colours for where there are none: those of the subject go on under what is transparent, so that no filter or network
that looks across the edge finds anything foreign there.

Pull-push over a pyramid (Gortler et al., The lumigraph, 1996). Knows nothing of what comes after.
"""

from __future__ import annotations

import numpy as np

from mattebox.types import BitDepth, Floats, Pixels

MIN_VISIBLE_ALPHA = 0.05  # alpha under which a colour is hardly seen, and hardly to be trusted


def bleed_colours(rgb: Pixels, alpha: Pixels) -> Pixels:
    """H x W x 3 whose colours where `alpha` is faint or 0 go on from where it is not; all others stay bit for bit."""
    hidden = alpha < MIN_VISIBLE_ALPHA * BitDepth.of_pixels(alpha).peak
    if not hidden.any() or hidden.all():
        return rgb
    weight = (~hidden).astype(np.float32)
    colours = rgb.astype(np.float32) * weight[..., None]
    around = _upsample_by_two(_pull_push(*_sum_two_by_two(colours, weight)), hidden.shape)
    made = rgb.copy()
    made[hidden] = np.rint(around[hidden]).clip(0, BitDepth.of_pixels(rgb).peak)
    return made


def _pull_push(colours: Floats, weight: Floats) -> Floats:
    """Weighted colours -> colours everywhere: their own where there are any, else those of the level above."""
    own = colours / np.maximum(weight, np.float32(1e-6))[..., None]
    if min(weight.shape) == 1 or weight.min() > 0:
        total = colours.sum((0, 1)) / max(float(weight.sum()), 1e-6)
        return np.where(weight[..., None] > 0, own, total.astype(np.float32))
    return np.where(
        weight[..., None] > 0, own, _upsample_by_two(_pull_push(*_sum_two_by_two(colours, weight)), weight.shape)
    )


def _sum_two_by_two(colours: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Sums of 2 x 2."""
    height, width = weight.shape
    pad = ((0, height % 2), (0, width % 2))
    c, w = np.pad(colours, (*pad, (0, 0))), np.pad(weight, pad)
    return (
        c[::2, ::2] + c[1::2, ::2] + c[::2, 1::2] + c[1::2, 1::2],
        w[::2, ::2] + w[1::2, ::2] + w[::2, 1::2] + w[1::2, 1::2],
    )


def _upsample_by_two(colours: Floats, size: tuple[int, ...]) -> Floats:
    """Twice the size, less the last row or column where that was odd; between samples, 3 to 1 of the nearer."""
    for axis in (0, 1):
        before = np.concatenate([colours.take([0], axis), colours.take(range(colours.shape[axis] - 1), axis)], axis)
        after = np.concatenate([colours.take(range(1, colours.shape[axis]), axis), colours.take([-1], axis)], axis)
        most, rest = np.float32(0.75), np.float32(0.25)
        pair = np.stack([most * colours + rest * before, most * colours + rest * after], axis + 1)
        doubled = pair.reshape(*colours.shape[:axis], -1, *colours.shape[axis + 1 :])
        colours = doubled.take(range(size[axis]), axis).astype(np.float32, copy=False)
    return colours

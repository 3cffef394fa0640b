"""Garbage, holdout and core mattes, as film people draw them: grey pictures that say what is no subject, and what is.

A garbage matte is thrown away before anything is asked of the network's answer, so a wire or a stand in it cannot
become the subject; a holdout matte is what stands in front, and only what is shown is taken out.
A core matte is subject, whatever else is said. Knows no files.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mattebox.core.connected_components import subject_box
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.types import Floats, Matte, Picture


def mask_from_picture(mask: Picture, picture: Picture, path: str) -> Floats:
    """H x W, 0..1, of a grey picture. UsageError when it is in colour or of another size."""
    if mask.shape != picture.shape:
        told = " x ".join(map(str, mask.shape[::-1])), " x ".join(map(str, picture.shape[::-1]))
        raise UsageError(f"the matte {path} is {told[0]}, the picture {told[1]}", "draw it at the picture's size")
    eight = resampling.to_eight_bit(mask.rgb)
    if int((eight.max(axis=2) - eight.min(axis=2)).max()) > 8:
        raise UsageError(f"the matte {path} is in colour", "give a grey picture, white where it takes away")
    return mask.rgb[..., 1].astype(np.float32) / np.float32(mask.bit_depth.peak)


def apply_garbage_matte(coarse: Matte, garbage: Floats) -> Matte:
    """A coarse matte without what is mostly garbage; `found` when anything is left."""
    bad = resampling.shrink(np.rint(garbage * 255).astype(np.uint8), coarse.shape) > 127
    alpha = np.where(bad, 0, coarse.alpha).astype(coarse.alpha.dtype)
    left = bool((alpha > coarse.bit_depth.peak // 2).any())
    return replace(coarse, alpha=alpha, found=coarse.found and left, box=subject_box(alpha))


def subtract_mask(matte: Matte, mask: Floats) -> Matte:
    """The matte at the mask's size, times what the mask leaves."""
    alpha = np.rint(matte.alpha * (1 - mask)).astype(matte.alpha.dtype)
    return replace(matte, alpha=alpha, box=subject_box(alpha))


def apply_core_matte(matte: Matte, core: Floats) -> Matte:
    """The matte at the core's size, and at least the core."""
    alpha = np.maximum(matte.alpha, np.rint(core * matte.bit_depth.peak).astype(matte.alpha.dtype))
    return replace(matte, alpha=alpha, found=matte.found or bool((core > 0.5).any()), box=subject_box(alpha))

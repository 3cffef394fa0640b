"""Depth maps of HEIC files: auxiliary pictures, with their representation (ISO/IEC 23008-12, H.265 annex G.14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mattebox.types import BitDepth, DepthMap, Floats

MAX_DEPTH_PIXELS = 50_000_000
INVERSE_DEPTH, DISPARITY, DEPTH = 0, 1, 2  # what equal steps of the stored values are steps of


def read_heif_depth(info: Mapping[Any, Any]) -> DepthMap | None:
    """The depth map of a decoded HEIC file, from pillow-heif's `info`; None where there is none, or no usable one."""
    pictures = info.get("depth_images") or []
    if not pictures or pictures[0].size[0] * pictures[0].size[1] > MAX_DEPTH_PIXELS:
        return None
    try:
        pixels = np.asarray(pictures[0])
    except (OSError, ValueError, RuntimeError):  # libheif's errors for a damaged part
        return None
    plane = pixels if pixels.ndim == 2 else pixels[..., 0]
    shares: Floats = plane.astype(np.float32) / np.float32(BitDepth.of_pixels(plane).peak)
    inverse, unit = _inverse_depth(shares, pictures[0].info.get("metadata") or {})
    return DepthMap(np.ascontiguousarray(inverse, np.float32), "file", unit)


def _inverse_depth(shares: Floats, metadata: Mapping[str, Any]) -> tuple[Any, str]:
    """Inverse depth and its unit, from values of which the largest is the nearest."""
    near, far = (float(metadata.get(name) or 0) for name in ("z_near", "z_far"))
    kind = metadata.get("representation_type", INVERSE_DEPTH)
    lowest, highest = (float(metadata.get(name) or 0) for name in ("d_min", "d_max"))
    if kind == DISPARITY and not 0 < near < far and 0 <= lowest < highest:  # as iPhones write it, in 1/m
        return lowest + shares * (highest - lowest), "1/m"
    if not 0 < near < far:
        return shares, "relative"
    if kind == DEPTH:
        return 1 / (far + shares * (near - far)), "1/m"
    return 1 / far + shares * (1 / near - 1 / far), "1/m"

"""Depth maps as files: 16-bit PNG, NumPy's .npy with the values themselves, and a picture for looking at."""

from __future__ import annotations

import io
import json

import numpy as np
from numpy.typing import NDArray

from mattebox.io.exr_depth import encode_exr_depth
from mattebox.io.png_encoder import encode_png
from mattebox.types import DepthMap, Floats, Picture

TEXT_KEYWORD = b"mattebox:depth"
DEPTH_SUFFIXES = (".png", ".npy", ".exr")
# A ramp that grows lighter from far (blue-black) to near (yellow), like perceptual colour maps: RGB, 0..255.
COLOUR_STOPS = np.array(
    [(10, 8, 40), (48, 18, 110), (120, 28, 120), (188, 55, 84), (237, 105, 37), (250, 180, 40), (252, 250, 170)],
    np.float32,
)


def encode_depth(depth: DepthMap, format: str) -> bytes:
    """Encode a depth map.

    A .png is grey with 16 bits, from the farthest point (0) to the nearest (65535); its text chunk `mattebox:depth`
    tells their inverse depths, their unit, and where the depth comes from. A .npy holds the inverse depth in float32,
    and an .exr what `encode_exr_depth` says. OutputError.
    """
    if format == "exr":
        return encode_exr_depth(depth)
    if format == "npy":
        file = io.BytesIO()
        np.save(file, depth.inverse_depth, allow_pickle=False)
        return file.getvalue()
    grey = np.rint(depth.nearness() * 65535).astype(np.uint16)
    far, near = depth.limits()
    text = {"inverse_depth_far": far, "inverse_depth_near": near, "unit": depth.unit, "source": depth.source}
    return encode_png(grey, chunks=[(b"tEXt", TEXT_KEYWORD + b"\0" + json.dumps(text).encode())])


def colour_depth(depth: DepthMap) -> Picture:
    """A picture of a depth map: near is light and yellow, far is dark and blue."""
    position: Floats = depth.nearness() * np.float32(len(COLOUR_STOPS) - 1)
    lower = np.minimum(position.astype(np.int64), len(COLOUR_STOPS) - 2)
    share: NDArray[np.float32] = (position - lower).astype(np.float32)[..., None]
    mixed = COLOUR_STOPS[lower] * (1 - share) + COLOUR_STOPS[lower + 1] * share
    return Picture(np.rint(mixed).astype(np.uint8))

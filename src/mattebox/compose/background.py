"""Put a colour behind a cutout. Blending is in encoded values, as browsers and viewers blend; see LOG.md for why.

Knows nothing of how the cutout came about.
"""

from __future__ import annotations

import numpy as np

from mattebox.types import Picture, Pixels

STRIP = 64  # rows blended at a time, to bound memory


def over_colour(picture: Picture, colour: tuple[int, int, int]) -> Picture:
    """The picture flattened onto one colour, given in the picture's own encoding and depth: opaque, without alpha."""
    if picture.alpha is None:
        return picture
    peak = picture.depth.peak
    if not all(0 <= c <= peak for c in colour):
        raise ValueError(f"the colour {colour} is outside 0..{peak}")
    rgb = np.empty_like(picture.rgb)
    back = np.asarray(colour, np.uint32)
    for top in range(0, len(rgb), STRIP):
        rows = slice(top, top + STRIP)
        rgb[rows] = _blend(picture.rgb[rows], picture.alpha[rows], back, peak)
    return picture.with_pixels(rgb, None)


def _blend(rgb: Pixels, alpha: Pixels, back: np.ndarray, peak: int) -> np.ndarray:
    """alpha x rgb + (1 - alpha) x back in whole numbers, rounded."""
    first, last = alpha.min(), alpha.max()
    if first == peak:
        return rgb
    if last == 0:
        return np.broadcast_to(back, rgb.shape)
    a = alpha[..., None].astype(np.uint32)
    return (rgb * a + back * (peak - a) + peak // 2) // peak

"""Flat artwork: logos, drawings, text, sprites and screenshots on one exact colour, told from photographs.

Artwork has a border of one exact colour and no noise: inside, away from edges, pixels equal their neighbours or lie on
a straight ramp. Photographs, even products on pure white, do not, because every sensor and every surface has grain.
Compression blurs the difference: it adds ringing to artwork around edges, so only what lies a block away from them is
looked at, and smooths the grain of photographs, so the bounds are strict.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.core.channel_extremes import largest_channel
from mattebox.core.connected_components import dilate
from mattebox.errors import UsageError
from mattebox.io import resampling
from mattebox.matting.neighbour_steps import NeighbourSteps
from mattebox.types import Floats, Mask, Picture

MIN_BORDER_SHARE = 0.3  # of the border's pixels that a backdrop covers, where the user says that there is one
MAX_SAMPLED_PIXELS, BAND_ROWS = 1_000_000, 32  # of a large picture, only so many pixels are looked at, in bands of rows
COARSE_LEVELS = 16  # colours of a compressed border are counted in steps of so many levels
MIN_EXACT_BORDER_SHARE = 0.8  # the same, for automatic detection in a picture without compression
MIN_COMPRESSED_BORDER_SHARE = 0.95  # the same, in a compressed one
BLOCK_PIXELS = 8  # of JPEG: how far from an edge its ringing reaches
MIN_FLAT_SHARE, MIN_SMOOTH_SHARE = 0.85, 0.95  # of the pixels off edges: equal to their neighbours; on a ramp
MIN_INTERIOR_SHARE = 0.2  # of the artwork that lies off edges, for these shares to mean anything
STROKE_REACH_PIXELS, MIN_STROKE_SHARE = 2, 0.97  # text and lines: (almost) all lies this close to the backdrop
MAX_INDEXED_COLOURS = 64  # of sprites
MIN_CONTRAST_SHARE = 0.5  # of the steps between unequal neighbours of a sprite that are edges: dithering has small ones
MIN_ARTWORK_SHARE = 0.0005  # of the picture that differs from the backdrop
MIN_RINGING_SHARE = 0.005  # pixels that compression moves, relative to those along edges
MAX_RINGING_RAMP_SHARE = 0.8  # of those pixels; with more on ramps they are a shadow or a glow
MAX_DETECTED_RINGING_LEVELS = 20  # of 255: with more, ringing cannot be told from a shadow
MAX_RINGING_LEVELS = 32  # of 255: larger differences from the backdrop are no ringing


class Backdrop(NamedTuple):
    """What flat artwork lies on: its colour, of 255 in the picture's encoding, and how far compression moves pixels
    from it, of 255 (0 = not at all)."""

    rgb: tuple[int, int, int]
    tolerance: int

    @property
    def noise(self) -> float:
        """How far a pixel of the backdrop may differ from its colour, of 1."""
        return max(self.tolerance, 0.5) / 255

    def offsets(self, picture: Picture, y: NDArray[np.intp], x: NDArray[np.intp]) -> Floats:
        """Colours at N positions relative to the backdrop, N x 3, of 1."""
        colours = picture.rgb[y, x].astype(np.float32) / np.float32(picture.bit_depth.peak)
        return colours - np.array(self.rgb, np.float32) / np.float32(255)

    @property
    def hex(self) -> str:
        """The colour as in CSS."""
        return "#{:02x}{:02x}{:02x}".format(*self.rgb)


def detect_artwork(picture: Picture) -> Backdrop | None:
    """Detect flat artwork.

    Parameters
    ----------
    picture : Picture
        Any size and bit depth.

    Returns
    -------
    Backdrop or None
        None for photographs, and where the picture has transparency already.
    """
    if picture.alpha is not None and not picture.alpha.all():
        return None
    rgb = resampling.to_eight_bit(picture.rgb)
    colour, share = border_colour(rgb)
    if share < MIN_EXACT_BORDER_SHARE:
        return None
    rgb = _sample_bands(rgb)
    difference = largest_channel(np.abs(rgb.astype(np.int16) - np.array(colour, np.int16)))
    artwork = difference > 0
    if artwork.mean() < MIN_ARTWORK_SHARE:
        return None
    steps = NeighbourSteps(rgb)
    is_artwork = _is_exact_artwork(rgb, artwork, steps) or (
        share >= MIN_COMPRESSED_BORDER_SHARE and _is_flat(artwork, steps, BLOCK_PIXELS)
    )
    tolerance = ringing_levels(difference, steps)
    return Backdrop(colour, tolerance) if is_artwork and tolerance <= MAX_DETECTED_RINGING_LEVELS else None


def find_backdrop(picture: Picture) -> Backdrop:
    """The backdrop of a picture that the user calls artwork. UsageError where no colour covers enough of the border."""
    detected = detect_artwork(picture)
    if detected is not None:
        return detected
    rgb = resampling.to_eight_bit(picture.rgb)
    border = _border_pixels(rgb)
    likely = (
        np.abs(border - np.array(border_colour(rgb // COARSE_LEVELS)[0]) * COARSE_LEVELS).max(axis=1)
        <= 2 * COARSE_LEVELS
    )
    if likely.mean() < MIN_BORDER_SHARE:
        raise UsageError("no single colour surrounds the artwork", "cut with --by network or screen(COLOUR)")
    red, green, blue = (int(v) for v in np.median(border[likely], axis=0))
    difference = largest_channel(np.abs(rgb.astype(np.int16) - np.array([red, green, blue], np.int16)))
    return Backdrop((red, green, blue), ringing_levels(difference, NeighbourSteps(rgb)))


def ringing_levels(difference: NDArray[np.int16], steps: NeighbourSteps) -> int:
    """How far compression moves pixels of the backdrop, of 255: 0 where it moves next to none.

    Ringing goes up and down from pixel to pixel; shadows and glows, which move pixels of the backdrop too, are ramps.
    """
    near_backdrop = (difference <= MAX_RINGING_LEVELS) & ~dilate(steps.edges, 1)
    moved = near_backdrop & (difference > 0) & dilate(steps.edges, BLOCK_PIXELS)
    count = np.count_nonzero(moved)
    least = min(MIN_RINGING_SHARE * np.count_nonzero(steps.edges), MIN_ARTWORK_SHARE * difference.size)
    if count <= least:
        return 0
    if np.count_nonzero(moved & steps.on_ramp()) > MAX_RINGING_RAMP_SHARE * count:
        return 0
    return int(np.quantile(difference[moved], 0.98))


def _sample_bands(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture, or of a large one some bands of rows, evenly spread."""
    height, width = rgb.shape[:2]
    count = MAX_SAMPLED_PIXELS // (width * BAND_ROWS)
    if height * width <= MAX_SAMPLED_PIXELS or not 0 < count < height // BAND_ROWS:
        return rgb
    tops = np.linspace(0, height - BAND_ROWS, count).astype(int)
    return np.concatenate([rgb[top : top + BAND_ROWS] for top in tops])


def _border_pixels(rgb: NDArray[np.uint8]) -> NDArray[np.int32]:
    return np.concatenate([rgb[0], rgb[-1], rgb[1:-1, 0], rgb[1:-1, -1]]).astype(np.int32)


def border_colour(rgb: NDArray[np.uint8]) -> tuple[tuple[int, int, int], float]:
    """The most frequent colour along the border, and the share of the border that has exactly this colour."""
    border = _border_pixels(rgb)
    codes, counts = np.unique(border @ np.array([1 << 16, 1 << 8, 1]), return_counts=True)
    code = int(codes[counts.argmax()])
    return (code >> 16, code >> 8 & 255, code & 255), float(counts.max() / len(border))


def _is_exact_artwork(rgb: NDArray[np.uint8], artwork: Mask, steps: NeighbourSteps) -> bool:
    """Whether a picture without compression shows artwork: flat areas, strokes only, or few colours."""
    if _is_flat(artwork, steps, 1):
        return True
    near = dilate(~artwork, STROKE_REACH_PIXELS)
    if np.count_nonzero(artwork & near) >= MIN_STROKE_SHARE * np.count_nonzero(artwork):
        return True
    codes = rgb[artwork].astype(np.int32) @ np.array([1 << 16, 1 << 8, 1])
    return len(np.unique(codes)) <= MAX_INDEXED_COLOURS and steps.contrast_share() >= MIN_CONTRAST_SHARE


def _is_flat(artwork: Mask, steps: NeighbourSteps, edge_reach: int) -> bool:
    """Whether the artwork has enough area off edges, and that is flat or on ramps."""
    interior = artwork & ~dilate(steps.edges, edge_reach)
    area = np.count_nonzero(interior)
    if area < MIN_INTERIOR_SHARE * np.count_nonzero(artwork):
        return False
    flat = np.count_nonzero(interior & (steps.equal_neighbours() >= 3))
    smooth = np.count_nonzero(interior & steps.on_ramp())
    return bool(flat >= MIN_FLAT_SHARE * area or smooth >= MIN_SMOOTH_SHARE * area)

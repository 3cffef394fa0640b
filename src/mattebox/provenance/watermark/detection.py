"""Detection of the mark, after scaling, cropping, compression and small changes of brightness.

The coefficients of blocks at every pixel are summed over all tiles. The pilot in that sum says where the tiles begin,
and so undoes a crop; a search over scales undoes what the crop did to the grid. Nothing is compared with an original.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mattebox.provenance.watermark.grid import grid_shape, luminance, resize_plane
from mattebox.provenance.watermark.layout import (
    BLOCK_SIDE,
    FREQUENCIES,
    GRID_SIDE,
    PILOT_COUNT,
    QUANTISER_STEP,
    TILE_SIDE,
    dct_matrix,
    tile_layout,
)
from mattebox.provenance.watermark.payload import PAYLOAD_BITS, read_payload
from mattebox.types import Floats, ImageShape, Picture

SCALE_STEP = 0.0075  # of the search; the mark drifts by one pixel of the grid at most
MAX_ENLARGEMENT = 1.26  # of the uncropped picture's longer side against the crop's
MIN_PILOT_SCORE = 4.5  # standard deviations above chance; fewer are not worth reading
SURE_PILOT_SCORE = 8.0  # chance never gives so much: bits may be corrected
CERTAIN_COEFFICIENT = 120.0  # larger ones tell less, since a change of brightness moves them further


class PilotMatch(NamedTuple):
    """The place, in pixels of the grid, at which the pilot fits best, how well, and the sums over all tiles."""

    score: float
    top: int
    left: int
    sums: Floats


def read_watermark(picture: Picture, *, searches_crops: bool = True) -> int | None:
    """The identifier in a picture's pixels; None where there is none.

    Parameters
    ----------
    picture : Picture
        As it was found: of any size, perhaps cropped to no less than four fifths of its longer side.
    searches_crops : bool
        Whether to search for cropped pictures, which takes most of the time.
    """
    plane = _reduce(luminance(picture))
    enlargements = [1.0]
    if searches_crops:
        enlargements += list(np.exp(np.arange(-SCALE_STEP, np.log(MAX_ENLARGEMENT), SCALE_STEP)))
    for enlargement in enlargements:
        match = _match_pilot(resize_plane(plane, grid_shape(plane.shape, enlargement)))
        if match.score >= MIN_PILOT_SCORE:
            identifier = _read_match(match)
            if identifier is not None:
                return identifier
    return None


def read_aligned(picture: Picture) -> int | None:
    """The identifier in a picture that is neither cropped nor changed, as right after embedding."""
    return read_watermark(picture, searches_crops=False)


def format_identifier(identifier: int) -> str:
    """An identifier as eight hexadecimal digits."""
    return f"{identifier:08x}"


def _reduce(plane: Floats) -> Floats:
    """The plane, made smaller where it is much larger than any grid of the search."""
    longer = max(plane.shape)
    if longer <= 2 * GRID_SIDE:
        return plane
    height, width = (max(BLOCK_SIDE, round(side * 2 * GRID_SIDE / longer)) for side in plane.shape)
    return resize_plane(plane, (height, width))


def _match_pilot(plane: Floats) -> PilotMatch:
    sums = _sum_over_tiles(plane)
    spectrum = np.fft.rfft2(sums, axes=(0, 1)) * np.conj(_pilot_spectrum())
    correlation = np.fft.irfft2(spectrum.sum(2), s=(TILE_SIDE, TILE_SIDE))
    deviation = np.sqrt(np.mean(sums**2) * PILOT_COUNT) + 1e-9
    top, left = np.unravel_index(np.argmax(correlation), correlation.shape)
    return PilotMatch(float(correlation[top, left] / deviation), int(top), int(left), sums)


def _pilot_spectrum() -> np.ndarray[tuple[int, ...], np.dtype[np.complexfloating]]:
    layout = tile_layout()
    pilot = np.zeros((TILE_SIDE, TILE_SIDE, len(FREQUENCIES)), np.float32)
    pilot[::BLOCK_SIDE, ::BLOCK_SIDE] = np.where(layout.bit < 0, layout.sign, 0)
    return np.fft.rfft2(pilot, axes=(0, 1))


def _sum_over_tiles(plane: Floats) -> Floats:
    """What the coefficients of a block at each pixel of a tile say, +1 to -1, summed over all tiles.

    (TILE_SIDE, TILE_SIDE, frequencies) float32.
    """
    matrix = dct_matrix()
    rows = {down: _correlate(plane, matrix[down], axis=0) for down in {down for down, _ in FREQUENCIES}}
    sums = np.empty((TILE_SIDE, TILE_SIDE, len(FREQUENCIES)), np.float32)
    for number, (down, across) in enumerate(FREQUENCIES):
        coefficients = _correlate(rows[down], matrix[across], axis=1)
        votes = np.sin(np.float32(2 * np.pi / QUANTISER_STEP) * coefficients)
        votes /= 1 + np.square(coefficients / np.float32(CERTAIN_COEFFICIENT))
        sums[..., number] = _fold(votes)
    return sums


def _correlate(plane: Floats, kernel: Floats, axis: int) -> Floats:
    """The valid part of a correlation with BLOCK_SIDE weights along an axis."""
    length = plane.shape[axis] - BLOCK_SIDE + 1
    shifted = (
        plane[offset : offset + length] if axis == 0 else plane[:, offset : offset + length]
        for offset in range(BLOCK_SIDE)
    )
    total = np.zeros((length, plane.shape[1]) if axis == 0 else (plane.shape[0], length), np.float32)
    for weight, part in zip(kernel, shifted, strict=True):
        total += weight * part
    return total


def _fold(votes: Floats) -> Floats:
    """The sum of all tiles of a plane."""
    shape: ImageShape = (-(-votes.shape[0] // TILE_SIDE), -(-votes.shape[1] // TILE_SIDE))
    padded = np.zeros((shape[0] * TILE_SIDE, shape[1] * TILE_SIDE), np.float32)
    padded[: votes.shape[0], : votes.shape[1]] = votes
    summed: Floats = padded.reshape(shape[0], TILE_SIDE, shape[1], TILE_SIDE).sum((0, 2))
    return summed


def _read_match(match: PilotMatch) -> int | None:
    """The identifier at the place that the pilot names; None where its checksum does not hold."""
    layout = tile_layout()
    values = np.roll(match.sums, (-match.top, -match.left), (0, 1))[::BLOCK_SIDE, ::BLOCK_SIDE] * layout.sign
    is_data = layout.bit >= 0
    soft = np.bincount(layout.bit[is_data], weights=values[is_data], minlength=PAYLOAD_BITS).astype(np.float32)
    return read_payload(soft, corrects=match.score >= SURE_PILOT_SCORE)

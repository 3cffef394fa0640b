"""Layout of the mark: which coefficient of a tile holds which bit, and which ones are the pilot.

The same for every picture, so that whoever has this file can read a mark: it says where a picture comes from, and is no
secret. A fixed random sign on each coefficient keeps flat pictures from looking marked.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.provenance.watermark.payload import PAYLOAD_BITS, payload_bits
from mattebox.types import Floats

GRID_SIDE = 512  # pixels of the longer side of the grid
BLOCK_SIDE = 8
TILE_BLOCKS = 8  # along each side
TILE_SIDE = BLOCK_SIDE * TILE_BLOCKS
FREQUENCIES = ((0, 1), (1, 0), (1, 1))  # down, across: low ones outlive JPEG and halving
QUANTISER_STEP = 38.0  # of orthonormal DCT coefficients of values from 0 to 255
PILOT_COUNT = TILE_BLOCKS**2 * len(FREQUENCIES) // 3
LAYOUT_NAME = "mattebox watermark 1"


class TileLayout(NamedTuple):
    """Arrays of (TILE_BLOCKS, TILE_BLOCKS, frequencies).

    `bit` is the payload's bit that a coefficient holds, -1 for the pilot; `sign` is what its value is multiplied by.
    """

    bit: NDArray[np.int64]
    sign: Floats


@cache
def tile_layout() -> TileLayout:
    """The layout: a third of the coefficients is the pilot, the others hold each bit as often."""
    shape = (TILE_BLOCKS, TILE_BLOCKS, len(FREQUENCIES))
    digests = [hashlib.sha256(f"{LAYOUT_NAME} {number}".encode()).digest() for number in range(int(np.prod(shape)))]
    order = np.array(sorted(range(len(digests)), key=digests.__getitem__))
    bit = np.full(order.size, -1)
    bit[order[PILOT_COUNT:]] = np.arange(order.size - PILOT_COUNT) % PAYLOAD_BITS
    sign = np.array([1 - 2 * (digest[-1] & 1) for digest in digests], np.float32)
    return TileLayout(bit.reshape(shape), sign.reshape(shape))


def tile_signs(identifier: int) -> Floats:
    """The sign, +1 or -1, that each coefficient of a tile is quantised to for an identifier of 32 bits."""
    layout = tile_layout()
    signs = np.where(layout.bit < 0, 0, payload_bits(identifier)[np.maximum(layout.bit, 0)])
    return ((1 - 2 * signs.astype(np.float32)) * layout.sign).astype(np.float32)


@cache
def dct_matrix() -> Floats:
    """The orthonormal 8 x 8 matrix of the DCT (type II)."""
    places = np.arange(BLOCK_SIDE)
    matrix = np.cos(np.pi * (2 * places[None] + 1) * places[:, None] / (2 * BLOCK_SIDE)) * np.sqrt(2 / BLOCK_SIDE)
    matrix[0] /= np.sqrt(2)
    result: Floats = matrix.astype(np.float32)
    return result

"""Cryptomatte: the mattes of several subjects as pairs of identifier and coverage (Psyop, Cryptomatte Specification).

A name's identifier is the MurmurHash3 (32 bits) of its UTF-8, read as a float whose exponent is neither 0 nor 255. Each
pixel lists its subjects by falling coverage, two to a layer of R, G, B and A. Identifiers must never be rounded to half
floats, compressed with loss, or scaled.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from mattebox.types import Floats

HASH_NAME, CONVERSION_NAME = "MurmurHash3_32", "uint32_to_float32"
KEY_DIGITS = 7  # of the layer's own hash, under which its attributes stand
RANKS_PER_LAYER = 2
MAX_RANKS = 6
CHANNEL_NAMES = ("R", "G", "B", "A")


class Cryptomatte(NamedTuple):
    """Channels (float32) by their full names, and the attributes of the header."""

    channels: dict[str, Floats]
    attributes: dict[str, str]


def encode_cryptomatte(mattes: Mapping[str, Floats], layer: str = "subjects", names: Sequence[str] = ()) -> Cryptomatte:
    """Encode mattes.

    Parameters
    ----------
    mattes : mapping of str to H x W float32
        The coverage of each named subject, 0..1; where their sum exceeds 1, all are scaled down.
    layer : str
        Name of the layer.
    names : sequence of str
        Further names for the manifest, such as those of subjects that other frames show.
    """
    manifest = {name: f"{identifier_bits(name):08x}" for name in sorted({*mattes, *names})}
    key = f"{hash_murmur3(layer.encode()):08x}"[:KEY_DIGITS]
    attributes = {
        f"cryptomatte/{key}/name": layer,
        f"cryptomatte/{key}/hash": HASH_NAME,
        f"cryptomatte/{key}/conversion": CONVERSION_NAME,
        f"cryptomatte/{key}/manifest": json.dumps(manifest, ensure_ascii=False, separators=(",", ":")),
    }
    return Cryptomatte(_rank_coverages(mattes, layer), attributes)


def identifier_bits(name: str) -> int:
    """The identifier of a name as the 32 bits of its float, whose exponent is made neither 0 nor 255."""
    bits = hash_murmur3(name.encode())
    exponent = bits >> 23 & 255
    return bits ^ (1 << 23) if exponent in (0, 255) else bits


def hash_murmur3(data: bytes, seed: int = 0) -> int:
    """MurmurHash3, x86, 32 bits (Appleby, 2011; public domain)."""
    mask, value = 0xFFFFFFFF, seed
    whole = len(data) & ~3
    for (block,) in struct.iter_unpack("<I", data[:whole]):
        value ^= _mix(block)
        value = (value << 13 | value >> 19) & mask
        value = (value * 5 + 0xE6546B64) & mask
    value ^= _mix(int.from_bytes(data[whole:], "little"))
    value ^= len(data)
    value = (value ^ value >> 16) * 0x85EBCA6B & mask
    value = (value ^ value >> 13) * 0xC2B2AE35 & mask
    return value ^ value >> 16


def _mix(block: int) -> int:
    mask = 0xFFFFFFFF
    block = block * 0xCC9E2D51 & mask
    block = (block << 15 | block >> 17) & mask
    return block * 0x1B873593 & mask


def _rank_coverages(mattes: Mapping[str, Floats], layer: str) -> dict[str, Floats]:
    """The channels: identifier and coverage by falling coverage."""
    if not mattes:
        return {}
    names = list(mattes)
    coverage = np.stack([np.clip(mattes[name], 0, 1) for name in names]).astype(np.float32)
    coverage /= np.maximum(coverage.sum(axis=0, keepdims=True), 1)
    order = np.argsort(-coverage, axis=0, kind="stable")
    bits = np.array([identifier_bits(name) for name in names], np.uint32)
    identifiers = bits.view(np.float32)
    ranks = min(len(names), MAX_RANKS)
    channels: dict[str, Floats] = {}
    empty = np.zeros(coverage.shape[1:], np.float32)
    for rank in range(-(-ranks // RANKS_PER_LAYER) * RANKS_PER_LAYER):
        number, first = divmod(rank, RANKS_PER_LAYER)
        name, value = CHANNEL_NAMES[2 * first], CHANNEL_NAMES[2 * first + 1]
        share = np.take_along_axis(coverage, order[rank : rank + 1], axis=0)[0] if rank < ranks else empty
        chosen = identifiers[order[rank]] if rank < ranks else empty
        channels[f"{layer}{number:02}.{name}"] = np.where(share > 0, chosen, np.float32(0)).astype(np.float32)
        channels[f"{layer}{number:02}.{value}"] = np.ascontiguousarray(share)
    return channels

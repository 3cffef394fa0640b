"""Cryptomattes, read back by a decoder that was written from the public specification, with a hash of its own."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from mattebox.io.cryptomatte import encode_cryptomatte, hash_murmur3, identifier_bits


def rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & 0xFFFFFFFF


def reference_hash(text: str) -> int:
    """MurmurHash3_x86_32 with seed 0, after the specification's pseudocode."""
    key, h = text.encode("utf-8"), 0
    for i in range(0, len(key) - len(key) % 4, 4):
        k = key[i] | key[i + 1] << 8 | key[i + 2] << 16 | key[i + 3] << 24
        h = rotate(h ^ (rotate(k * 0xCC9E2D51 % 2**32, 15) * 0x1B873593 % 2**32), 13) * 5 + 0xE6546B64
        h %= 2**32
    tail = key[len(key) - len(key) % 4 :]
    if tail:
        k = sum(byte << 8 * i for i, byte in enumerate(tail))
        h ^= rotate(k * 0xCC9E2D51 % 2**32, 15) * 0x1B873593 % 2**32
    h ^= len(key)
    h = (h ^ h >> 16) * 0x85EBCA6B % 2**32
    h = (h ^ h >> 13) * 0xC2B2AE35 % 2**32
    return h ^ h >> 16


def decode(channels: dict[str, np.ndarray], attributes: dict[str, str]) -> dict[str, np.ndarray]:
    """The matte of each name of the manifest: the sum of the coverages beside its identifier."""
    keys = {name.split("/")[1] for name in attributes if name.startswith("cryptomatte/")}
    (key,) = keys
    layer = attributes[f"cryptomatte/{key}/name"]
    assert f"{reference_hash(layer):08x}"[:7] == key
    assert attributes[f"cryptomatte/{key}/hash"] == "MurmurHash3_32"
    assert attributes[f"cryptomatte/{key}/conversion"] == "uint32_to_float32"
    manifest = json.loads(attributes[f"cryptomatte/{key}/manifest"])
    mattes = {}
    for name, digits in manifest.items():
        wanted = int(digits, 16)
        exponent = reference_hash(name) >> 23 & 255
        assert wanted == reference_hash(name) or exponent in (0, 255)
        total = 0.0
        for number in range(10):
            for ident, coverage in (("R", "G"), ("B", "A")):
                plane = channels.get(f"{layer}{number:02}.{ident}")
                if plane is not None:
                    assert plane.dtype == np.float32
                    match = plane.view(np.uint32) == wanted
                    total = total + np.where(match, channels[f"{layer}{number:02}.{coverage}"], 0)
        mattes[name] = total
    return mattes


@pytest.mark.parametrize(("text", "expected"), [("", 0), ("hello", 0x248BFA47), ("hello, world", 0x149BBB7F)])
def test_the_hash_is_murmur3(text: str, expected: int) -> None:
    assert hash_murmur3(text.encode()) == reference_hash(text) == expected


def test_identifiers_are_finite_floats() -> None:
    names = [f"subject{n}" for n in range(3000)]
    values = np.array([identifier_bits(name) for name in names], np.uint32).view(np.float32)
    assert np.isfinite(values).all()
    assert (np.abs(values) >= np.finfo(np.float32).tiny).all()
    guarded = [name for name in names if reference_hash(name) >> 23 & 255 in (0, 255)]
    assert guarded  # some are met, so that the rule is tried
    assert all(identifier_bits(name) == reference_hash(name) ^ 1 << 23 for name in guarded)


def test_every_matte_comes_back() -> None:
    rng = np.random.default_rng(1)
    shares = rng.dirichlet([0.3] * 6, (20, 30)).astype(np.float32)  # five subjects and the ground
    mattes = {f"person {n}": shares[..., n] for n in range(5)}
    encoded = encode_cryptomatte(mattes, names=["gone"])
    found = decode(encoded.channels, encoded.attributes)
    assert set(found) == {*mattes, "gone"}
    for name, matte in mattes.items():
        assert np.abs(found[name] - matte).max() < 1 / 255
    assert np.abs(found["gone"]).max() == 0
    ranks = [encoded.channels[f"subjects{n:02}.{c}"] for n in range(3) for c in "GA"]
    assert all((first >= second).all() for first, second in pairwise(ranks))


def test_mattes_that_overlap_share_a_pixel() -> None:
    whole = np.ones((2, 2), np.float32)
    encoded = encode_cryptomatte({"a": whole, "b": whole})
    found = decode(encoded.channels, encoded.attributes)
    assert np.allclose(found["a"] + found["b"], 1)
    assert encode_cryptomatte({}).channels == {}

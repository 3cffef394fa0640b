"""The invisible watermark: it outlives what pictures go through on their way, and is found in no unmarked one."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from mattebox.errors import OutputError
from mattebox.provenance.watermark.detection import read_watermark
from mattebox.provenance.watermark.embedding import embed_watermark
from mattebox.provenance.watermark.payload import payload_bits, read_payload
from mattebox.types import Picture

IDENTIFIER = 0xC0FFEE42
MIN_PSNR = 40.0


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((first.astype(float) - second) ** 2)))


def compress(rgb: np.ndarray, format: str, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, format, quality=quality)
    return np.array(Image.open(file).convert("RGB"))


def resize(rgb: np.ndarray, factor: float) -> np.ndarray:
    height, width = rgb.shape[:2]
    return np.array(Image.fromarray(rgb).resize((round(width * factor), round(height * factor)), Image.LANCZOS))


ATTACKS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "JPEG 50": lambda rgb: compress(rgb, "JPEG", 50),
    "WebP 75": lambda rgb: compress(rgb, "WEBP", 75),
    "half size": lambda rgb: resize(rgb, 0.5),
    "another size": lambda rgb: resize(rgb, 0.77),
    "brighter": lambda rgb: np.clip(np.round(rgb * 1.1), 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket"])
def test_it_is_read_after_what_pictures_go_through(name: str, request: pytest.FixtureRequest) -> None:
    picture: Picture = request.getfixturevalue(name)
    marked = embed_watermark(picture, IDENTIFIER)
    assert psnr(marked.rgb, picture.rgb) >= MIN_PSNR
    lost = [
        attack
        for attack, apply in ATTACKS.items()
        if read_watermark(Picture(apply(marked.rgb)), searches_crops=False) != IDENTIFIER
    ]
    assert lost == []


def test_it_is_read_in_crops(coffee: Picture) -> None:
    marked = embed_watermark(coffee, IDENTIFIER).rgb
    generator = np.random.default_rng(7)
    read = 0
    for _ in range(5):
        top, left = generator.integers(0, 41), generator.integers(0, 61)
        read += read_watermark(Picture(np.ascontiguousarray(marked[top : top + 360, left : left + 540]))) == IDENTIFIER
    assert read == 5


def test_nothing_is_read_in_unmarked_pictures(astronaut: Picture, coffee: Picture, chelsea: Picture) -> None:
    flat = Picture(np.full((300, 400, 3), 200, np.uint8))
    noise = Picture(np.random.default_rng(3).integers(0, 256, (300, 400, 3)).astype(np.uint8))
    checks = Picture(
        np.kron(np.indices((38, 50)).sum(0) % 2 * 255, np.ones((8, 8)))[..., None].repeat(3, 2).astype("u1")
    )
    assert [read_watermark(p) for p in (astronaut, coffee, chelsea, flat, noise, checks)] == [None] * 6


def test_only_opaque_pixels_change_at_either_depth(astronaut: Picture) -> None:
    alpha = np.full((512, 512), 65535, np.uint16)
    alpha[:, :128], alpha[:, 128:144] = 0, 30000
    picture = Picture(astronaut.rgb.astype(np.uint16) * 257, alpha)
    marked = embed_watermark(picture, IDENTIFIER)
    changed = (marked.rgb != picture.rgb).any(2)
    assert not changed[:, :144].any()
    assert changed[:, 144:].mean() > 0.9
    assert marked.alpha is picture.alpha
    assert read_watermark(marked, searches_crops=False) == IDENTIFIER


def test_what_cannot_carry_it_says_so() -> None:
    with pytest.raises(OutputError, match="256 pixels"):
        embed_watermark(Picture(np.full((100, 200, 3), 90, np.uint8)), 1)
    with pytest.raises(OutputError, match="cannot be read back"):
        embed_watermark(Picture(np.full((300, 300, 3), 90, np.uint8), np.zeros((300, 300), np.uint8)), 1)


def test_unsure_bits_are_corrected() -> None:
    soft = np.where(payload_bits(IDENTIFIER) == 1, -10, 10).astype(np.float32)
    assert read_payload(soft, corrects=False) == IDENTIFIER
    soft[[3, 40]] *= -0.1
    assert read_payload(soft, corrects=False) is None
    assert read_payload(soft, corrects=True) == IDENTIFIER

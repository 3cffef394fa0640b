"""The invisible watermark: how much it changes, what it outlives, and how often it is found where there is none.

    python -m benchmarks.watermark                     photographs that scikit-image brings
    python -m benchmarks.watermark PHOTO...            your own
    python -m benchmarks.watermark --unmarked 10000    false positives, on small crops, gradients and noise

Every picture gets an identifier of its own. A mark counts as read when all its 32 bits are right.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

import mattebox as mb
from mattebox.provenance.watermark.detection import read_watermark
from mattebox.provenance.watermark.embedding import embed_watermark
from mattebox.types import Picture

BUNDLED_PHOTOGRAPHS = (
    "astronaut",
    "chelsea",
    "coffee",
    "rocket",
    "hubble_deep_field",
    "retina",
    "immunohistochemistry",
)
CROP_SHARE, CROPS_PER_PICTURE = 0.9, 10
UNMARKED_SHAPE = 64, 256
PROGRESS_INTERVAL = 500

Pixels8 = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def compress(rgb: Pixels8, format: str, quality: int) -> Pixels8:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, format, quality=quality)
    return np.array(Image.open(file).convert("RGB"))


def resize(rgb: Pixels8, factor: float) -> Pixels8:
    size = round(rgb.shape[1] * factor), round(rgb.shape[0] * factor)
    return np.array(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))


def scale_values(rgb: Pixels8, factor: float) -> Pixels8:
    return np.clip(np.round(rgb * factor), 0, 255).astype(np.uint8)


def add_noise(rgb: Pixels8, deviation: float) -> Pixels8:
    noise = np.random.default_rng(0).normal(0, deviation, rgb.shape)
    return np.clip(np.round(rgb + noise), 0, 255).astype(np.uint8)


ATTACKS: dict[str, Callable[[Pixels8], Pixels8]] = {
    "none": lambda rgb: rgb,
    "JPEG 75": lambda rgb: compress(rgb, "JPEG", 75),
    "JPEG 50": lambda rgb: compress(rgb, "JPEG", 50),
    "JPEG 30": lambda rgb: compress(rgb, "JPEG", 30),
    "WebP 75": lambda rgb: compress(rgb, "WEBP", 75),
    "WebP 50": lambda rgb: compress(rgb, "WEBP", 50),
    "half size": lambda rgb: resize(rgb, 0.5),
    "half size, JPEG 75": lambda rgb: compress(resize(rgb, 0.5), "JPEG", 75),
    "size x 0.77": lambda rgb: resize(rgb, 0.77),
    "size x 1.5": lambda rgb: resize(rgb, 1.5),
    "brightness x 1.1": lambda rgb: scale_values(rgb, 1.1),
    "brightness x 0.85": lambda rgb: scale_values(rgb, 0.85),
    "noise, 4 of 255": lambda rgb: add_noise(rgb, 4),
}


def psnr(first: Pixels8, second: Pixels8) -> float:
    return float(10 * np.log10(255**2 / np.mean((first.astype(np.float64) - second) ** 2)))


def photographs(paths: list[Path]) -> Iterator[tuple[str, Pixels8]]:
    """Names and pixels."""
    for path in paths:
        yield path.name, mb.read(path).rgb.astype(np.uint8)
    for name in () if paths else BUNDLED_PHOTOGRAPHS:
        yield name, getattr(skimage.data, name)()[..., :3]


def measure_robustness(paths: list[Path]) -> None:
    """Print the change and how many marks are read after each attack."""
    generator = np.random.default_rng(11)
    counts, crops, total = dict.fromkeys(ATTACKS, 0), [0, 0], 0
    for name, rgb in photographs(paths):
        identifier = int(generator.integers(2**32))
        marked = embed_watermark(Picture(rgb), identifier).rgb.astype(np.uint8)
        total += 1
        lost = []
        for attack, apply in ATTACKS.items():
            is_read = read_watermark(Picture(apply(marked)), searches_crops=False) == identifier
            counts[attack] += is_read
            lost += [] if is_read else [attack]
        for index, quality in enumerate((None, 75)):
            crops[index] += sum(
                read_watermark(Picture(crop(marked, generator, quality))) == identifier
                for _ in range(CROPS_PER_PICTURE)
            )
        height, width = rgb.shape[:2]
        print(f"{name:24} {width} x {height}  {psnr(marked, rgb):.1f} dB  lost: {', '.join(lost) or '-'}", flush=True)
    for attack, count in counts.items():
        print(f"{attack:20} {count} of {total}")
    print(f"crop to {CROP_SHARE:.0%} a side   {crops[0]} of {total * CROPS_PER_PICTURE}")
    print(f"the same, JPEG 75    {crops[1]} of {total * CROPS_PER_PICTURE}")


def crop(rgb: Pixels8, generator: np.random.Generator, quality: int | None) -> Pixels8:
    """A crop at a random place, compressed if a quality is given."""
    height, width = (round(side * CROP_SHARE) for side in rgb.shape[:2])
    top, left = (int(generator.integers(0, f - s + 1)) for f, s in zip(rgb.shape[:2], (height, width), strict=True))
    part = np.ascontiguousarray(rgb[top : top + height, left : left + width])
    return part if quality is None else compress(part, "JPEG", quality)


def unmarked_pictures(count: int, seed: int) -> Iterator[Pixels8]:
    """Half photo crops at random scales, the others gradients and noise."""
    generator = np.random.default_rng(seed)
    sources = [rgb for _, rgb in photographs([])]
    height, width = UNMARKED_SHAPE
    for number in range(count):
        if number % 4 == 2:
            corners = generator.uniform(0, 255, (2, 2, 3)).astype(np.uint8)
            yield np.array(Image.fromarray(corners).resize((width, height), Image.Resampling.BILINEAR))
        elif number % 4 == 3:
            noise = generator.normal(128, generator.uniform(2, 60), (*UNMARKED_SHAPE, 3))
            yield np.clip(noise, 0, 255).astype(np.uint8)
        else:
            source = sources[int(generator.integers(len(sources)))]
            across = int(generator.integers(width // 2, source.shape[1] + 1))
            down = across * height // width
            top = int(generator.integers(0, source.shape[0] - down + 1))
            left = int(generator.integers(0, source.shape[1] - across + 1))
            part = np.ascontiguousarray(source[top : top + down, left : left + across])
            yield np.array(Image.fromarray(part).resize((width, height), Image.Resampling.BICUBIC))


def count_false_positives(count: int, seed: int) -> None:
    """Print how many unmarked pictures a mark is found in, by the full search."""
    found = 0
    for number, rgb in enumerate(unmarked_pictures(count, seed), 1):
        found += read_watermark(Picture(rgb)) is not None
        if number % PROGRESS_INTERVAL == 0 or number == count:
            print(f"found in {found} of {number} unmarked pictures", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photographs", nargs="*", type=Path)
    parser.add_argument("--unmarked", type=int, default=0, help="count false positives in so many unmarked pictures")
    parser.add_argument("--seed", type=int, default=0, help="of these pictures: other seeds, other pictures")
    options = parser.parse_args()
    if options.unmarked:
        count_false_positives(options.unmarked, options.seed)
    else:
        measure_robustness(options.photographs)


if __name__ == "__main__":
    main()

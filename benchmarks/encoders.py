"""What a 12-megapixel cutout costs to encode: our PNG encoder against Pillow's formats, in one run.

    python -m benchmarks.encoders [--repeats 3]

The picture is scikit-image's astronaut, enlarged, under an elliptical matte; hidden colours are zeroed for all alike.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import skimage.data
from PIL import Image

from mattebox.io.png_encoder import encode_png

PICTURE_SIZE = (3000, 4000)


def make_cutout() -> tuple[np.ndarray, np.ndarray]:
    rgb = np.array(Image.fromarray(skimage.data.astronaut()).resize(PICTURE_SIZE[::-1], Image.Resampling.BICUBIC))
    y, x = np.mgrid[: PICTURE_SIZE[0], : PICTURE_SIZE[1]]
    distance = np.hypot((y - 1500) / 1200, (x - 2000) / 1400)
    alpha = (np.clip((1 - distance) * 60, 0, 1) * 255).astype(np.uint8)
    rgb[alpha == 0] = 0
    return rgb, alpha


def pillow_encoder(rgba: Image.Image, format: str, **options: object) -> Callable[[], bytes]:
    def encode() -> bytes:
        file = io.BytesIO()
        rgba.save(file, format, **options)
        return file.getvalue()

    return encode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    rgb, alpha = make_cutout()
    rgba = Image.fromarray(np.dstack([rgb, alpha]))
    encoders = {
        "ours, 2 threads": lambda: encode_png(rgb, alpha, threads=2),
        "ours, 1 thread": lambda: encode_png(rgb, alpha, threads=1),
        "Pillow PNG level 1": pillow_encoder(rgba, "png", compress_level=1),
        "Pillow PNG level 6 (its default)": pillow_encoder(rgba, "png"),
        "WebP lossless, method 0, quality 0": pillow_encoder(rgba, "webp", lossless=True, method=0, quality=0),
        "WebP quality 90, method 2": pillow_encoder(rgba, "webp", quality=90, method=2),
        "AVIF quality 80, speed 8": pillow_encoder(rgba, "avif", quality=80, speed=8),
        "JPEG quality 92, 4:4:4 (no alpha)": pillow_encoder(
            rgba.convert("RGB"), "jpeg", quality=92, subsampling="4:4:4"
        ),
    }
    print("| encoder | ms | of ours | MB |\n|---|---|---|---|")
    base = 0.0
    for name, encode in encoders.items():
        times = []
        content = b""
        for _ in range(repeats):
            begun = time.perf_counter()
            content = encode()
            times.append(time.perf_counter() - begun)
        base = base or median(times)
        print(
            f"| {name} | {median(times) * 1000:.0f} | {median(times) / base:.1f}x | {len(content) / 1e6:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

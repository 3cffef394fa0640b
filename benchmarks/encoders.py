"""Time and size of encoding a 12-megapixel cutout: our PNG encoder against Pillow's formats, in turn.

    python -m benchmarks.encoders [--repeats 3]

The picture is scikit-image's astronaut, enlarged, under an elliptical matte. Hidden colours are zero for all encoders.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np
from PIL import Image

from benchmarks.common import argument_parser, enlarge_photograph, time_rounds
from mattebox.io.png_encoder import encode_png

PICTURE_SHAPE = (3000, 4000)


def make_cutout() -> tuple[np.ndarray, np.ndarray]:
    """Colours and alpha."""
    rgb = enlarge_photograph("astronaut", PICTURE_SHAPE[::-1]).copy()
    y, x = np.mgrid[: PICTURE_SHAPE[0], : PICTURE_SHAPE[1]]
    distance = np.hypot((y - 1500) / 1200, (x - 2000) / 1400)
    alpha = (np.clip((1 - distance) * 60, 0, 1) * 255).astype(np.uint8)
    rgb[alpha == 0] = 0
    return rgb, alpha


def encode_with_pillow(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def main() -> None:
    repeats = argument_parser(__doc__, repeats=3).parse_args().repeats
    rgb, alpha = make_cutout()
    rgba = Image.fromarray(np.dstack([rgb, alpha]))
    encode = partial(encode_with_pillow, rgba)
    encoders: dict[str, Callable[[], bytes]] = {
        "mattebox PNG, 2 threads": lambda: encode_png(rgb, alpha, threads=2),
        "mattebox PNG, 1 thread": lambda: encode_png(rgb, alpha, threads=1),
        "Pillow PNG level 1": partial(encode, "png", compress_level=1),
        "Pillow PNG level 6 (its default)": partial(encode, "png"),
        "WebP lossless, method 0, quality 0": partial(encode, "webp", lossless=True, method=0, quality=0),
        "WebP quality 90, method 2": partial(encode, "webp", quality=90, method=2),
        "AVIF quality 80, speed 8": partial(encode, "avif", quality=80, speed=8),
        "JPEG quality 92, 4:4:4 (no alpha)": partial(
            encode_with_pillow, rgba.convert("RGB"), "jpeg", quality=92, subsampling="4:4:4"
        ),
    }
    megabytes = {name: len(function()) / 1e6 for name, function in encoders.items()}
    seconds = {name: median(values) for name, values in time_rounds(encoders, repeats).items()}
    base = seconds["mattebox PNG, 2 threads"]
    print("| encoder | ms | of mattebox's | MB |\n|---|---|---|---|")
    for name in encoders:
        print(f"| {name} | {seconds[name] * 1000:.0f} | {seconds[name] / base:.1f}x | {megabytes[name]:.1f} |")


if __name__ == "__main__":
    main()

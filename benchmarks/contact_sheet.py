"""Contact sheet to look at after any change of output: photographs, their mattes, and the cutouts on plain backdrops.

    python -m benchmarks.contact_sheet OUT.png [PHOTO ...] [--model NAME] [--row-height 300]

Without photographs it shows scikit-image's (public domain or CC0). The picture in the README is one row of it:
    python -m benchmarks.contact_sheet docs/result.png --names coffee chelsea --grounds checker
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

import mattebox as mb
from benchmarks.common import PHOTO_NAMES, argument_parser, load_photograph
from mattebox.types import Picture

BACKDROP_COLOURS = {"green": (0, 200, 0), "white": (255, 255, 255), "black": (0, 0, 0)}
BACKDROP_NAMES = ("checker", *BACKDROP_COLOURS)


def draw_backdrop(name: str, height: int, width: int) -> np.ndarray:
    if name == "checker":
        y, x = np.mgrid[:height, :width] // 16
        return np.where(((x + y) % 2)[..., None], 204, 255) * np.ones(3)
    return np.broadcast_to(BACKDROP_COLOURS[name], (height, width, 3))


def render_cells(picture: Picture, model: str, backdrops: list[str]) -> list[np.ndarray]:
    """The photograph, its matte (unless there is only one backdrop), and the cutout on each backdrop."""
    try:
        result = mb.cut(picture, model=model)
    except mb.NoSubject:
        return [picture.rgb, *[np.zeros_like(picture.rgb)] * (len(backdrops) + (len(backdrops) > 1))]
    assert result.picture.alpha is not None
    alpha = result.picture.alpha[..., None] / result.picture.bit_depth.peak
    cells = [picture.rgb]
    if len(backdrops) > 1:
        cells.append((alpha * 255 * np.ones(3)).astype(np.uint8))
    for name in backdrops:
        blend = alpha * result.picture.rgb + (1 - alpha) * draw_backdrop(name, *picture.shape)
        cells.append(np.round(blend).astype(np.uint8))
    return cells


def join_row(cells: list[np.ndarray], height: int) -> Image.Image:
    images = [Image.fromarray(pixels) for pixels in cells]
    images = [i.resize((round(i.width * height / i.height), height), Image.Resampling.LANCZOS) for i in images]
    row = Image.new("RGB", (sum(i.width for i in images), height))
    for n, image in enumerate(images):
        row.paste(image, (sum(i.width for i in images[:n]), 0))
    return row


def main() -> None:
    parser = argument_parser(__doc__, model="balanced", row_height=300)
    parser.add_argument("out", type=Path)
    parser.add_argument("photos", type=Path, nargs="*")
    parser.add_argument("--names", nargs="+", default=PHOTO_NAMES, choices=PHOTO_NAMES)
    parser.add_argument("--grounds", nargs="+", default=BACKDROP_NAMES, choices=BACKDROP_NAMES)
    args = parser.parse_args()
    pictures = [mb.read(p) for p in args.photos] or [Picture(load_photograph(name)) for name in args.names]
    rows = [join_row(render_cells(p, args.model, list(args.grounds)), args.row_height) for p in pictures]
    sheet = Image.new("RGB", (max(r.width for r in rows), sum(r.height for r in rows)), "white")
    for n, row in enumerate(rows):
        sheet.paste(row, (0, n * args.row_height))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(args.out, optimize=True)


if __name__ == "__main__":
    main()

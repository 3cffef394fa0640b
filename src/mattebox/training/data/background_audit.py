"""Audit of background sets: list the pictures in which a network finds a subject, and draw them on a contact sheet.

    python -m mattebox.training.data.background_audit DATA --cards balanced u2netp.json --sheet sheet.png > names.txt

Sets gathered as backgrounds often contain subjects, and teach a network to ignore them. The networks may be wrong, too:
look at the sheet, delete wrong lines from the list, and give the rest to a recipe (`leave_out`) and to
`mattebox.training.tasks.cutout.subject_head` (`--leave-out`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from mattebox.errors import MatteboxError
from mattebox.matting.segmentation import segment
from mattebox.models.matte_session import Session
from mattebox.training.data.dataset import stream_samples
from mattebox.types import Picture

TILE_SIZE_PIXELS, CAPTION_HEIGHT_PIXELS, TILES_PER_ROW = (160, 120), 14, 10


class SuspectBackground(NamedTuple):
    """A background, the highest confidence of a network that it has a subject, and its thumbnail."""

    name: str
    confidence: float
    thumbnail: Image.Image


def find_suspect_backgrounds(
    data: Path, sessions: Sequence[Session], min_confidence: float
) -> Iterator[SuspectBackground]:
    """Training backgrounds in which a network's confidence of a subject is at least `min_confidence`."""
    for row, image, _ in stream_samples(data, "background", "train"):
        picture = Picture(np.ascontiguousarray(image))
        confidence = max(segment(picture, session).confidence for session in sessions)
        if confidence >= min_confidence:
            yield SuspectBackground(row.key, confidence, image.resize(TILE_SIZE_PIXELS))


def draw_suspect_sheet(suspects: Sequence[SuspectBackground]) -> Image.Image:
    """Contact sheet of thumbnails, each below the end of its name and its confidence."""
    rows = max(1, -(-len(suspects) // TILES_PER_ROW))
    width, row_height = TILE_SIZE_PIXELS[0], TILE_SIZE_PIXELS[1] + CAPTION_HEIGHT_PIXELS
    sheet = Image.new("RGB", (width * TILES_PER_ROW, row_height * rows), "white")
    draw = ImageDraw.Draw(sheet)
    for number, suspect in enumerate(suspects):
        left, top = number % TILES_PER_ROW * width, number // TILES_PER_ROW * row_height
        draw.text((left + 2, top + 1), f"{suspect.name[-18:]}  {suspect.confidence:.2f}", fill="black")
        sheet.paste(suspect.thumbnail, (left, top + CAPTION_HEIGHT_PIXELS))
    return sheet


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cards", nargs="+", default=["balanced"])
    parser.add_argument("--sure", type=float, default=0.5, help="confidence from which a background is listed")
    parser.add_argument("--sheet", type=Path, required=True, help="contact sheet of the listed backgrounds")
    args = parser.parse_args(argv)
    try:
        suspects = list(find_suspect_backgrounds(args.data, [Session.open(card) for card in args.cards], args.sure))
    except MatteboxError as error:
        sys.exit(f"error: {error}")
    draw_suspect_sheet(suspects).save(args.sheet)
    for suspect in suspects:
        print(f"{suspect.name}  # {suspect.confidence:.2f}")


if __name__ == "__main__":
    main()

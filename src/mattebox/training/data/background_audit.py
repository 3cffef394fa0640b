"""Backgrounds that hold a subject after all, for somebody to look at: named, and drawn on one sheet.

    python -m mattebox.training.data.background_audit DATA --cards balanced u2netp.json --sheet sheet.png > leave-out.txt

Sets gathered as "nothing here" seldom are that throughout, and teach a network not to see people. What is named goes
by what a card's network is sure of, which is at times just what it should unlearn: so look at the sheet, take those
lines out that are wrong, and give the rest to a recipe (`leave_out`) and to mattebox.training.tasks.cutout.subject_head (`--leave-out`).
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

TILE_SIZE_PIXELS, CAPTION_HEIGHT_PIXELS, TILES_PER_ROW = (160, 120), 14, 10  # pixels, and tiles in a row


class SuspectBackground(NamedTuple):
    """A background's name, the surest network's confidence that there is a subject, and the picture, small."""

    name: str
    confidence: float
    picture: Image.Image


def find_suspect_backgrounds(
    data: Path, sessions: Sequence[Session], min_confidence: float
) -> Iterator[SuspectBackground]:
    """Training backgrounds in which a network is that `min_confidence` of a subject, or surer."""
    for row, picture, _ in stream_samples(data, "background", "train"):
        seen = Picture(np.ascontiguousarray(picture))
        confidence = max(segment(seen, session).confidence for session in sessions)
        if confidence >= min_confidence:
            yield SuspectBackground(row.key, confidence, picture.resize(TILE_SIZE_PIXELS))


def draw_suspect_sheet(suspects: Sequence[SuspectBackground]) -> Image.Image:
    """All of them, the end of each name above."""
    rows = max(1, -(-len(suspects) // TILES_PER_ROW))
    made = Image.new(
        "RGB", (TILE_SIZE_PIXELS[0] * TILES_PER_ROW, (TILE_SIZE_PIXELS[1] + CAPTION_HEIGHT_PIXELS) * rows), "white"
    )
    draw = ImageDraw.Draw(made)
    for number, one in enumerate(suspects):
        left, top = (
            number % TILES_PER_ROW * TILE_SIZE_PIXELS[0],
            number // TILES_PER_ROW * (TILE_SIZE_PIXELS[1] + CAPTION_HEIGHT_PIXELS),
        )
        draw.text((left + 2, top + 1), f"{one.name[-18:]}  {one.confidence:.2f}", fill="black")
        made.paste(one.picture, (left, top + CAPTION_HEIGHT_PIXELS))
    return made


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cards", nargs="+", default=["balanced"])
    parser.add_argument("--sure", type=float, default=0.5, help="confidence from which one is named")
    parser.add_argument("--sheet", type=Path, required=True, help="a picture of all that are named")
    args = parser.parse_args(argv)
    try:
        found = list(find_suspect_backgrounds(args.data, [Session.open(card) for card in args.cards], args.sure))
    except MatteboxError as error:
        sys.exit(f"error: {error}")
    draw_suspect_sheet(found).save(args.sheet)
    for one in found:
        print(f"{one.name}  # {one.confidence:.2f}")


if __name__ == "__main__":
    main()

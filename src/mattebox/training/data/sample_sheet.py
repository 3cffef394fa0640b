"""Contact sheet of training samples and their masks, to check the data before a run.

mattebox sheet DATA --out sheet.png [--count 32] [--side 192]
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from mattebox.errors import MatteboxError
from mattebox.training.data.batch_sampler import BatchSampler
from mattebox.training.data.dataset import has_samples
from mattebox.training.data.pool import load_pool

SAMPLES_PER_ROW = 4  # each beside its mask


def draw_sample_sheet(data: Path, count: int, side: int, seed: int = 0) -> Image.Image:
    """Contact sheet of `count` augmented samples of about `side` pixels, each beside its mask."""
    random.seed(seed)
    torch.manual_seed(seed)
    labelled = load_pool(data, "labelled", side)
    backgrounds = load_pool(data, "background", side) if has_samples(data, "background") else None
    batch = BatchSampler(labelled, labelled, backgrounds).sample_batch(count, (side, side))
    tiles = []
    for rgb, alpha in zip(batch.rgb, batch.alpha, strict=True):
        picture = rgb.permute(1, 2, 0).clamp(0, 1).numpy()
        mask = alpha[0].float().numpy()[..., None].repeat(3, 2)
        tiles.append(np.concatenate([picture, mask], 1))
    while len(tiles) % SAMPLES_PER_ROW:
        tiles.append(np.zeros_like(tiles[0]))
    rows = [np.concatenate(tiles[i : i + SAMPLES_PER_ROW], 1) for i in range(0, len(tiles), SAMPLES_PER_ROW)]
    return Image.fromarray(np.rint(np.concatenate(rows) * 255).astype(np.uint8))


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> None:
    parser = argparse.ArgumentParser(prog, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=32)
    parser.add_argument("--side", type=int, default=192)
    args = parser.parse_args(argv)
    try:
        draw_sample_sheet(args.data, args.count, args.side).save(args.out)
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()

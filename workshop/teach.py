"""Teachers' opinion of unlabelled photographs: soft masks for distillation (Hinton et al. 2015), in one file.

    python -m workshop.teach DATA soft.npz TEACHER [TEACHER ...]

A teacher is a card: its name, or the path of one of your own (any ONNX network has a card after `mattebox models add
my.onnx --like u2net`). Several are averaged, which errs less than the best of them (LOG.md, 2026-11-25). Their weights
label and are never shipped. Knows nothing of training.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from mattebox.errors import MatteboxError
from mattebox.matte.votes import agreed
from workshop.material import stream
from workshop.predictors import Predict, house_predictor

SIDE = 160
SHARPER = 1.5  # an average of opinions is less decided than any of them


def teach(data: Path, teachers: list[Predict]) -> np.ndarray:
    """N x SIDE x SIDE uint8 masks of the unlabelled training pictures, in manifest order."""
    masks = []
    for _, picture, _ in stream(data, "unlabelled", "train"):
        alpha = agreed([teacher(np.asarray(picture)) for teacher in teachers], SHARPER)
        small = Image.fromarray(np.round(alpha * 255).astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.BOX)
        masks.append(np.asarray(small))
    return np.stack(masks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("teachers", nargs="+", metavar="TEACHER")
    args = parser.parse_args()
    try:
        np.savez_compressed(args.out, masks=teach(args.data, [house_predictor(name) for name in args.teachers]))
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()

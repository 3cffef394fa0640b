"""Teachers' opinion of unlabelled photographs: soft masks for distillation (Hinton et al. 2015), in one file.

    python -m mattebox.training.tasks.cutout.pseudo_labels DATA soft.npz TEACHER [TEACHER ...]

A teacher is a card: its name, or the path of one of your own (any ONNX network has a card after `mattebox models add
my.onnx --like u2net`). Several are averaged, which errs less than the best of them, the more decided ones counting more
for each picture (LOG.md, 2026-11-25 and -27). Their weights label and are never shipped. Knows nothing of training.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from mattebox.errors import InputMissing, MatteboxError, UsageError
from mattebox.io.atomic_write import write_bytes
from mattebox.matting.test_time_augmentation import average_alphas
from mattebox.training.data.dataset import count_samples, stream_samples
from mattebox.training.evaluate.predictors import AlphaPredictor, card_predictor
from mattebox.types import Floats

MASK_SIDE_PIXELS = 160
LOGIT_SCALE = 1.5  # an average of opinions is less decided than any of them
OPACITY_EXPONENT = 4  # the power of decidedness by which a teacher counts
EMPTY_MASK_OPACITY = 0.02  # decidedness of one that sees (almost) nothing: the others may know the thing
MIN_SUBJECT_SHARE = 0.004  # share of the picture below which that is so
PROGRESS_INTERVAL_PICTURES = 100  # pictures between two lines of progress


def write_soft_labels(data: Path, teachers: list[str], out: Path) -> None:
    """Write to `out` what teachers say of the unlabelled pictures, unless they have already: the file appears whole.

    MatteboxError: InputMissing when there is no such picture, UsageError when other teachers wrote the file.
    """
    if out.exists():
        with np.load(out) as file:
            written = list(map(str, file["teachers"])) if "teachers" in file else ["teachers it does not name"]
        if written != teachers:
            raise UsageError(f"{out} holds the opinion of {', '.join(written)}", "remove it, or name the same teachers")
        return
    masks, content = compute_soft_labels(data, [card_predictor(name) for name in teachers]), io.BytesIO()
    np.savez_compressed(content, masks=masks, teachers=teachers)
    write_bytes(out, content.getvalue(), overwrite=False)


def compute_soft_labels(data: Path, teachers: list[AlphaPredictor]) -> np.ndarray:
    """N x SIDE x SIDE uint8 masks of the unlabelled training pictures, in the material's order. InputMissing."""
    whole, masks = count_samples(data, "unlabelled", "train"), []
    if not whole:
        raise InputMissing(f"{data}: no unlabelled picture", "put some into unlabelled/, beside images/ and masks/")
    for _, picture, _ in stream_samples(data, "unlabelled", "train"):
        alpha = average_teacher_alphas([teacher(np.asarray(picture)) for teacher in teachers])
        small = Image.fromarray(np.round(alpha * 255).astype(np.uint8)).resize(
            (MASK_SIDE_PIXELS, MASK_SIDE_PIXELS), Image.Resampling.BOX
        )
        masks.append(np.asarray(small))
        if len(masks) % PROGRESS_INTERVAL_PICTURES == 0:
            print(f"taught {len(masks)} of {whole}", file=sys.stderr, flush=True)
    return np.stack(masks)


def average_teacher_alphas(alphas: list[Floats]) -> Floats:
    """What several teachers say, H x W, 0..1: whoever sees only haze, or nothing, leaves it to those who are sure."""
    return average_alphas(alphas, LOGIT_SCALE, [mean_opacity(alpha) ** OPACITY_EXPONENT for alpha in alphas])


def mean_opacity(alpha: Floats) -> float:
    """How opaque, 0..1, a teacher takes its subject to be: the mean of alpha weighted by itself."""
    mass = float(alpha.sum())
    return float((alpha * alpha).sum()) / mass if mass > MIN_SUBJECT_SHARE * alpha.size else EMPTY_MASK_OPACITY


def read_soft_labels(file: Path | None) -> np.ndarray | None:
    """Teachers' masks as `label` wrote them, N x h x w uint8; None without a file."""
    if file is None:
        return None
    with np.load(file) as content:
        masks: np.ndarray = content["masks"]
    return masks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("teachers", nargs="+", metavar="TEACHER")
    args = parser.parse_args()
    try:
        write_soft_labels(args.data, args.teachers, args.out)
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()

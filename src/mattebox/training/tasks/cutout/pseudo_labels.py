"""Soft labels for unlabelled photographs: teachers' masks for distillation (Hinton et al. 2015), in one file.

    python -m mattebox.training.tasks.cutout.pseudo_labels DATA soft.npz TEACHER [TEACHER ...] [--side PIXELS]

A teacher is a card: its name, or the path of one of your own (any ONNX network has a card after `mattebox models add
my.onnx --like u2net`); or a teacher.csv beside DATA's shards, which says in which shard each picture's mask is.
Several are averaged, the more opaque masks counting more for each picture, which errs less than the best of them
(decision 012); `mixed_labels` mixes two by how decided they are. Teachers' weights are not shipped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image

from mattebox.errors import InputMissing, MatteboxError, UsageError
from mattebox.matting.tta import average_alphas
from mattebox.training.data.dataset import count_samples, stream_samples
from mattebox.training.data.soft_labels import SoftLabels, read_soft_labels, write_soft_labels
from mattebox.training.data.tar_shards import ManifestRow
from mattebox.training.data.teacher_shards import TeacherShards
from mattebox.training.evaluate.predictors import card_predictor
from mattebox.types import Floats

MASK_SIDE_PIXELS = 160
LOGIT_SCALE = 1.5  # an average of masks is less decided than any of them
OPACITY_EXPONENT = 4  # of the mean opacity, which weights a teacher
EMPTY_MASK_OPACITY = 0.02  # of a mask that is (almost) empty: other teachers may see the subject
MIN_SUBJECT_SHARE = 0.004  # mean alpha below which a mask is empty
PROGRESS_INTERVAL_PICTURES = 100  # between two lines of progress

Teacher: TypeAlias = Callable[[ManifestRow, Image.Image], Floats]
"""The mask, H x W, 0..1, of a picture of the data."""


def label_pictures(data: Path, teachers: list[str], out: Path, side: int = MASK_SIDE_PIXELS) -> None:
    """Write teachers' masks of the unlabelled pictures to a file, unless it holds them already.

    Parameters
    ----------
    data : Path
        Shards, a folder or a CSV with unlabelled pictures.
    teachers : list of str
        Names or paths of cards, or the table of shards with masks.
    out : Path
        The .npz file; it appears when it is complete.
    side : int
        Side of the square masks in pixels.

    Raises
    ------
    InputMissing
        If there is no unlabelled picture.
    UsageError
        If the file holds other teachers' masks.
    """
    if out.exists():
        written = read_soft_labels(out).teachers
        if written != teachers:
            raise UsageError(f"{out} holds the masks of {', '.join(written)}", "remove it, or name the same teachers")
        return
    with ExitStack() as stack:
        predictors = [_open_teacher(name, stack) for name in teachers]
        write_soft_labels(SoftLabels(compute_soft_masks(data, predictors, side), teachers), out)


def _open_teacher(name: str, stack: ExitStack) -> Teacher:
    """What gives a teacher's mask of a picture of the data: a network, or shards that hold it."""
    if Path(name).suffix == ".csv":
        masks = stack.enter_context(TeacherShards(Path(name)))
        return lambda row, _: masks.read_mask(row)
    predict = card_predictor(name)
    return lambda _, picture: predict(np.asarray(picture))


def compute_soft_masks(data: Path, teachers: list[Teacher], side: int = MASK_SIDE_PIXELS) -> np.ndarray:
    """Masks of the unlabelled training pictures, N x side x side uint8, in the order of the data. InputMissing."""
    count, masks = count_samples(data, "unlabelled", "train"), []
    if not count:
        raise InputMissing(f"{data}: no unlabelled picture", "put some into unlabelled/, beside images/ and masks/")
    for row, picture, _ in stream_samples(data, "unlabelled", "train"):
        alpha = average_teacher_alphas([teacher(row, picture) for teacher in teachers])
        mask = Image.fromarray(np.round(alpha * 255).astype(np.uint8))
        masks.append(np.asarray(mask.resize((side, side), Image.Resampling.BOX)))
        if len(masks) % PROGRESS_INTERVAL_PICTURES == 0:
            print(f"labelled {len(masks)} of {count}", file=sys.stderr, flush=True)
    return np.stack(masks)


def average_teacher_alphas(alphas: list[Floats]) -> Floats:
    """Average of several teachers' masks, H x W, 0..1; faint and empty ones count little."""
    return average_alphas(alphas, LOGIT_SCALE, [mean_opacity(alpha) ** OPACITY_EXPONENT for alpha in alphas])


def mean_opacity(alpha: Floats) -> float:
    """Opacity of a mask's subject, 0..1: the mean of alpha weighted by itself."""
    mass = float(alpha.sum())
    return float((alpha * alpha).sum()) / mass if mass > MIN_SUBJECT_SHARE * alpha.size else EMPTY_MASK_OPACITY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("teachers", nargs="+", metavar="TEACHER")
    parser.add_argument("--side", type=int, default=MASK_SIDE_PIXELS, help="of the square masks, in pixels")
    args = parser.parse_args()
    try:
        label_pictures(args.data, args.teachers, args.out, args.side)
    except MatteboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()

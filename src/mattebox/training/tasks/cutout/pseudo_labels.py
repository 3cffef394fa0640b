"""Soft labels for unlabelled photographs: teachers' masks for distillation (Hinton et al. 2015), in one file.

    python -m mattebox.training.tasks.cutout.pseudo_labels DATA soft.npz TEACHER [TEACHER ...]

A teacher is a card: its name, or the path of one of your own (any ONNX network has a card after `mattebox models add
my.onnx --like u2net`). Several are averaged, the more opaque masks counting more for each picture, which errs less than
the best of them (decision 012). Teachers' weights are not shipped.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from mattebox.errors import InputMissing, InputUnreadable, MatteboxError, UsageError
from mattebox.io.atomic_write import write_bytes
from mattebox.matting.tta import average_alphas
from mattebox.training.data.dataset import count_samples, stream_samples
from mattebox.training.evaluate.predictors import AlphaPredictor, card_predictor
from mattebox.types import Floats

MASK_SIDE_PIXELS = 160
LOGIT_SCALE = 1.5  # an average of masks is less decided than any of them
OPACITY_EXPONENT = 4  # of the mean opacity, which weights a teacher
EMPTY_MASK_OPACITY = 0.02  # of a mask that is (almost) empty: other teachers may see the subject
MIN_SUBJECT_SHARE = 0.004  # mean alpha below which a mask is empty
PROGRESS_INTERVAL_PICTURES = 100  # between two lines of progress


def write_soft_labels(data: Path, teachers: list[str], out: Path) -> None:
    """Write teachers' masks of the unlabelled pictures to a file, unless it holds them already.

    Parameters
    ----------
    data : Path
        Shards, a folder or a CSV with unlabelled pictures.
    teachers : list of str
        Names or paths of cards.
    out : Path
        The .npz file; it appears when it is complete.

    Raises
    ------
    InputMissing
        If there is no unlabelled picture.
    UsageError
        If the file holds other teachers' masks.
    """
    if out.exists():
        with np.load(out) as file:
            written = list(map(str, file["teachers"])) if "teachers" in file else ["teachers it does not name"]
        if written != teachers:
            raise UsageError(f"{out} holds the masks of {', '.join(written)}", "remove it, or name the same teachers")
        return
    masks, content = compute_soft_labels(data, [card_predictor(name) for name in teachers]), io.BytesIO()
    np.savez_compressed(content, masks=masks, teachers=teachers)
    write_bytes(out, content.getvalue(), overwrite=False)


def compute_soft_labels(data: Path, teachers: list[AlphaPredictor]) -> np.ndarray:
    """Masks of the unlabelled training pictures, N x SIDE x SIDE uint8, in the order of the data. InputMissing."""
    count, masks = count_samples(data, "unlabelled", "train"), []
    if not count:
        raise InputMissing(f"{data}: no unlabelled picture", "put some into unlabelled/, beside images/ and masks/")
    for _, picture, _ in stream_samples(data, "unlabelled", "train"):
        alpha = average_teacher_alphas([teacher(np.asarray(picture)) for teacher in teachers])
        small = Image.fromarray(np.round(alpha * 255).astype(np.uint8)).resize(
            (MASK_SIDE_PIXELS, MASK_SIDE_PIXELS), Image.Resampling.BOX
        )
        masks.append(np.asarray(small))
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


def read_soft_labels(file: Path | None) -> np.ndarray | None:
    """Masks as `write_soft_labels` wrote them, N x h x w uint8; None without a file. InputError."""
    if file is None:
        return None
    try:
        with np.load(file) as content:
            masks: np.ndarray = content["masks"]
    except FileNotFoundError as error:
        raise InputMissing(
            f"{file}: no such file", "write it with mattebox.training.tasks.cutout.pseudo_labels"
        ) from error
    except (OSError, ValueError, KeyError) as error:
        raise InputUnreadable(f"{file}: holds no teachers' masks", "write it again") from error
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

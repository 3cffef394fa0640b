"""Evaluation of instance separation: mean average precision of the subjects that `mattebox find` lists.

The truth is a folder `instances/` beside `images/`: a map for a picture, of the same name, with a value or colour for
each subject, and 0 or black for none, as `mattebox find --map` writes them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mattebox.errors import InputUnreadable
from mattebox.io import resampling
from mattebox.matting.subject_list import list_subjects
from mattebox.metrics.average_precision import InstanceEvaluation, mean_average_precision
from mattebox.models.matte_session import Session
from mattebox.training.data.dataset import stream_samples
from mattebox.training.data.folders import read_instance_maps
from mattebox.types import Picture

MAX_MASK_SIDE_PIXELS = 640  # masks are compared at this size at most

InstanceMasks = NDArray[np.bool_]


def evaluate_instances(session: Session, data: Path) -> float | None:
    """Mean average precision, 0..1, over the validation pictures with a map; None if there is no map."""
    maps, evaluations = read_instance_maps(data), []
    for row, picture, _ in stream_samples(data, "labelled", "val") if maps else ():
        if row.stem in maps:
            evaluations.append(_evaluate_picture(session, np.asarray(picture), maps[row.stem]))
    return mean_average_precision(evaluations) if evaluations else None


def _evaluate_picture(session: Session, rgb: NDArray[np.uint8], file: Path) -> InstanceEvaluation:
    truth = read_instance_map(file, rgb.shape[:2])
    instances = list_subjects(Picture(np.ascontiguousarray(rgb)), session).instances
    size, slices = rgb.shape[:2], _subsampling_slices(rgb.shape[:2])
    masks = [resampling.enlarge(instance.alpha, size, "bilinear")[slices] > 0.5 for instance in instances]
    scores = np.array([instance.score for instance in instances], float)
    return InstanceEvaluation(np.array(masks, bool).reshape(-1, *truth.shape[1:]), scores, truth)


def read_instance_map(file: Path, size: tuple[int, int]) -> InstanceMasks:
    """Read the masks of a map's subjects, subsampled.

    Parameters
    ----------
    file : Path
        The map.
    size : (int, int)
        Height and width of its picture.

    Returns
    -------
    ndarray, N x h x w bool
        The masks, of at most `MAX_MASK_SIDE_PIXELS`.

    Raises
    ------
    InputUnreadable
        If the file is no picture, or of another size.
    """
    try:
        with Image.open(file) as image:
            has_numbers = image.mode in ("P", "L") or image.mode.startswith("I")
            values = np.asarray(image if has_numbers else image.convert("RGB"))
    except OSError as error:
        raise InputUnreadable(f"{file}: not a map ({error})", "give one value or colour for each subject") from error
    if values.shape[:2] != size:
        (h, w), (height, width) = values.shape[:2], size
        raise InputUnreadable(f"{file} is {w} x {h}, its picture {width} x {height}", "draw it at the picture's size")
    numbers = values.astype(np.int64) @ (1, 256, 65536) if values.ndim == 3 else values.astype(np.int64)
    numbers = numbers[_subsampling_slices(size)]
    return np.array([numbers == n for n in np.unique(numbers[numbers > 0])], bool).reshape(-1, *numbers.shape)


def _subsampling_slices(size: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns that are compared."""
    step = -(-max(size) // MAX_MASK_SIDE_PIXELS)
    return slice(step // 2, None, step), slice(step // 2, None, step)

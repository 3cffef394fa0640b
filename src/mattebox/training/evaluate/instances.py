"""How well several subjects are told apart, where a folder says which pixel belongs to which: `instances/` beside
`images/`.

Each file there is a map of its picture, by the same name: another value, or colour, for each subject, and 0, or black,
for none, as `mattebox find --map` writes them. Judged is what `mattebox find` lists. Knows nothing of how results are
shown.
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

MAX_MASK_SIDE_PIXELS = 640  # pixels of a side at which masks are compared

InstanceMasks = NDArray[np.bool_]


def evaluate_instances(session: Session, data: Path) -> float | None:
    """Mean average precision over the validation pictures that have a map, 0..1; None where none has. InputError."""
    maps, judged = read_instance_maps(data), []
    for row, picture, _ in stream_samples(data, "labelled", "val") if maps else ():
        if row.stem in maps:
            judged.append(_evaluate_picture(session, np.asarray(picture), maps[row.stem]))
    return mean_average_precision(judged) if judged else None


def _evaluate_picture(session: Session, rgb: NDArray[np.uint8], file: Path) -> InstanceEvaluation:
    truth = read_instance_map(file, rgb.shape[:2])
    parts = list_subjects(Picture(np.ascontiguousarray(rgb)), session).instances
    size = truth.shape[1:]
    masks = [
        resampling.enlarge(p.alpha, rgb.shape[:2], "bilinear")[_subsampling_slices(rgb.shape[:2])] > 0.5 for p in parts
    ]
    return InstanceEvaluation(
        np.array(masks, bool).reshape(-1, *size), np.array([p.score for p in parts], float), truth
    )


def read_instance_map(file: Path, size: tuple[int, int]) -> InstanceMasks:
    """The subjects of a map, N x h x w, at LONGEST pixels at most. InputUnreadable for one that is no picture, or of
    another size than its photograph, H x W."""
    try:
        with Image.open(file) as map_:
            values = np.asarray(map_ if map_.mode in ("P", "L") or map_.mode.startswith("I") else map_.convert("RGB"))
    except OSError as error:
        raise InputUnreadable(f"{file}: not a map ({error})", "give one value or colour for each subject") from error
    if values.shape[:2] != size:
        (h, w), (height, width) = values.shape[:2], size
        raise InputUnreadable(f"{file} is {w} x {h}, its picture {width} x {height}", "draw it at the picture's size")
    numbers = values.astype(np.int64) @ (1, 256, 65536) if values.ndim == 3 else values.astype(np.int64)
    numbers = numbers[_subsampling_slices(size)]
    return np.array([numbers == n for n in np.unique(numbers[numbers > 0])], bool).reshape(-1, *numbers.shape)


def _subsampling_slices(size: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns that are looked at."""
    step = -(-max(size) // MAX_MASK_SIDE_PIXELS)
    return slice(step // 2, None, step), slice(step // 2, None, step)

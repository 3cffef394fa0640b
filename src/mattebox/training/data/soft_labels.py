"""Soft labels of unlabelled pictures, in one .npz file: masks and, where teachers were mixed, what they weigh."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mattebox.errors import InputMissing, InputUnreadable
from mattebox.io.atomic_write import write_bytes


@dataclass(frozen=True)
class SoftLabels:
    """Teachers' masks of the unlabelled pictures, squeezed into squares, in the order of the data.

    Parameters
    ----------
    masks : ndarray, N x S x S uint8
        Alpha.
    teachers : list of str
        Whose masks they are.
    pixel_weights : ndarray, N x S x S uint8, optional
        How much each pixel counts, 255 being all; without them the sampler has a weight of its own.
    picture_weights : ndarray, N float32, optional
        How often each picture is sampled; without them its mask's certainty decides.
    """

    masks: np.ndarray
    teachers: list[str]
    pixel_weights: np.ndarray | None = None
    picture_weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.masks)


def write_soft_labels(labels: SoftLabels, out: Path) -> None:
    """Write soft labels to a new file, which appears when it is complete. OutputError."""
    content = io.BytesIO()
    weights = {"pixel_weights": labels.pixel_weights, "picture_weights": labels.picture_weights}
    arrays: dict[str, Any] = {name: array for name, array in weights.items() if array is not None}
    np.savez_compressed(content, masks=labels.masks, teachers=np.array(labels.teachers), **arrays)
    write_bytes(out, content.getvalue(), overwrite=False)


def read_soft_labels(file: Path) -> SoftLabels:
    """Read soft labels. InputError."""
    try:
        with np.load(file) as content:
            teachers = list(map(str, content["teachers"])) if "teachers" in content else ["teachers it does not name"]
            arrays = {name: content[name] for name in ("pixel_weights", "picture_weights") if name in content}
            return SoftLabels(content["masks"], teachers, **arrays)
    except FileNotFoundError as error:
        raise InputMissing(
            f"{file}: no such file", "write it with mattebox.training.tasks.cutout.pseudo_labels"
        ) from error
    except (OSError, ValueError, KeyError) as error:
        raise InputUnreadable(f"{file}: holds no teachers' masks", "write it again") from error

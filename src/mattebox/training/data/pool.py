"""In-memory pools of training pictures: decoded once, resized to squares, with their aspect ratios.

So no training step waits for a decoder, and a pool fits on an accelerator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mattebox.errors import InputMissing, InputUnreadable, UsageError
from mattebox.training.data.dataset import (
    PictureNames,
    count_samples,
    has_samples,
    stream_samples,
    unmix_white_background,
)
from mattebox.training.data.soft_labels import SoftLabels
from mattebox.training.data.tar_shards import ManifestRow


@dataclass
class PicturePool:
    """Decoded pictures and their rows of the manifest.

    Parameters
    ----------
    rgba : Tensor, N x 4 x S x S uint8
        Straight alpha.
    rows : list of ManifestRow
        One for each picture.
    pixel_weights : Tensor, N x 1 x s x s uint8, optional
        How much each pixel of a soft label counts, 255 being all.
    picture_weights : Tensor, N, optional
        How often each picture is sampled, beside the manifest's weight; without them its mask's certainty decides.
    """

    rgba: Tensor
    rows: list[ManifestRow]
    pixel_weights: Tensor | None = None
    picture_weights: Tensor | None = None

    @property
    def aspect_ratios(self) -> Tensor:
        """Width over height of each picture before it was resized."""
        return torch.tensor([r.width / r.height for r in self.rows])

    def sampling_weights(self, set_weights: Mapping[str, float], default: float = 0.0) -> Tensor:
        """The manifest's weights, times a factor by set; `default` for sets that `set_weights` does not have."""
        factors = [set_weights.get(r.set, default) for r in self.rows]
        return torch.tensor([max(r.weight, 0.01) * f for r, f in zip(self.rows, factors, strict=True)])

    def to(self, device: torch.device) -> PicturePool:
        weights = None if self.pixel_weights is None else self.pixel_weights.to(device)
        return PicturePool(self.rgba.to(device), self.rows, weights, self.picture_weights)


@dataclass
class TrainingPools:
    """Pools of labelled photographs, teacher-labelled photographs and backgrounds without a subject."""

    labelled: PicturePool
    teacher_labelled: PicturePool | None = None
    backgrounds: PicturePool | None = None


def load_pools(
    data: Path,
    side: int,
    device: torch.device,
    soft_labels: SoftLabels | None = None,
    excluded: PictureNames = frozenset(),
) -> TrainingPools:
    """Load all training pictures of a dataset onto a device.

    Parameters are those of `load_pool`; `excluded` does not apply to teacher-labelled pictures.
    """
    has_backgrounds = has_samples(data, "background")
    teacher_labelled = load_pool(data, "unlabelled", side, soft_labels).to(device) if soft_labels is not None else None
    backgrounds = load_pool(data, "background", side, excluded=excluded).to(device) if has_backgrounds else None
    return TrainingPools(load_pool(data, "labelled", side, excluded=excluded).to(device), teacher_labelled, backgrounds)


def load_pool(
    data: Path, kind: str, side: int, soft_labels: SoftLabels | None = None, excluded: PictureNames = frozenset()
) -> PicturePool:
    """Decode the training split of one kind of picture.

    Parameters
    ----------
    data : Path
        Shards, a folder or a CSV.
    kind : str
        labelled, unlabelled or background.
    side : int
        Side of the squares, in pixels.
    soft_labels : SoftLabels, optional
        Teachers' masks of the unlabelled pictures, in the dataset's order.
    excluded : set of str
        Names of pictures to leave out.

    Raises
    ------
    InputMissing
        If there is no picture.
    InputUnreadable
        If no mask shows a subject.
    UsageError
        If `soft_labels` is of other pictures.
    """
    rows: list[ManifestRow] = []
    rgba = np.empty((count_samples(data, kind, "train"), 4, side, side), np.uint8)  # without a second copy in memory
    for i, (row, picture, mask) in enumerate(stream_samples(data, kind, "train", excluded=excluded)):
        if mask is None:
            mask = (
                Image.fromarray(soft_labels.masks[i % len(soft_labels)])
                if soft_labels is not None
                else Image.new("L", picture.size)
            )
        rgb = np.asarray(picture)
        if row.set == "magento_white":
            rgb = unmix_white_background(rgb, np.asarray(mask))
        images = [Image.fromarray(rgb), mask]
        resized = [np.atleast_3d(np.asarray(im.resize((side, side), Image.Resampling.BICUBIC))) for im in images]
        rgba[len(rows)] = np.concatenate(resized, 2).transpose(2, 0, 1)
        rows.append(row)
    if not rows:
        raise InputMissing(f"{data}: no {kind} picture to train on", "add some, or leave fewer to validation")
    if soft_labels is not None and len(soft_labels) != len(rows):
        raise UsageError(
            f"teachers labelled {len(soft_labels)} pictures, and {len(rows)} are there", "let them label anew"
        )
    if kind == "labelled" and not rgba[: len(rows), 3].any():
        raise InputUnreadable(f"{data}: no mask shows a subject", "masks are white where the subject is")
    pool = PicturePool(torch.from_numpy(rgba[: len(rows)]), rows)
    if soft_labels is not None and soft_labels.pixel_weights is not None:
        pool.pixel_weights = torch.from_numpy(soft_labels.pixel_weights[:, None])
    if soft_labels is not None and soft_labels.picture_weights is not None:
        pool.picture_weights = torch.from_numpy(soft_labels.picture_weights)
    return pool

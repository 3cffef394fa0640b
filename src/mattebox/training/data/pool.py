"""Training material in memory: every picture decoded once, squashed to a square, its true aspect kept beside it.

So no step of training waits for a decoder, and the whole pool fits on an accelerator. Knows nothing of augmentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mattebox.errors import InputMissing, InputUnreadable, UsageError
from mattebox.training.data.dataset import PictureNames, has_samples, stream_samples, unmix_white_background
from mattebox.training.data.tar_shards import ManifestRow


@dataclass
class PicturePool:
    """Decoded pictures: `rgba` N x 4 x S x S uint8 (straight colours), their rows, their aspect W / H."""

    rgba: Tensor
    rows: list[ManifestRow]

    @property
    def aspect_ratios(self) -> Tensor:
        return torch.tensor([r.width / r.height for r in self.rows])

    def sampling_weights(self, set_weights: dict[str, float] | None = None) -> Tensor:
        """Sampling weights: the manifest's, times a factor by set (absent from a given table = 0)."""
        factors = [1.0 if set_weights is None else set_weights.get(r.set, 0.0) for r in self.rows]
        return torch.tensor([max(r.weight, 0.01) * f for r, f in zip(self.rows, factors, strict=True)])

    def to(self, device: torch.device) -> PicturePool:
        return PicturePool(self.rgba.to(device), self.rows)


@dataclass
class TrainingPools:
    """What there is to train on: labelled photographs, those that teachers have labelled, rooms without a subject."""

    labelled: PicturePool
    teacher_labelled: PicturePool | None = None
    backgrounds: PicturePool | None = None


def load_pools(
    data: Path,
    side: int,
    device: torch.device,
    soft_labels: np.ndarray | None = None,
    excluded: PictureNames = frozenset(),
) -> TrainingPools:
    """All that the material has, on a device; `soft_labels` as for `load_pool`, `excluded` but of the taught. InputError."""
    taught = load_pool(data, "unlabelled", side, soft_labels).to(device) if soft_labels is not None else None
    rooms = (
        load_pool(data, "background", side, excluded=excluded).to(device) if has_samples(data, "background") else None
    )
    return TrainingPools(load_pool(data, "labelled", side, excluded=excluded).to(device), taught, rooms)


def load_pool(
    data: Path, kind: str, side: int, soft_labels: np.ndarray | None = None, excluded: PictureNames = frozenset()
) -> PicturePool:
    """Decode the training split of one kind, but what is to be left out.

    `soft_labels` (N x h x w uint8, in the material's order) stands in for the masks of unlabelled pictures: a teacher's
    opinion. InputMissing when there is none, InputUnreadable when no mask shows a subject, UsageError when `soft_labels` was
    made of other pictures.
    """
    rows, stack = [], []
    for i, (row, picture, mask) in enumerate(stream_samples(data, kind, "train", excluded=excluded)):
        if mask is None:
            mask = (
                Image.fromarray(soft_labels[i % len(soft_labels)])
                if soft_labels is not None
                else Image.new("L", picture.size)
            )
        rgb = np.asarray(picture)
        if row.set == "magento_white":
            rgb = unmix_white_background(rgb, np.asarray(mask))
        both = [Image.fromarray(rgb), mask]
        square = [np.atleast_3d(np.asarray(im.resize((side, side), Image.Resampling.BICUBIC))) for im in both]
        stack.append(np.concatenate(square, 2).transpose(2, 0, 1))
        rows.append(row)
    if not rows:
        raise InputMissing(f"{data}: no {kind} picture to train on", "add some, or leave fewer to validation")
    if soft_labels is not None and len(soft_labels) != len(rows):
        raise UsageError(
            f"teachers labelled {len(soft_labels)} pictures, and {len(rows)} are there", "let them label anew"
        )
    if kind == "labelled" and not any(square[3].any() for square in stack):
        raise InputUnreadable(f"{data}: no mask shows a subject", "masks are white where the subject is")
    return PicturePool(torch.from_numpy(np.stack(stack)), rows)

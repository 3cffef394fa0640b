"""Training material: tar shards with a manifest, decoded once into uint8 tensors.

Reads `manifest.csv` (shard, set, stem, kind, split, weight, width, height, mask) and tar members `<set>/<stem>.webp`
with `<set>/<stem>.png` masks. Every picture is squashed to a square and kept in memory, so that no step of training
waits for a decoder; the original size is kept beside it. Knows nothing of augmentation or networks.
"""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor


@dataclass(frozen=True)
class Row:
    """One picture of the manifest."""

    shard: str
    set: str
    stem: str
    kind: str
    split: str
    weight: float
    width: int
    height: int

    @property
    def key(self) -> str:
        return f"{self.set}/{self.stem}"


@dataclass
class Pool:
    """Decoded pictures: `rgba` N x 4 x S x S uint8 (straight colours), their rows, their aspect W / H."""

    rgba: Tensor
    rows: list[Row]

    @property
    def aspect(self) -> Tensor:
        return torch.tensor([r.width / r.height for r in self.rows])

    def weights(self, by_set: dict[str, float] | None = None) -> Tensor:
        """Sampling weights: the manifest's, times a factor by set (absent from a given table = 0)."""
        factors = [1.0 if by_set is None else by_set.get(r.set, 0.0) for r in self.rows]
        return torch.tensor([max(r.weight, 0.01) * f for r, f in zip(self.rows, factors, strict=True)])

    def to(self, device: torch.device) -> Pool:
        return Pool(self.rgba.to(device), self.rows)


def read_manifest(folder: Path) -> list[Row]:
    with open(folder / "manifest.csv", newline="") as file:
        return [
            Row(
                r["shard"], r["set"], r["stem"], r["kind"], r["split"],
                float(r["weight"]), int(r["width"]), int(r["height"]),
            )
            for r in csv.DictReader(file)
        ]  # fmt: skip


def stream(folder: Path, kind: str, split: str) -> Iterator[tuple[Row, Image.Image, Image.Image | None]]:
    """Yield (row, RGB picture, L mask or None) in the order of the manifest."""
    rows = [r for r in read_manifest(folder) if r.kind == kind and r.split == split]
    with ExitStack() as stack:
        tars = {shard: stack.enter_context(tarfile.open(folder / shard)) for shard in {r.shard for r in rows}}
        for row in rows:
            picture = _member(tars[row.shard], f"{row.key}.webp").convert("RGB")
            mask = _member(tars[row.shard], f"{row.key}.png").convert("L") if kind == "labelled" else None
            yield row, picture, mask


def load_pool(folder: Path, kind: str, side: int, soft: np.ndarray | None = None) -> Pool:
    """Decode the training split of one kind.

    `soft` (N x h x w uint8, in manifest order) stands in for the masks of unlabelled pictures: a teacher's opinion.
    """
    rows, stack = [], []
    for i, (row, picture, mask) in enumerate(stream(folder, kind, "train")):
        if mask is None:
            mask = Image.fromarray(soft[i]) if soft is not None else Image.new("L", picture.size)
        rgb = np.asarray(picture)
        if row.set == "magento_white":
            rgb = uncover_white(rgb, np.asarray(mask))
        both = [Image.fromarray(rgb), mask]
        square = [np.atleast_3d(np.asarray(im.resize((side, side), Image.Resampling.BICUBIC))) for im in both]
        stack.append(np.concatenate(square, 2).transpose(2, 0, 1))
        rows.append(row)
    return Pool(torch.from_numpy(np.stack(stack)), rows)


def uncover_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """True foreground colours of a picture on pure white: F = (I - (1 - a) 255) / a; white where a = 0."""
    a = alpha[..., None].astype(np.float32) / 255
    colours = (rgb - (1 - a) * 255) / np.maximum(a, 0.05)
    return np.where(a > 0, np.clip(colours, 0, 255), 255).astype(np.uint8)


def _member(tar: tarfile.TarFile, name: str) -> Image.Image:
    member = tar.extractfile(name)
    assert member is not None, name
    return Image.open(io.BytesIO(member.read()))

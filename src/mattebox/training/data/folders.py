"""A user's own material: a folder `images/` + `masks/` (same stems; optional `backgrounds/` and `unlabelled/`), or a
CSV `image,mask`.

The CSV's paths are relative to it; `set` and `split` (train, val) are optional columns. Without a split every tenth
pair, chosen by its name, is kept for validation. Knows nothing of shards, tensors or networks.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mattebox.errors import InputMissing, UsageError

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
VALIDATION_STRIDE = 10


@dataclass(frozen=True)
class ImageMaskPair:
    """Where one picture and its mask lie; backgrounds and unlabelled pictures have none."""

    image: Path
    mask: Path | None
    set: str
    split: str


def read_pairs(data: Path) -> list[ImageMaskPair]:
    """The labelled pairs of a folder or CSV. InputMissing when there is none, or a file is not there."""
    pairs = _pairs_from_csv(data) if data.is_file() else _pairs_from_folder(data)
    if not pairs:
        raise InputMissing(f"{data}: no picture listed", "put pictures into images/ and their masks into masks/")
    for pair in pairs:
        for path in (pair.image, pair.mask):
            if path is None or not path.is_file():
                raise InputMissing(f"{pair.image}: {path or 'its mask'} is not there", "add it or leave the pair out")
    return pairs if any(p.split for p in pairs) else _assign_split(pairs)


def read_backgrounds(data: Path) -> list[ImageMaskPair]:
    """Pictures without a subject, from `backgrounds/` in the folder (beside a CSV); none when it is not there."""
    pairs = _read_sibling_folder(data, "backgrounds")
    return _assign_split(pairs) if pairs else []


def read_unlabelled(data: Path) -> list[ImageMaskPair]:
    """Pictures for teachers to label, from `unlabelled/` likewise; all are for training."""
    return _read_sibling_folder(data, "unlabelled")


def read_instance_maps(data: Path) -> dict[str, Path]:
    """Maps of several subjects, from `instances/` likewise, by their pictures' stems."""
    return {pair.image.stem: pair.image for pair in _read_sibling_folder(data, "instances")}


def _read_sibling_folder(data: Path, name: str) -> list[ImageMaskPair]:
    folder = (data.parent if data.is_file() else data) / name
    return [ImageMaskPair(path, None, name, "train") for path in _list_images(folder)] if folder.is_dir() else []


def _pairs_from_folder(data: Path) -> list[ImageMaskPair]:
    for name in ("images", "masks"):
        if not (data / name).is_dir():
            raise InputMissing(
                f"{data}: no folder {name}/ and no manifest.csv",
                "give tar shards with a manifest, a folder with images/ and masks/, or a CSV of image,mask",
            )
    masks = {path.stem: path for path in _list_images(data / "masks")}
    return [
        ImageMaskPair(path, masks.get(path.stem, data / "masks" / f"{path.stem}.png"), data.resolve().name, "")
        for path in _list_images(data / "images")
    ]


def _pairs_from_csv(data: Path) -> list[ImageMaskPair]:
    with open(data, newline="") as file:
        reader = csv.DictReader(file)
        if not {"image", "mask"} <= set(reader.fieldnames or ()):
            raise UsageError(f"{data}: has no columns image and mask", "name them in its first line")
        rows = list(reader)
    strange = {row.get("split") or "train" for row in rows} - {"train", "val"}
    if strange:
        raise UsageError(f"{data}: split {sorted(strange)[0]!r} is unknown", "write train or val")
    named = any(row.get("split") for row in rows)
    return [
        ImageMaskPair(
            data.parent / row["image"],
            data.parent / row["mask"] if row["mask"] else None,
            row.get("set") or data.stem,
            row.get("split") or ("train" if named else ""),
        )
        for row in rows
    ]


def _assign_split(pairs: Sequence[ImageMaskPair]) -> list[ImageMaskPair]:
    """Every tenth pair, at least one of two, is kept for validation; which does not depend on the order."""
    order = sorted(pairs, key=lambda p: (zlib.crc32(p.image.name.encode()), p.image.name))
    held = {p.image for p in order[: max(len(pairs) // VALIDATION_STRIDE, len(pairs) > 1)]}
    return [ImageMaskPair(p.image, p.mask, p.set, "val" if p.image in held else "train") for p in pairs]


def _list_images(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)

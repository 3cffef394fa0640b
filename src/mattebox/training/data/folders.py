"""Datasets as a folder or a CSV file.

A folder has `images/` and `masks/` with the same stems, and may have `backgrounds/`, `unlabelled/` and `instances/`. A
CSV has the columns `image` and `mask`, paths relative to it, and may have `set` and `split` (train, val). Without a
split every tenth pair, by a hash of its name, is for validation.
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
    """Paths of a picture and its mask; backgrounds and unlabelled pictures have no mask."""

    image: Path
    mask: Path | None
    set: str
    split: str


def read_pairs(data: Path) -> list[ImageMaskPair]:
    """Labelled pairs of a folder or CSV; InputMissing if there are none, or a file is missing."""
    pairs = _pairs_from_csv(data) if data.is_file() else _pairs_from_folder(data)
    if not pairs:
        raise InputMissing(f"{data}: lists no pictures", "put pictures into images/ and their masks into masks/")
    for pair in pairs:
        for path in (pair.image, pair.mask):
            if path is None or not path.is_file():
                raise InputMissing(f"{pair.image}: {path or 'its mask'} is not there", "add it or leave the pair out")
    return pairs if any(p.split for p in pairs) else _assign_split(pairs)


def read_backgrounds(data: Path) -> list[ImageMaskPair]:
    """Pictures without a subject, from `backgrounds/` in the folder or beside the CSV, if it exists."""
    pairs = _read_sibling_folder(data, "backgrounds")
    return _assign_split(pairs) if pairs else []


def read_unlabelled(data: Path) -> list[ImageMaskPair]:
    """Pictures for teachers to label, from `unlabelled/`; all are for training."""
    return _read_sibling_folder(data, "unlabelled")


def read_instance_maps(data: Path) -> dict[str, Path]:
    """Instance maps, from `instances/`, by the stems of their pictures."""
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
    unknown_splits = {row.get("split") or "train" for row in rows} - {"train", "val"}
    if unknown_splits:
        raise UsageError(f"{data}: split {sorted(unknown_splits)[0]!r} is unknown", "write train or val")
    has_split = any(row.get("split") for row in rows)
    return [
        ImageMaskPair(
            data.parent / row["image"],
            data.parent / row["mask"] if row["mask"] else None,
            row.get("set") or data.stem,
            row.get("split") or ("train" if has_split else ""),
        )
        for row in rows
    ]


def _assign_split(pairs: Sequence[ImageMaskPair]) -> list[ImageMaskPair]:
    """Every tenth pair, at least one of two, becomes validation, whatever the order."""
    order = sorted(pairs, key=lambda p: (zlib.crc32(p.image.name.encode()), p.image.name))
    validation = {p.image for p in order[: max(len(pairs) // VALIDATION_STRIDE, len(pairs) > 1)]}
    return [ImageMaskPair(p.image, p.mask, p.set, "val" if p.image in validation else "train") for p in pairs]


def _list_images(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)

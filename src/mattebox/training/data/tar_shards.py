"""Datasets as tar shards with a manifest.

`manifest.csv` has the columns shard, set, stem, kind, split, weight, width, height and ext; the shards have members
`<set>/<stem>.<ext>`, and masks `<set>/<stem>.png` where the kind has them.
"""

from __future__ import annotations

import csv
import io
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from PIL import Image

UNKNOWN_PIXEL_SETS = ("grabcut", "voc12val_panels")  # 128 in their masks is unknown: not trained on, not scored
UNKNOWN_ALPHA_MARGIN = 0.12  # around one half: masks were resampled
MASKED_KINDS = ("labelled", "check")  # kinds whose pictures have masks
VALIDATION_BACKGROUND_STRIDE = 6  # every sixth background is for validation: false positives are counted on those

_read_lock = Lock()  # threads share a tar's file position


@dataclass(frozen=True)
class ManifestRow:
    """One picture of the manifest."""

    shard: str
    set: str
    stem: str
    kind: str
    split: str
    weight: float
    width: int
    height: int
    ext: str = "webp"

    @property
    def key(self) -> str:
        return f"{self.set}/{self.stem}"


def read_manifest(folder: Path) -> list[ManifestRow]:
    """All rows, in the manifest's order; every sixth background becomes validation."""
    with open(folder / "manifest.csv", newline="") as file:
        rows = [
            ManifestRow(
                r["shard"], r["set"], r["stem"], r["kind"], r["split"],
                float(r["weight"]), int(r["width"]), int(r["height"]), r.get("ext") or "webp",
            )
            for r in csv.DictReader(file)
        ]  # fmt: skip
    validation = {r.key for r in [r for r in rows if r.kind == "background"][::VALIDATION_BACKGROUND_STRIDE]}
    return [replace(r, split="val") if r.kind == "background" and r.key in validation else r for r in rows]


def decode_member(tar: tarfile.TarFile, row: ManifestRow) -> tuple[Image.Image, Image.Image | None]:
    """A row's RGB picture and, where its kind has one, its L mask; thread-safe."""
    picture = open_tar_image(tar, f"{row.key}.{row.ext}").convert("RGB")
    return picture, open_tar_image(tar, f"{row.key}.png").convert("L") if row.kind in MASKED_KINDS else None


def open_tar_image(tar: tarfile.TarFile, member: str | tarfile.TarInfo) -> Image.Image:
    """Open the image in a regular file of a tar; thread-safe."""
    with _read_lock:
        file = tar.extractfile(member)
        assert file is not None, member
        content = file.read()
    return Image.open(io.BytesIO(content))

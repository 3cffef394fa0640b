"""Training material on disk: tar shards with a manifest.

Reads `manifest.csv` (shard, set, stem, kind, split, weight, width, height, ext) and tar members `<set>/<stem>.<ext>`
with `<set>/<stem>.png` masks where the kind has them. Knows nothing of tensors, augmentation or networks.
"""

from __future__ import annotations

import csv
import io
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from PIL import Image


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


UNKNOWN_PIXEL_SETS = ("grabcut", "voc12val_panels")  # 128 in their masks is unknown: it is not learned from or scored
UNKNOWN_ALPHA_MARGIN = 0.12  # from one half: masks were resampled
MASKED_KINDS = ("labelled", "check")  # their pictures have masks
VALIDATION_BACKGROUND_STRIDE = 6  # every sixth background is kept from training: on those, ghosts are counted


def read_manifest(folder: Path) -> list[ManifestRow]:
    """All rows, in the manifest's order; every sixth background counts as validation."""
    with open(folder / "manifest.csv", newline="") as file:
        rows = [
            ManifestRow(
                r["shard"], r["set"], r["stem"], r["kind"], r["split"],
                float(r["weight"]), int(r["width"]), int(r["height"]), r.get("ext") or "webp",
            )
            for r in csv.DictReader(file)
        ]  # fmt: skip
    held = {r.key for r in [r for r in rows if r.kind == "background"][::VALIDATION_BACKGROUND_STRIDE]}
    return [replace(r, split="val") if r.kind == "background" and r.key in held else r for r in rows]


_read_lock = Lock()  # one file has one place where it is read


def decode_member(tar: tarfile.TarFile, row: ManifestRow) -> tuple[Image.Image, Image.Image | None]:
    """A row's RGB picture and, where its kind has one, its L mask. From any thread."""
    picture = _read_member(tar, f"{row.key}.{row.ext}").convert("RGB")
    return picture, _read_member(tar, f"{row.key}.png").convert("L") if row.kind in MASKED_KINDS else None


def _read_member(tar: tarfile.TarFile, name: str) -> Image.Image:
    with _read_lock:
        member = tar.extractfile(name)
        assert member is not None, name
        content = member.read()
    return Image.open(io.BytesIO(content))

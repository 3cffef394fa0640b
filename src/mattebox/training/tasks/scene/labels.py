"""What the pictures of the training material show, by the names of their sets and kinds."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from mattebox.training.data.tar_shards import ManifestRow

LABELS_FILE = Path(__file__).with_name("labels.toml")
KIND_SETS = ("caltech101_unl", "sketchsearch", "pacs", "imagenette", "pascal10_core", "grocery_unl")
IMAGENET_SET, COREL_SET = "imagenet_samples_unl", "corel1k"
LAST_ANIMAL, FIRST_FOOD, LAST_FOOD = 2_514_041, 7_000_000, 8_000_000  # of WordNet's numbers
ARTEFACTS = range(2_600_000, 4_700_000)


def find_scene(row: ManifestRow) -> str | None:
    """The scene of a picture; None where its name does not tell."""
    labels = _read_labels()
    for scene, sets in labels["sets"].items():
        if row.set in sets:
            return str(scene)
    if row.set == COREL_SET:
        scene = labels["corel"].get(str(int(row.stem) // 100))
        return None if scene is None else str(scene)
    if row.set == IMAGENET_SET:
        return _imagenet_scene(row.stem, labels["imagenet"])
    return _kind_scene(row.stem.lower(), labels["kinds"]) if row.set in KIND_SETS else None


def _imagenet_scene(stem: str, kinds: dict[str, list[str]]) -> str | None:
    number, _, name = stem.lower().partition("_")
    value = int(number[1:])
    for scene, names in kinds.items():
        if name in names:
            return None if scene == "unused" else scene
    if value <= LAST_ANIMAL:
        return "animal"
    if FIRST_FOOD <= value < LAST_FOOD:
        return "food"
    return "product" if value in ARTEFACTS else None


def _kind_scene(stem: str, kinds: dict[str, list[str]]) -> str | None:
    """By the longest kind that the stem begins with, as a whole word."""
    name = re.split(r"[_-]?\d", stem, maxsplit=1)[0].removesuffix("_image")
    found = [(kind, scene) for scene, names in kinds.items() for kind in names]
    matching = [pair for pair in found if name == pair[0] or re.match(rf"{re.escape(pair[0])}[_-]", f"{name}_")]
    return max(matching, key=lambda pair: len(pair[0]))[1] if matching else None


@cache
def _read_labels() -> dict[str, Any]:
    return tomllib.loads(LABELS_FILE.read_text(encoding="utf-8"))

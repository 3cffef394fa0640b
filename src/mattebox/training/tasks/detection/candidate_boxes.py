"""Candidates of a detector, before its verifier looks at them, in the pictures that the verifier learns from.

    python -m mattebox.training.tasks.detection.candidate_boxes ANONYMISE CUTOUT OUT.jsonl --card detect-1
        [--sets NAMES] [--count N]

A line for each picture of the training and validation splits: its key, and left, top, right, bottom, number of the kind
and score of each candidate. A killed run goes on where it was.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mattebox.models.detections import Detections
from mattebox.models.object_detector import ObjectDetector
from mattebox.training.core.run_log import read_rows
from mattebox.training.data.tar_shards import read_manifest
from mattebox.training.tasks.detection.labelled_pictures import (
    ARCHIVES,
    Split,
    iterate_photographs,
    read_archive,
    split_of,
)
from mattebox.training.tasks.detection.photograph_sets import OBJECT_SETS, PEOPLE_SETS, PHOTOGRAPH_SETS
from mattebox.types import Picture

SENSITIVITY = 1.6  # of the card's scores, from which candidates are written down
MAX_CANDIDATES = 80  # a picture, the highest scores
SPLITS: tuple[Split, ...] = ("train", "val")


def read_candidate_boxes(file: Path) -> dict[str, list[tuple[NDArray[np.float32], int, float]]]:
    """Box, kind and score of each candidate by the pictures' keys."""
    return {
        row["key"]: [(np.array(values[:4], np.float32), int(values[4]), float(values[5])) for values in row["boxes"]]
        for row in read_rows(file)
    }


def describe_candidates(found: Detections) -> list[list[float]]:
    """Box, kind and score of each as six numbers."""
    chosen = found.select(np.arange(min(len(found.boxes), MAX_CANDIDATES)))
    return [
        [*(round(float(v), 2) for v in box), int(kind), round(float(score), 4)]
        for box, kind, score in zip(chosen.boxes, chosen.kinds, chosen.scores, strict=True)
    ]


def iterate_pictures(
    anonymise: Path, cutout: Path, sets: list[str], count: int, done: set[str]
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Key and pixels of the archives' pictures, and of at most `count` of each set."""
    for archive in ARCHIVES:
        for split in SPLITS:
            for picture in read_archive(anonymise, archive, split, {}):
                if picture.key not in done:
                    yield picture.key, picture.rgb
    keys: set[str] = set()
    rows = [r for r in read_manifest(cutout) if r.kind != "check"]
    for name in sets:
        of_set = [r.key for r in rows if r.set == name and split_of(f"{r.stem}.{r.ext}") in SPLITS]
        keys.update(of_set[:: max(1, -(-len(of_set) // count))])
    for split in SPLITS:
        for picture in iterate_photographs(cutout, PHOTOGRAPH_SETS, {}, split, keys - done):
            yield picture.key, picture.rgb


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("labelled", "photographs", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--card", default="detect-1")
    parser.add_argument("--sets", default=",".join({**PEOPLE_SETS, **OBJECT_SETS}), help="separated by commas")
    parser.add_argument("--count", type=int, default=60, help="photographs of each set")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    detector = ObjectDetector.open(args.card, "cpu", args.threads).without_verifier()
    done = {row["key"] for row in read_rows(args.out)}
    with args.out.open("a") as file:
        for key, rgb in iterate_pictures(args.labelled, args.photographs, args.sets.split(","), args.count, done):
            found = detector.detect(Picture(rgb), sensitivity=SENSITIVITY)
            file.write(json.dumps({"key": key, "boxes": describe_candidates(found)}) + "\n")
            file.flush()


if __name__ == "__main__":
    main()

"""Candidates of a detector as crops with what they show: what its verifier learns from.

    python -m mattebox.training.tasks.detection.candidates ANONYMISE CUTOUT boxes.jsonl candidates.jsonl OUT
        --viewed runs/faces-and-plates.json [--true N] [--drawn N]

ANONYMISE holds faces.tar and plates.tar, CUTOUT tar shards of photographs; boxes.jsonl comes from `teacher_boxes`,
candidates.jsonl from `candidate_boxes`. OUT gets train.npz and val.npz. What is no label is a negative where a
picture's labels of that kind are complete: by its archive, its set, a teacher, or since a person looked. What the
teacher takes for a face, even doubtfully, is none of them; animals and statues that it does not know are negatives.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mattebox.io.square_crops import crop_candidate
from mattebox.training.networks.detection_network import KINDS
from mattebox.training.tasks.detection import pasting
from mattebox.training.tasks.detection.candidate_boxes import SPLITS, read_candidate_boxes
from mattebox.training.tasks.detection.crop_batches import DetectionData
from mattebox.training.tasks.detection.crops import Crop
from mattebox.training.tasks.detection.labelled_pictures import (
    PLATE,
    LabelledPicture,
    ObjectLabel,
    Split,
    box_iou,
    iterate_photographs,
    read_teacher_boxes,
)
from mattebox.training.tasks.detection.photograph_sets import PHOTOGRAPH_SETS
from mattebox.training.tasks.detection.viewed_labels import ViewedLabels, add_viewed_labels, read_viewed_labels
from mattebox.types import Floats

STORED_SIDE, STORED_CONTEXT = 128, 3.0  # more than the verifier sees, for crops that are moved, turned and scaled
MIN_IOU, DOUBTFUL_IOU = 0.35, 0.05  # from which a candidate is a label's; between, it is not learned from
MAX_COVERED_SHARE = 0.5  # of a candidate within a label: a part of it, not learned from
NEITHER = len(KINDS)
MIN_CANDIDATE_SCORE = 0.15  # of the detector: less likely candidates are not looked at again
MAX_NEGATIVES = 8  # of a picture and kind, the likeliest
JITTER = 0.12  # of true boxes, against their sides: as a detector errs

Candidate = tuple[Floats, int, float]
"""Box, kind and the detector's score."""


@dataclass
class CandidatePool:
    """Crops with what they show.

    Attributes
    ----------
    crops : list of side x side x 3 uint8
    shown : list of int
        Number of the kind; NEITHER for neither.
    kinds : list of int
        Kind that the detector takes it for; the true one for what no detector found.
    scores : list of float
        The detector's, 0 for what it did not find.
    """

    crops: list[NDArray[np.uint8]] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    def add(self, rgb: NDArray[np.uint8], box: Floats, shown: int, kind: int, score: float = 0.0) -> None:
        """Add the crop around a box."""
        self.crops.append(crop_candidate(rgb, box, STORED_SIDE, STORED_CONTEXT))
        self.shown.append(shown)
        self.kinds.append(kind)
        self.scores.append(score)

    def save(self, file: Path) -> None:
        """Write it as .npz."""
        np.savez(
            file, crops=np.stack(self.crops), shown=np.array(self.shown), kinds=np.array(self.kinds),
            scores=np.array(self.scores, np.float32),
        )  # fmt: skip


def add_candidates(pool: CandidatePool, picture: LabelledPicture, candidates: Iterable[Candidate]) -> None:
    """Add what a detector found in a picture, best first, where it is known what that is."""
    negatives = [0] * len(KINDS)
    for box, kind, score in candidates:
        shown = find_shown(box, kind, picture) if score >= MIN_CANDIDATE_SCORE else None
        if shown == NEITHER:
            negatives[kind] += 1
        if shown is not None and negatives[kind] <= MAX_NEGATIVES:
            pool.add(picture.rgb, box, shown, kind, score)


def find_shown(box: Floats, kind: int, picture: LabelledPicture) -> int | None:
    """What a box shows by a picture's labels: a kind, NEITHER, or None where that is not known."""
    best, best_iou = None, 0.0
    for label in picture.labels:
        iou = box_iou(box, label.box)
        if iou > best_iou:
            best, best_iou = label, iou
        if iou < MIN_IOU and _share_within(box, label.box) > MAX_COVERED_SHARE:
            return None
    if best is not None and best_iou >= MIN_IOU:
        return None if best.ignored else best.kind
    if best_iou > DOUBTFUL_IOU or not picture.known_kinds[kind]:
        return None
    return NEITHER


def add_true_boxes(pool: CandidatePool, picture: LabelledPicture, counts: Sequence[int], draw: random.Random) -> None:
    """Add each label as often as its kind asks for, its box moved and scaled a little."""
    for label in picture.labels:
        if not label.ignored:
            for _ in range(counts[label.kind]):
                pool.add(picture.rgb, _move_box(label, draw), label.kind, label.kind)


def add_drawn_plates(pool: CandidatePool, picture: LabelledPicture, count: int, draw: random.Random) -> None:
    """Add `count` crops of each of a picture's plates with a drawn one in its place, in the same light."""
    for label in (label for label in picture.labels if label.kind == PLATE and not label.ignored):
        for _ in range(count):
            crop = pasting.replace_plates(_cut_out(picture, label), draw)
            pool.add(crop.pixels, _move_box(crop.labels[0], draw), PLATE, PLATE)


def _cut_out(picture: LabelledPicture, label: ObjectLabel) -> Crop:
    """What is around a label and stored of it, at the picture's own size; the label is alone in it."""
    middle, reach = (label.box[:2] + label.box[2:]) / 2, STORED_CONTEXT * float(max(label.box[2:] - label.box[:2])) / 2
    left, top = np.maximum(np.floor(middle - reach), 0).astype(int)
    right, bottom = np.ceil(middle + reach).astype(int)
    moved = replace(label, box=label.box - np.array([left, top] * 2, np.float32))
    return Crop(Image.fromarray(picture.rgb[top:bottom, left:right]), (moved,))


def iterate_pictures(
    data: DetectionData, split: Split, keys: Container[str], viewed: dict[str, ViewedLabels]
) -> Iterator[LabelledPicture]:
    """The pictures of a split among these keys, with all labels that there are."""
    for archive in data.read_labelled(split).values():
        yield from (add_viewed_labels(p, viewed) for p in archive if p.key in keys)
    teacher = read_teacher_boxes(data.teacher_boxes)
    for picture in iterate_photographs(data.photographs, PHOTOGRAPH_SETS, teacher, split, keys):
        yield add_viewed_labels(picture, viewed)


def _move_box(label: ObjectLabel, draw: random.Random) -> Floats:
    sides = np.tile(label.box[2:] - label.box[:2], 2)
    shift = np.array([draw.gauss(0, JITTER / 2) for _ in range(4)])
    return np.asarray(label.box + shift * sides, np.float32)


def _share_within(box: Floats, other: Floats) -> float:
    size = np.maximum(np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2]), 0)
    return float(np.prod(size) / max(float(np.prod(box[2:] - box[:2])), 1e-6))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("labelled", "photographs", "teacher_boxes", "candidates", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--viewed", type=Path, required=True, help="labels given by looking (.json)")
    parser.add_argument("--true", type=int, nargs=2, default=(2, 4), help="crops of each true face and plate")
    parser.add_argument("--drawn", type=int, default=6, help="crops of each true plate with a drawn one in its place")
    args = parser.parse_args()
    data, draw = DetectionData(args.labelled, args.photographs, args.teacher_boxes), random.Random(0)
    viewed, candidates = read_viewed_labels(args.viewed), read_candidate_boxes(args.candidates)
    args.out.mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        pool = CandidatePool()
        for picture in iterate_pictures(data, split, candidates, viewed):
            add_candidates(pool, picture, candidates[picture.key])
            if split == "train":
                add_true_boxes(pool, picture, args.true, draw)
                add_drawn_plates(pool, picture, args.drawn, draw)
        pool.save(args.out / f"{split}.npz")
        print(f"{split}: {len(pool.crops)} crops")


if __name__ == "__main__":
    main()

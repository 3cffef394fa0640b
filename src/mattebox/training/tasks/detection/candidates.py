"""Candidates of a detector as crops with what they show: what its verifier learns from.

    python -m mattebox.training.tasks.detection.candidates ANONYMISE CUTOUT boxes.jsonl OUT --card detect-1
        [--count N] [--drawn N] [--true N]

ANONYMISE holds faces.tar and plates.tar, CUTOUT tar shards of photographs; boxes.jsonl comes from `teacher_boxes`. OUT
gets train.npz and val.npz. Candidates of photographs that are neither are hard negatives: what the teacher also takes
for a face, even doubtfully, is none of them, since those photographs are not labelled. Drawn faces that the teacher
knows are left out likewise; animals and statues that it does not know are negatives.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mattebox.io.square_crops import crop_candidate
from mattebox.models.detections import Detections
from mattebox.models.object_detector import ObjectDetector, open_object_detector
from mattebox.training.networks.detection_network import KINDS
from mattebox.training.tasks.detection import pasting
from mattebox.training.tasks.detection.crop_batches import DetectionData
from mattebox.training.tasks.detection.crops import crop_anywhere
from mattebox.training.tasks.detection.labelled_pictures import LabelledPicture, ObjectLabel, Split, box_iou
from mattebox.types import Floats, Picture

STORED_SIDE, STORED_CONTEXT = 96, 3.0  # more than the verifier sees, for crops that are moved, turned and scaled
MIN_IOU, DOUBTFUL_IOU = 0.35, 0.05  # from which a candidate is a label's; between, it is not learned from
MAX_COVERED_SHARE = 0.5  # of a candidate within a label: a part of it, not learned from
SEARCH_SENSITIVITY = 3.0
MAX_CANDIDATES = 40  # a picture, the highest scores
NEITHER = len(KINDS)
JITTER = 0.12  # of true boxes, against their sides: as a detector errs
DRAWN_SIDE = 160  # pixels of the crops that drawn plates are put on


@dataclass
class CandidatePool:
    """Crops with what they show.

    Attributes
    ----------
    crops : list of side x side x 3 uint8
    shown : list of int
        Number of the kind; NEITHER for neither.
    kinds : list of int
        Kind that the detector takes it for; -1 for what no detector found.
    scores : list of float
        The detector's.
    sources : list of int
        Number of the picture.
    """

    crops: list[NDArray[np.uint8]] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)

    def add(self, crop: NDArray[np.uint8], shown: int, kind: int = -1, score: float = 0.0, source: int = -1) -> None:
        """Add a crop."""
        self.crops.append(crop)
        self.shown.append(shown)
        self.kinds.append(kind)
        self.scores.append(score)
        self.sources.append(source)

    def save(self, file: Path) -> None:
        """Write it as .npz."""
        np.savez(
            file, crops=np.stack(self.crops), shown=np.array(self.shown), kinds=np.array(self.kinds),
            scores=np.array(self.scores, np.float32), sources=np.array(self.sources),
        )  # fmt: skip


def add_candidates(pool: CandidatePool, picture: LabelledPicture, found: Detections, source: int) -> None:
    """Add what a detector found in a picture, where it is known what that is."""
    for box, kind, score in list(zip(found.boxes, found.kinds.tolist(), found.scores.tolist(), strict=True))[
        :MAX_CANDIDATES
    ]:
        shown = find_shown(box, kind, picture)
        if shown is not None:
            pool.add(crop_candidate(picture.rgb, box, STORED_SIDE, STORED_CONTEXT), shown, kind, score, source)


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


def add_true_boxes(pool: CandidatePool, picture: LabelledPicture, count: int, draw: random.Random, source: int) -> None:
    """Add each label `count` times, its box moved and scaled a little."""
    for label in picture.labels:
        if not label.ignored:
            for _ in range(count):
                box = _move_box(label, draw)
                pool.add(crop_candidate(picture.rgb, box, STORED_SIDE, STORED_CONTEXT), label.kind, source=source)


def add_drawn_plates(pool: CandidatePool, pictures: Sequence[LabelledPicture], count: int, draw: random.Random) -> None:
    """Add plates drawn in perspective on crops of photographs without faces and plates."""
    while count > 0:
        crop = pasting.paste_plates(crop_anywhere(draw.choice(pictures), DRAWN_SIDE, draw), draw)
        for label in crop.labels:
            if KINDS[label.kind] == "plate":
                box = _move_box(label, draw)
                pool.add(crop_candidate(crop.pixels, box, STORED_SIDE, STORED_CONTEXT), label.kind)
                count -= 1


def search(detector: ObjectDetector, picture: LabelledPicture) -> Detections:
    """What a detector finds at a third of its scores."""
    return detector.detect(Picture(picture.rgb), sensitivity=SEARCH_SENSITIVITY)


def build_pool(
    detector: ObjectDetector,
    pictures: Iterable[LabelledPicture],
    *,
    true_boxes: int = 0,
    draw: random.Random | None = None,
) -> CandidatePool:
    """The candidates of pictures, with `true_boxes` of each label beside them."""
    pool = CandidatePool()
    for source, picture in enumerate(pictures):
        add_candidates(pool, picture, search(detector, picture), source)
        if true_boxes:
            add_true_boxes(pool, picture, true_boxes, draw or random.Random(source), source)
    return pool


def _move_box(label: ObjectLabel, draw: random.Random) -> Floats:
    sides = np.tile(label.box[2:] - label.box[:2], 2)
    shift = np.array([draw.gauss(0, JITTER / 2) for _ in range(4)])
    return np.asarray(label.box + shift * sides, np.float32)


def _share_within(box: Floats, other: Floats) -> float:
    size = np.maximum(np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2]), 0)
    return float(np.prod(size) / max(float(np.prod(box[2:] - box[:2])), 1e-6))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("labelled", "photographs", "teacher_boxes", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--card", default="detect-1")
    parser.add_argument("--count", type=int, default=2000, help="photographs to look for negatives in")
    parser.add_argument("--drawn", type=int, default=1500, help="drawn plates")
    parser.add_argument("--true", type=int, default=2, help="crops of each true box")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    detector = open_object_detector(args.card, "cpu", args.threads)
    data, draw = DetectionData(args.labelled, args.photographs, args.teacher_boxes), random.Random(0)
    args.out.mkdir(parents=True, exist_ok=True)
    splits: tuple[Split, ...] = ("train", "val")
    for split in splits:
        pictures = [p for archive in data.read_labelled(split).values() for p in archive]
        if split == "train":
            pictures += data.read_photographs(args.count)
        else:
            pictures += data.read_photographs_with_neither(split, args.count)
        pool = build_pool(detector, pictures, true_boxes=args.true if split == "train" else 0, draw=draw)
        if split == "train":
            add_drawn_plates(pool, [p for p in pictures if not p.labels and all(p.known_kinds)], args.drawn, draw)
        pool.save(args.out / f"{split}.npz")
        print(f"{split}: {len(pictures)} pictures, {len(pool.crops)} crops")


if __name__ == "__main__":
    main()

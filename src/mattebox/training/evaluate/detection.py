"""Evaluation of detectors: recall of faces and plates, and boxes found on photographs with neither.

    python -m mattebox.training.evaluate.detection ANONYMISE CUTOUT boxes.jsonl --card detect-1 [--split test]
        [--thresholds 0.3 0.4] [--sensitivities 50 100 200] [--sheet FOLDER]

A face or plate is found if the grown, filled shapes of the boxes of its kind cover at least 70 % of its true box. The
photographs with neither are those of the cutout sets' same split in which the teacher (boxes.jsonl) finds no face.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mattebox.anonymisation.regions import grow_box
from mattebox.models.detections import Detections
from mattebox.models.object_detector import ObjectDetector, open_object_detector
from mattebox.training.networks.detection_network import KINDS
from mattebox.training.tasks.detection.crop_batches import DetectionData
from mattebox.training.tasks.detection.labelled_pictures import FACE, PLATE, LabelledPicture, ObjectLabel
from mattebox.types import Floats, Picture

Detect = Callable[[NDArray[np.uint8]], Detections]

MIN_COVERED_SHARE = 0.7
SMALL_FACE_PIXELS = 20.0  # square root of the area
SEARCH_SENSITIVITY = 4.0
SHEET_TILE_PIXELS, SHEET_COLUMNS = 300, 8


@dataclass(frozen=True, eq=False)
class SearchedPicture:
    """A labelled picture and what was found in it, at the lowest threshold."""

    picture: LabelledPicture
    found: Detections


def covered_share(label: ObjectLabel, boxes: Floats) -> float:
    """Share of a label's box that the filled shapes of its kind's boxes cover together."""
    samples = 24
    x, y = (label.box[i] + (np.arange(samples) + 0.5) / samples * (label.box[i + 2] - label.box[i]) for i in (0, 1))
    grid_x, grid_y = np.meshgrid(x, y)
    covered = np.zeros(grid_x.shape, bool)
    for box in boxes:
        left, top, right, bottom = grow_box(tuple(box.tolist()), KINDS[label.kind])
        if label.kind == FACE:
            u = (grid_x - (left + right) / 2) / max((right - left) / 2, 1e-6)
            v = (grid_y - (top + bottom) / 2) / max((bottom - top) / 2, 1e-6)
            covered |= u**2 + v**2 <= 1
        else:
            covered |= (grid_x >= left) & (grid_x <= right) & (grid_y >= top) & (grid_y <= bottom)
    return float(covered.mean())


def recall_scores(searched: Sequence[SearchedPicture], thresholds: tuple[float, float]) -> dict[str, float]:
    """Recall of large faces, small faces and plates (nan where there are none)."""
    hits: dict[str, list[bool]] = {"faces": [], "small_faces": [], "plates": []}
    for item in searched:
        for label in item.picture.labels:
            if not label.ignored:
                chosen = (item.found.kinds == label.kind) & (item.found.scores >= thresholds[label.kind])
                is_found = covered_share(label, item.found.boxes[chosen]) >= MIN_COVERED_SHARE
                hits[_group_of(label)].append(is_found)
    return {name: float(np.mean(values)) if values else float("nan") for name, values in hits.items()}


def _group_of(label: ObjectLabel) -> str:
    if label.kind == PLATE:
        return "plates"
    return "faces" if label.size > SMALL_FACE_PIXELS else "small_faces"


def false_boxes(found: Sequence[Detections], thresholds: tuple[float, float]) -> tuple[float, float]:
    """Boxes of faces and of plates a picture, of pictures with neither."""
    counts = [[np.sum((d.kinds == k) & (d.scores >= t)) for k, t in enumerate(thresholds)] for d in found]
    faces, plates = np.mean(counts, axis=0) if counts else (float("nan"), float("nan"))
    return float(faces), float(plates)


def threshold_for_rate(found: Sequence[Detections], kind: int, boxes_per_picture: float) -> float:
    """The lowest threshold at which a kind has at most so many false boxes a picture."""
    scores = np.sort(np.concatenate([[0.0], *(d.scores[d.kinds == kind] for d in found)]))[::-1]
    allowed = int(boxes_per_picture * len(found))
    return float(scores[allowed]) + 1e-4 if allowed < len(scores) - 1 else 0.0


def draw_sheet(searched: Sequence[SearchedPicture], thresholds: tuple[float, float], file: Path) -> None:
    """Draw what was found (red faces, blue plates) and what should have been (green; yellow where it was missed)."""
    tiles = []
    for item in searched:
        image = Image.fromarray(item.picture.rgb)
        pen = ImageDraw.Draw(image)
        for label in item.picture.labels:
            chosen = (item.found.kinds == label.kind) & (item.found.scores >= thresholds[label.kind])
            is_found = covered_share(label, item.found.boxes[chosen]) >= MIN_COVERED_SHARE
            if not label.ignored:
                pen.rectangle([float(v) for v in label.box], outline="lime" if is_found else "yellow", width=2)
        for box, kind, score in zip(item.found.boxes, item.found.kinds, item.found.scores, strict=True):
            if score >= thresholds[kind]:
                pen.rectangle([float(v) for v in box], outline=("red", "deepskyblue")[kind])
        image.thumbnail((SHEET_TILE_PIXELS, SHEET_TILE_PIXELS))
        tiles.append(image)
    rows = -(-len(tiles) // SHEET_COLUMNS)
    sheet = Image.new("RGB", (SHEET_COLUMNS * SHEET_TILE_PIXELS, max(1, rows) * SHEET_TILE_PIXELS))
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % SHEET_COLUMNS * SHEET_TILE_PIXELS, number // SHEET_COLUMNS * SHEET_TILE_PIXELS))
    sheet.save(file)


def search_pictures(detector: ObjectDetector, pictures: Sequence[LabelledPicture]) -> list[SearchedPicture]:
    """What a detector finds in pictures, at a quarter of its card's scores."""
    return [SearchedPicture(p, detector.detect(Picture(p.rgb), sensitivity=SEARCH_SENSITIVITY)) for p in pictures]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("labelled", "photographs", "teacher_boxes"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--card", default="detect-1")
    parser.add_argument("--split", choices=["train", "val", "test"], default="test")
    parser.add_argument("--count", type=int, default=300, help="photographs with neither")
    parser.add_argument("--thresholds", type=float, nargs=2, help="of faces and plates, in place of the card's")
    parser.add_argument("--sensitivities", type=float, nargs="+", default=[100], help="in percent, 50 to 400")
    parser.add_argument("--sheet", type=Path, help="a folder for sheets of what was found")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    detector = open_object_detector(args.card, "cpu", args.threads)
    data = DetectionData(args.labelled, args.photographs, args.teacher_boxes)
    faces, plates = detector.card.detection.min_scores
    thresholds = (args.thresholds[0], args.thresholds[1]) if args.thresholds else (faces, plates)
    labelled = [picture for pictures in data.read_labelled(args.split).values() for picture in pictures]
    searched = search_pictures(detector, labelled)
    empty = search_pictures(detector, data.read_photographs_with_neither(args.split, args.count))
    head = {"card": args.card, "split": args.split, "labels": count_labels(labelled), "photographs": len(empty)}
    print(json.dumps(head))
    for sensitivity in args.sensitivities:
        at = (thresholds[0] * 100 / sensitivity, thresholds[1] * 100 / sensitivity)
        rates = false_boxes([item.found for item in empty], at)
        scores = {name: round(value, 4) for name, value in recall_scores(searched, at).items()}
        scores |= {"false_faces": round(rates[0], 4), "false_plates": round(rates[1], 4)}
        print(json.dumps({"sensitivity": sensitivity, "thresholds": at} | scores), flush=True)
    if args.sheet:
        args.sheet.mkdir(parents=True, exist_ok=True)
        draw_sheet(searched, thresholds, args.sheet / "labelled.png")
        wrong = [item for item in empty if any(item.found.scores >= np.array(thresholds)[item.found.kinds])]
        draw_sheet(wrong, thresholds, args.sheet / "false.png")


def count_labels(pictures: Sequence[LabelledPicture]) -> dict[str, int]:
    """Numbers of labels that count, by group."""
    groups = [_group_of(label) for picture in pictures for label in picture.labels if not label.ignored]
    return {name: groups.count(name) for name in ("faces", "small_faces", "plates")}


if __name__ == "__main__":
    main()

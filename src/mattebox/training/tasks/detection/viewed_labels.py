"""Labels that a person gave by looking at what a detector found: faces and plates that an archive or a teacher lacks.

`runs/faces-and-plates.json`: key of a picture -> kinds that are `known` there (all candidates were looked at), and the
`face`, `plate`, `doubtful` and `neither` boxes: left, top, right, bottom in pixels. What is doubtful is not learned
from; `neither` are those that a teacher takes for a face, such as a monkey's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from mattebox.errors import InputUnreadable
from mattebox.training.networks.detection_network import KINDS
from mattebox.training.tasks.detection.labelled_pictures import MATCH_IOU, LabelledPicture, ObjectLabel, box_iou

Box = tuple[float, float, float, float]
MIN_OVERLAP_IOU = 0.2  # of a label with a box that shows neither


class ViewedLabels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person saw in a picture."""

    known: tuple[str, ...] = ()
    face: tuple[Box, ...] = ()
    plate: tuple[Box, ...] = ()
    doubtful: tuple[Box, ...] = ()
    neither: tuple[Box, ...] = ()


def read_viewed_labels(file: Path) -> dict[str, ViewedLabels]:
    """Labels by the pictures' keys. InputUnreadable."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, ViewedLabels])
    except (OSError, msgspec.MsgspecError) as error:
        raise InputUnreadable(f"{file}: no labels ({error})", "give runs/faces-and-plates.json") from error


def add_viewed_labels(picture: LabelledPicture, viewed: Mapping[str, ViewedLabels]) -> LabelledPicture:
    """The picture with what was seen in it; labels that it has at the same place stay."""
    seen = viewed.get(picture.key)
    if seen is None:
        return picture
    labels = [label for label in picture.labels if not any(_overlaps(label, box) for box in seen.neither)]
    for number, boxes in enumerate((seen.face, seen.plate)):  # as KINDS
        for box in boxes:
            label = ObjectLabel(np.array(box, np.float32), number)
            labels = [other for other in labels if not (other.ignored and _is_same(other, label))]
            if not any(_is_same(other, label) for other in labels):
                labels.append(label)
    labels += [
        ObjectLabel(np.array(box, np.float32), kind, True) for box in seen.doubtful for kind in range(len(KINDS))
    ]
    known = tuple(known or kind in seen.known for known, kind in zip(picture.known_kinds, KINDS, strict=True))
    return replace(picture, labels=tuple(labels), known_kinds=(known[0], known[1]))


def _overlaps(label: ObjectLabel, box: Box) -> bool:
    return box_iou(label.box, np.array(box, np.float32)) > MIN_OVERLAP_IOU


def _is_same(a: ObjectLabel, b: ObjectLabel) -> bool:
    return a.kind == b.kind and box_iou(a.box, b.box) > MATCH_IOU

"""Photographs with boxes of faces and plates: the labelled archives, and others with a teacher's boxes.

The split is by the file's name alone: the SHA-256 of the name (`k000.avif`), as a number, is 0 modulo 5 for the fifth
that is for testing only, and 1 modulo 10 for validation, by which checkpoints and thresholds are chosen.
"""

from __future__ import annotations

import csv
import hashlib
import io
import tarfile
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import InputMissing, InputUnreadable
from mattebox.models.detections import FACE_LANDMARKS
from mattebox.training.core.run_log import read_rows
from mattebox.training.data.tar_shards import ManifestRow, open_tar_image, read_manifest
from mattebox.training.networks.detection_network import KINDS
from mattebox.types import Floats

Split = Literal["train", "val", "test"]

ARCHIVES = ("faces", "plates")
MIN_LABEL_SCORE = 0.55  # a teacher's box above it is a label; below, that place is left out of the loss
MATCH_IOU = 0.4  # a teacher's box that overlaps a label so much is of the same face
NO_TEACHER_BOXES: Floats = np.zeros((0, 15), np.float32)
NO_LANDMARKS = np.full((FACE_LANDMARKS, 2), np.nan, np.float32)
FACE, PLATE = 0, 1


@dataclass(frozen=True, eq=False)
class ObjectLabel:
    """A face or plate, or (`ignored`) a place of which nothing is learned for its kind.

    Attributes
    ----------
    box : 4 float32
        Left, top, right, bottom in pixels.
    kind : int
        Number of the kind, in the order of `KINDS`.
    landmarks : 5 x 2 float32
        NaN where unknown.
    """

    box: Floats
    kind: int
    ignored: bool = False
    landmarks: Floats = field(default_factory=lambda: NO_LANDMARKS)

    @property
    def size(self) -> float:
        """Square root of the area, in pixels."""
        width, height = np.maximum(self.box[2:] - self.box[:2], 0)
        return float(np.sqrt(width * height))


@dataclass(frozen=True, eq=False)
class LabelledPicture:
    """A photograph, H x W x 3 uint8, its labels, and for each kind whether all of it is labelled."""

    key: str
    rgb: NDArray[np.uint8]
    labels: tuple[ObjectLabel, ...] = ()
    known_kinds: tuple[bool, bool] = (True, True)


def split_of(file_name: str) -> Split:
    """The part of the material that a file belongs to, by the SHA-256 of its name."""
    number = int(hashlib.sha256(file_name.encode()).hexdigest(), 16)
    return "test" if number % 5 == 0 else "val" if number % 10 == 1 else "train"


def read_teacher_boxes(file: Path) -> dict[str, Floats]:
    """Boxes of `teacher_boxes` by key: n x 15 of box, score and landmarks."""
    return {row["key"]: np.array(row["boxes"], np.float32).reshape(-1, 15) for row in read_rows(file)}


def read_archive(folder: Path, name: str, split: Split, teacher: dict[str, Floats]) -> list[LabelledPicture]:
    """The pictures of `NAME.tar` that belong to a split, in the order of their names.

    For training, faces that a teacher is sure of are added to the labels (those are not complete), and what it is not
    sure of is ignored. InputError where the archive is missing or broken.
    """
    path, pictures = folder / f"{name}.tar", []
    try:
        with tarfile.open(path) as tar:
            members = {Path(m.name).name: m for m in tar.getmembers() if m.isfile()}
            rows = defaultdict(list)
            for row in csv.DictReader(io.TextIOWrapper(tar.extractfile(members["labels.csv"]) or io.BytesIO())):
                rows[row["file"]].append(row)
            for file in sorted(f for f in rows if split_of(f) == split):
                rgb = np.asarray(open_tar_image(tar, members[file]).convert("RGB"))
                labels = [_read_label(row) for row in rows[file]]
                if split == "train":
                    labels = _add_teacher_faces(labels, teacher.get(f"{name}/{file}", NO_TEACHER_BOXES))
                pictures.append(LabelledPicture(f"{name}/{file}", rgb, tuple(labels), (True, name == "plates")))
    except FileNotFoundError as error:
        raise InputMissing(f"{path}: no such file", "give the folder that holds it") from error
    except (KeyError, tarfile.ReadError, OSError) as error:
        raise InputUnreadable(f"{path}: not an archive of labelled pictures ({error})", "make it anew") from error
    return pictures


@dataclass(frozen=True)
class PhotographSets:
    """Sets of the cutout data set to use.

    Attributes
    ----------
    people, objects : dict
        Name of a set -> at most so many of its pictures. Faces of the first are labelled by a teacher, and only
        pictures that it has seen are used; the second hold no people.
    plates_unknown : set of str
        Sets whose pictures may show plates.
    """

    people: Mapping[str, int]
    objects: Mapping[str, int]
    plates_unknown: frozenset[str]


def read_photographs(
    folder: Path,
    sets: PhotographSets,
    teacher: Mapping[str, Floats],
    split: Split,
    *,
    only_empty: bool = False,
    max_count: int | None = None,
) -> list[LabelledPicture]:
    """Photographs of the cutout data set with a teacher's boxes, evenly drawn from a split by their names.

    Parameters
    ----------
    folder : Path
        Tar shards with their manifest.
    sets : PhotographSets
    teacher : dict
        Boxes by key.
    split : str
    only_empty : bool
        Only those in which the teacher finds no face at all, and without plates.
    max_count : int, optional
        About so many of them at most, evenly drawn.
    """
    rows = _choose_rows(read_manifest(folder), sets, teacher, split, only_empty)
    rows = rows[:: max(1, -(-len(rows) // (max_count or len(rows) or 1)))]
    return list(_read_rows(folder, rows, sets, teacher))


def iterate_photographs(
    folder: Path, sets: PhotographSets, teacher: Mapping[str, Floats], split: Split, keys: Container[str]
) -> Iterator[LabelledPicture]:
    """The photographs of a split among these keys, with a teacher's boxes; faces are known where it has looked, and in
    sets without people."""
    rows = [r for r in read_manifest(folder) if r.kind != "check" and r.key in keys]
    return _read_rows(folder, [r for r in rows if split_of(f"{r.stem}.{r.ext}") == split], sets, teacher)


def _read_rows(
    folder: Path, rows: Sequence[ManifestRow], sets: PhotographSets, teacher: Mapping[str, Floats]
) -> Iterator[LabelledPicture]:
    for shard in sorted({r.shard for r in rows}):
        with tarfile.open(folder / shard) as tar:
            for row in (r for r in rows if r.shard == shard):
                rgb = np.asarray(open_tar_image(tar, f"{row.key}.{row.ext}").convert("RGB"))
                labels = _add_teacher_faces([], teacher.get(row.key, NO_TEACHER_BOXES))
                known = (row.key in teacher or row.set in sets.objects, row.set not in sets.plates_unknown)
                yield LabelledPicture(row.key, rgb, tuple(labels), known)


def _choose_rows(
    rows: Sequence[ManifestRow], sets: PhotographSets, teacher: Mapping[str, Floats], split: Split, only_empty: bool
) -> list[ManifestRow]:
    chosen = []
    for name, limit in {**sets.people, **sets.objects}.items():
        of_set = [r for r in rows if r.set == name and r.kind != "check" and split_of(f"{r.stem}.{r.ext}") == split]
        if name in sets.people:
            of_set = [r for r in of_set if r.key in teacher]
        if only_empty:
            is_unsuited = name in sets.plates_unknown
            of_set = [r for r in of_set if not is_unsuited and not len(teacher.get(r.key, ()))]
        chosen += of_set[:: max(1, -(-len(of_set) // max(limit, 1)))]
    return chosen


def _read_label(row: dict[str, str]) -> ObjectLabel:
    left, top, width, height = (float(row[name]) for name in ("x", "y", "w", "h"))
    box = np.array([left, top, left + width, top + height], np.float32)
    return ObjectLabel(box, KINDS.index(row["kind"]), row["ignore"] == "1")


def _add_teacher_faces(labels: list[ObjectLabel], teacher: Floats) -> list[ObjectLabel]:
    """Landmarks for labels that the teacher found, too, and the faces that only it found."""
    result = list(labels)
    for values in teacher:
        box, score, landmarks = values[:4], float(values[4]), values[5:].reshape(FACE_LANDMARKS, 2)
        same = [i for i, label in enumerate(result) if label.kind == FACE and box_iou(label.box, box) > MATCH_IOU]
        if not same:
            result.append(ObjectLabel(box, FACE, score < MIN_LABEL_SCORE, landmarks))
        elif score >= MIN_LABEL_SCORE:
            label = result[same[0]]
            result[same[0]] = ObjectLabel(label.box, FACE, label.ignored, landmarks)
    return result


def box_iou(a: Floats, b: Floats) -> float:
    """Intersection over union."""
    intersection = float(np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)))
    union = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - intersection
    return intersection / union if union > 0 else 0.0

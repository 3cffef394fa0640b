"""What the crops of a batch show: labelled faces and plates, pasted ones, and photographs with neither."""

from __future__ import annotations

import random
from collections.abc import Sequence

from PIL import Image

from mattebox.training.tasks.detection import pasting
from mattebox.training.tasks.detection.crops import MAX_ENLARGEMENT, MIN_OBJECT, Crop, crop_anywhere, crop_around
from mattebox.training.tasks.detection.labelled_pictures import FACE, PLATE, LabelledPicture, ObjectLabel
from mattebox.training.tasks.detection.settings import DetectionSettings

LABELLED_FACE_SHARE = 0.45  # of crops of faces, from the labelled archive; the others have a teacher's boxes
OCCLUDED_SHARE = 0.15
ALSO_PASTED_SHARE = 0.3  # of crops of labelled faces, to which others are added
REAL_PLATE_SHARE, REPLACED_SHARE = 0.6, 0.4  # of crops of plates; of those, with a drawn plate in the real one's place


class CropSampler:
    """Samples crops of all kinds.

    Parameters
    ----------
    archives : dict
        "faces" and "plates" -> their labelled pictures.
    others : sequence of LabelledPicture
        Photographs with a teacher's boxes, or none.
    settings : DetectionSettings
        Shares and side of the crops.
    """

    def __init__(
        self,
        archives: dict[str, list[LabelledPicture]],
        others: Sequence[LabelledPicture],
        settings: DetectionSettings,
    ) -> None:
        self.settings = settings
        self._labelled_faces = _group_by_picture(archives["faces"], FACE)
        self._plates = _group_by_picture(archives["plates"], PLATE)
        self._teacher_faces = _group_by_picture(others, FACE)
        self._without = [p for p in [*others, *archives["plates"]] if not any(label.kind == FACE for label in p.labels)]
        self._without_plates = [p for p in others if p.known_kinds[PLATE] and not p.labels]
        copied = [(p, label) for p, labels in [*self._labelled_faces, *self._teacher_faces] for label in labels]
        self._copied_faces = [(p, label) for p, label in copied if label.size >= pasting.MIN_PASTED_FACE]

    def describe(self) -> dict[str, int]:
        """Numbers of what it draws from."""
        return {
            "pictures with labelled faces": len(self._labelled_faces), "with a teacher's": len(self._teacher_faces),
            "with plates": len(self._plates), "with neither": len(self._without_plates),
            "faces to copy": len(self._copied_faces),
        }  # fmt: skip

    def sample(self, draw: random.Random) -> Crop:
        """One crop."""
        settings, kind = self.settings, draw.random()
        if kind < settings.faces:
            return self._sample_faces(draw)
        if kind < settings.faces + settings.plates:
            return self._sample_plates(draw)
        if kind < settings.faces + settings.plates + settings.pasted:
            return pasting.paste_faces(self._sample_without(draw), self._copied_faces, draw)
        return self._sample_without(draw)

    def _sample_faces(self, draw: random.Random) -> Crop:
        is_labelled = draw.random() < LABELLED_FACE_SHARE or not self._teacher_faces
        picture, labels = draw.choice(self._labelled_faces if is_labelled else self._teacher_faces)
        crop = crop_around(
            picture, draw.choice(labels), self.settings.side, draw, lambda: self._draw_surroundings(draw)
        )
        if draw.random() < ALSO_PASTED_SHARE:
            crop = pasting.paste_faces(crop, self._copied_faces, draw)
        return pasting.occlude_faces(crop, draw) if draw.random() < OCCLUDED_SHARE else crop

    def _sample_plates(self, draw: random.Random) -> Crop:
        if draw.random() < REAL_PLATE_SHARE:
            picture, labels = draw.choice(self._plates)
            crop = crop_around(
                picture, draw.choice(labels), self.settings.side, draw, lambda: self._draw_surroundings(draw)
            )
            return pasting.replace_plates(crop, draw) if draw.random() < REPLACED_SHARE else crop
        return pasting.paste_plates(self._sample_without(draw), draw)

    def _sample_without(self, draw: random.Random) -> Crop:
        pictures = self._without if draw.random() < 0.5 else self._without_plates
        return crop_anywhere(draw.choice(pictures), self.settings.side, draw)

    def _draw_surroundings(self, draw: random.Random) -> Image.Image:
        return crop_anywhere(draw.choice(self._without_plates), self.settings.side, draw).image


def _group_by_picture(
    pictures: Sequence[LabelledPicture], kind: int
) -> list[tuple[LabelledPicture, list[ObjectLabel]]]:
    """Pictures with the labels of a kind that crops can be made around."""
    grouped = [
        (p, [label for label in p.labels if label.kind == kind and not label.ignored and _is_large_enough(label)])
        for p in pictures
    ]
    return [(picture, labels) for picture, labels in grouped if labels]


def _is_large_enough(label: ObjectLabel) -> bool:
    return label.size * MAX_ENLARGEMENT > MIN_OBJECT

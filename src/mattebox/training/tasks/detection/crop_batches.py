"""Batches of degraded crops with their targets, from the labelled archives and other photographs."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mattebox.training.data.degradation import apply_to_some, degrade_batch
from mattebox.training.tasks.detection import labelled_pictures
from mattebox.training.tasks.detection.crop_sampler import CropSampler
from mattebox.training.tasks.detection.labelled_pictures import ARCHIVES, LabelledPicture
from mattebox.training.tasks.detection.photograph_sets import PHOTOGRAPH_SETS
from mattebox.training.tasks.detection.settings import DetectionSettings
from mattebox.training.tasks.detection.targets import Targets, build_targets
from mattebox.training.tasks.detection.viewed_labels import add_viewed_labels, read_viewed_labels

DARK_SHARE = 0.12


@dataclass(frozen=True)
class DetectionData:
    """Where the pictures are.

    Attributes
    ----------
    labelled : Path
        Folder of faces.tar and plates.tar.
    photographs : Path
        Tar shards of the cutout data set.
    teacher_boxes : Path
        What `teacher_boxes` wrote.
    viewed : Path, optional
        Labels that a person gave by looking, which are learned from, too.
    """

    labelled: Path
    photographs: Path
    teacher_boxes: Path
    viewed: Path | None = None

    def read_labelled(self, split: labelled_pictures.Split) -> dict[str, list[LabelledPicture]]:
        """The labelled pictures of a split by archive. InputError."""
        teacher = labelled_pictures.read_teacher_boxes(self.teacher_boxes)
        return {name: labelled_pictures.read_archive(self.labelled, name, split, teacher) for name in ARCHIVES}

    def read_photographs(self, count: int) -> list[LabelledPicture]:
        """About `count` other photographs to train on."""
        teacher = labelled_pictures.read_teacher_boxes(self.teacher_boxes)
        return labelled_pictures.read_photographs(self.photographs, PHOTOGRAPH_SETS, teacher, "train", max_count=count)

    def read_photographs_with_neither(self, split: labelled_pictures.Split, count: int) -> list[LabelledPicture]:
        """About `count` photographs of a split without faces, by the teacher, and without plates, by their set."""
        teacher = labelled_pictures.read_teacher_boxes(self.teacher_boxes)
        return labelled_pictures.read_photographs(
            self.photographs, PHOTOGRAPH_SETS, teacher, split, only_empty=True, max_count=count
        )


class CropBatches:
    """Samples batches; all pictures stay in memory."""

    def __init__(self, settings: DetectionSettings, data: DetectionData) -> None:
        viewed = read_viewed_labels(data.viewed) if data.viewed else {}

        def add_viewed(pictures: list[LabelledPicture]) -> list[LabelledPicture]:
            return [add_viewed_labels(picture, viewed) for picture in pictures]

        archives = {name: add_viewed(pictures) for name, pictures in data.read_labelled("train").items()}
        self.sampler = CropSampler(archives, add_viewed(data.read_photographs(settings.photographs)), settings)

    def sample(self, count: int) -> tuple[Tensor, Targets]:
        """Degraded crops, N x 3 x side x side 0..1, and their targets; Python's and torch's random numbers decide."""
        draw = random.Random(random.getrandbits(64))
        crops = [self.sampler.sample(draw) for _ in range(count)]
        pixels = np.stack([c.pixels for c in crops]).transpose(0, 3, 1, 2)
        rgb = torch.from_numpy(np.ascontiguousarray(pixels)).float() / 255
        apply_to_some(DARK_SHARE, rgb, _darken)
        return degrade_batch(rgb), build_targets(crops)


def _darken(rgb: Tensor) -> Tensor:
    """Underexposed: a fraction of the light, with more noise."""
    factor = 0.12 + 0.4 * torch.rand(len(rgb), 1, 1, 1)
    dark = (rgb**1.3) * factor
    return (dark + torch.randn_like(dark) * 0.02).clamp(0, 1)

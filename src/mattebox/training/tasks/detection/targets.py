"""Targets of the detector for a crop: heat maps of centres, boxes, landmarks, and where each counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mattebox.models.detection_decoders import CELL_STRIDE
from mattebox.training.networks.detection_network import KINDS, LANDMARK_VALUES
from mattebox.training.tasks.detection.crops import Crop
from mattebox.training.tasks.detection.labelled_pictures import ObjectLabel
from mattebox.types import Floats

SMALLEST_LEARNED, LARGEST_LEARNED = 7.0, 50.0  # pixels; other sizes are found at other levels of the pyramid
SIGMA_SHARE, MIN_SIGMA_PIXELS = 0.15, 1.6  # of the heat around a centre, against the box's sides
MIN_BOX_HEAT = 0.6  # cells of so much heat learn the box


class Targets(NamedTuple):
    """Targets of N crops: N x C x h x w each.

    Attributes
    ----------
    heat, heat_weight : N x kinds x h x w
        1 at a centre, falling around it; 0 where nothing is learned.
    box, box_weight : N x 4 x h x w, N x 1 x h x w
        Height, width, and y and x of the centre from the cell's, in cells.
    landmark, landmark_weight : N x 10 x h x w, N x 1 x h x w
        y and x of each, as shares of the box from its top left corner.
    """

    heat: Tensor
    heat_weight: Tensor
    box: Tensor
    box_weight: Tensor
    landmark: Tensor
    landmark_weight: Tensor


def build_targets(crops: Sequence[Crop]) -> Targets:
    """Targets of crops of one side."""
    arrays = [_crop_targets(crop) for crop in crops]
    return Targets(*(torch.from_numpy(np.stack(values)) for values in zip(*arrays, strict=True)))


def _crop_targets(crop: Crop) -> tuple[Floats, ...]:
    cells = crop.image.width // CELL_STRIDE
    heat = np.zeros((len(KINDS), cells, cells), np.float32)
    heat_weight = np.ones_like(heat) * np.array(crop.known_kinds, np.float32)[:, None, None]
    box, box_weight = np.zeros((4, cells, cells), np.float32), np.zeros((1, cells, cells), np.float32)
    landmark, landmark_weight = np.zeros((LANDMARK_VALUES, cells, cells), np.float32), np.zeros_like(box_weight)
    centres = (np.arange(cells, dtype=np.float32) + 0.5) * CELL_STRIDE
    for label in sorted(crop.labels, key=lambda label: -label.size):  # smaller ones over larger ones
        if label.ignored or not SMALLEST_LEARNED <= label.size <= LARGEST_LEARNED:
            _ignore(heat_weight[label.kind], label)
            continue
        around, (row, column) = _heat_around(label, centres)
        heat_weight[label.kind][around > 0.01] = 1
        np.maximum(heat[label.kind], around, out=heat[label.kind])
        heat[label.kind, row, column] = heat_weight[label.kind, row, column] = 1
        learns = around > MIN_BOX_HEAT
        learns[row, column] = True
        grid_y, grid_x = np.broadcast_arrays(centres[:, None], centres[None])
        middle_x, middle_y = (label.box[:2] + label.box[2:]) / 2
        width, height = label.box[2:] - label.box[:2]
        box[0, learns], box[1, learns] = height / CELL_STRIDE, width / CELL_STRIDE
        box[2, learns] = (middle_y - grid_y[learns]) / CELL_STRIDE
        box[3, learns] = (middle_x - grid_x[learns]) / CELL_STRIDE
        box_weight[0, learns] = 1
        landmark_weight[0, learns] = 0
        if not np.isnan(label.landmarks).any():
            shares = (label.landmarks - label.box[:2]) / (width, height)
            landmark[:, learns] = shares[:, ::-1].reshape(LANDMARK_VALUES, 1)
            landmark_weight[0, learns] = 1
    return heat, heat_weight, box, box_weight, landmark, landmark_weight


def _heat_around(label: ObjectLabel, centres: Floats) -> tuple[Floats, tuple[int, int]]:
    """A Gaussian around a label's centre, and the cell of the centre."""
    middle, sides = (label.box[:2] + label.box[2:]) / 2, label.box[2:] - label.box[:2]
    sigma = np.maximum(SIGMA_SHARE * sides, MIN_SIGMA_PIXELS)
    across, down = (np.exp(-(((centres - m) / s) ** 2) / 2) for m, s in zip(middle, sigma, strict=True))
    column, row = (int(np.clip(m // CELL_STRIDE, 0, len(centres) - 1)) for m in middle)
    heat = np.asarray(down[:, None] * across[None], np.float32)
    return heat / max(float(heat.max()), 1e-6), (row, column)


def _ignore(weight: Floats, label: ObjectLabel) -> None:
    """Nothing is learned of a kind where a label is."""
    left, top = (int(v // CELL_STRIDE) for v in np.maximum(label.box[:2], 0))
    right, bottom = (int(-(-v // CELL_STRIDE)) for v in label.box[2:])
    weight[top:bottom, left:right] = 0

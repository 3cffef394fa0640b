"""Random crops of labelled photographs: scaled so that an object has a drawn size, turned, mirrored."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mattebox.training.tasks.detection.labelled_pictures import FACE, LabelledPicture, ObjectLabel
from mattebox.types import Floats

MIN_OBJECT, MAX_OBJECT = 8.0, 42.0  # pixels, square root of the area, of the object that a crop is made around
MAX_ENLARGEMENT = 2.4
MIN_VISIBLE_SHARE = 0.5  # objects of which less is in the crop are ignored
MIRRORED_LANDMARKS = [1, 0, 2, 4, 3]
TURN_SHARE, MAX_TURN_DEGREES = 0.3, 35.0
ROTATION_MARGIN = 1.5  # side of the square that is turned, against the crop's
OUTSIDE_SHARE = 0.15  # of crops may lie partly outside a picture that is larger
OUTSIDE_COLOUR = (118, 114, 110)

DrawSurroundings = Callable[[], Image.Image]
"""What lies around a picture that is smaller than the crop: a square of the crop's side."""


@dataclass(frozen=True, eq=False)
class Crop:
    """A square of pixels and the labels in it, in its own coordinates."""

    image: Image.Image
    labels: tuple[ObjectLabel, ...]
    known_kinds: tuple[bool, bool] = (True, True)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """Side x side x 3."""
        return np.asarray(self.image)


def crop_around(
    picture: LabelledPicture,
    label: ObjectLabel,
    side: int,
    draw: random.Random,
    draw_surroundings: DrawSurroundings | None = None,
) -> Crop:
    """A crop that shows a label somewhere, at a size drawn between MIN_OBJECT and MAX_OBJECT."""
    size = math.exp(draw.uniform(math.log(MIN_OBJECT), math.log(MAX_OBJECT)))
    scale = min(size / max(label.size, 1.0), MAX_ENLARGEMENT)
    centre = (label.box[:2] + label.box[2:]) / 2
    reach = max(0.0, side / scale / 2 - 0.6 * float(np.max(label.box[2:] - label.box[:2])))
    shift = np.array([draw.uniform(-reach, reach), draw.uniform(-reach, reach)])
    return _crop(picture, centre + shift, scale, side, draw, draw_surroundings)


def crop_anywhere(picture: LabelledPicture, side: int, draw: random.Random) -> Crop:
    """A crop of any place, at any scale at which it fills most of the square."""
    height, width = picture.rgb.shape[:2]
    smallest = side / max(height, width)
    scale = math.exp(draw.uniform(math.log(smallest), math.log(max(2.0, 1.5 * smallest))))
    reach_x, reach_y = (max(0.0, (s - side / scale) / 2) for s in (width, height))
    centre = np.array([width / 2 + draw.uniform(-reach_x, reach_x), height / 2 + draw.uniform(-reach_y, reach_y)])
    return _crop(picture, centre, scale, side, draw)


def _crop(
    picture: LabelledPicture,
    centre: Floats,
    scale: float,
    side: int,
    draw: random.Random,
    draw_surroundings: DrawSurroundings | None = None,
) -> Crop:
    turn = math.radians(draw.gauss(0, MAX_TURN_DEGREES / 2)) if draw.random() < TURN_SHARE else 0.0
    stretch = math.exp(draw.gauss(0, 0.07))
    scales = np.array([scale * stretch, scale / stretch])
    size = np.array([picture.rgb.shape[1], picture.rgb.shape[0]])
    if draw.random() >= OUTSIDE_SHARE:
        reach = np.minimum(side / 2 / scales, size / 2)
        centre = np.clip(centre, reach, size - reach)
    is_smaller = bool((size * scales < side - 8).any())
    surroundings = draw_surroundings() if is_smaller and draw_surroundings and draw.random() < 0.75 else None
    image = _resample(picture.rgb, centre, scales, side, turn, surroundings)
    is_mirrored = draw.random() < 0.5
    if is_mirrored:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    rotation = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    labels = [_move_label(label, centre, scales, rotation, side, is_mirrored) for label in picture.labels]
    return Crop(
        image, tuple(clip_label(label, side) for label in labels if is_inside(label, side)), picture.known_kinds
    )


def _resample(
    rgb: NDArray[np.uint8], centre: Floats, scales: Floats, side: int, turn: float, surroundings: Image.Image | None
) -> Image.Image:
    """The square of `side` pixels around a point, antialiased; outside the picture are the surroundings, or grey."""
    large = math.ceil(side * ROTATION_MARGIN / 2) * 2 if turn else side
    half = large / 2 / scales
    left, top = centre - half
    right, bottom = centre + half
    inside = max(left, 0.0), max(top, 0.0), min(right, float(rgb.shape[1])), min(bottom, float(rgb.shape[0]))
    canvas = Image.new("RGB", (large, large), OUTSIDE_COLOUR)
    if surroundings is not None:
        canvas.paste(surroundings.resize((large, large)) if large != side else surroundings)
    place = [round(float((v - o) * s)) for v, o, s in zip(inside, (left, top) * 2, (*scales, *scales), strict=True)]
    size = place[2] - place[0], place[3] - place[1]
    if min(size) > 0 and inside[2] - inside[0] >= 1 and inside[3] - inside[1] >= 1:
        source = Image.fromarray(rgb)
        canvas.paste(source.resize(size, Image.Resampling.BILINEAR, box=inside), (place[0], place[1]))
    if turn:
        offset = (large - side) // 2
        canvas = canvas.rotate(math.degrees(turn), Image.Resampling.BILINEAR, fillcolor=OUTSIDE_COLOUR)
        canvas = canvas.crop((offset, offset, offset + side, offset + side))
    return canvas


def _move_label(
    label: ObjectLabel, centre: Floats, scales: Floats, rotation: Floats, side: int, is_mirrored: bool
) -> ObjectLabel:
    """The label in the crop's coordinates; a turned face stays an ellipse, a turned plate a rectangle."""

    def move(points: NDArray[np.floating[Any]]) -> Floats:
        moved = ((points - centre) * scales) @ rotation.T + side / 2
        if is_mirrored:
            moved[:, 0] = side - moved[:, 0]
        return np.asarray(moved, np.float32)

    (middle,) = move(((label.box[:2] + label.box[2:]) / 2)[None])
    half = (label.box[2:] - label.box[:2]) / 2 * scales
    turned = np.abs(rotation) * half
    reach = np.hypot(turned[:, 0], turned[:, 1]) if label.kind == FACE else turned.sum(1)
    landmarks = move(label.landmarks)
    if is_mirrored:
        landmarks = landmarks[MIRRORED_LANDMARKS]
    box = np.concatenate([middle - reach, middle + reach]).astype(np.float32)
    return replace(label, box=box, landmarks=landmarks)


def is_inside(label: ObjectLabel, side: int) -> bool:
    """Whether any part of a label is in a square."""
    return bool((label.box[2:] > 1).all() and (label.box[:2] < side - 1).all())


def clip_label(label: ObjectLabel, side: int) -> ObjectLabel:
    """The visible part of a label; ignored where little of it is."""
    box = np.clip(label.box, 0, side).astype(np.float32)
    visible = replace(label, box=box)
    is_cut = visible.size**2 < MIN_VISIBLE_SHARE * label.size**2
    return replace(visible, ignored=label.ignored or is_cut)

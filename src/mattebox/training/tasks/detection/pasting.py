"""Copy-paste augmentation: faces on other photographs, drawn plates in place of real ones or anywhere; occlusion."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from mattebox.training.tasks.detection.crops import MAX_OBJECT, MIN_OBJECT, Crop
from mattebox.training.tasks.detection.labelled_pictures import FACE, PLATE, LabelledPicture, ObjectLabel, box_iou
from mattebox.training.tasks.detection.synthetic_plates import (
    bounding_box,
    draw_light,
    draw_plate,
    match_light,
    paste_plate,
    random_quadrilateral,
)
from mattebox.types import Floats

MIN_PASTED_FACE = 18.0  # pixels: smaller ones are not copied
HEAD_MARGIN = 0.45  # of the box, copied around a face
ANY_LIGHT_SHARE = 0.4  # of drawn plates, whose light is not that of what is around
RECESS_SAMPLES = 4  # along a pixel, of its edges


def paste_faces(crop: Crop, faces: Sequence[tuple[LabelledPicture, ObjectLabel]], draw: random.Random) -> Crop:
    """One to four faces with their hair, on a crop; its own labels under them go."""
    image, labels = crop.image.copy(), list(crop.labels)
    for _ in range(draw.choice([1, 1, 2, 3, 4])):
        picture, label = draw.choice(faces)
        size = math.exp(draw.uniform(math.log(MIN_OBJECT), math.log(MAX_OBJECT)))
        scale, side = size / label.size, image.width
        width, height = (float(v) * scale for v in label.box[2:] - label.box[:2])
        left, top = draw.uniform(2, max(3, side - width - 2)), draw.uniform(2, max(3, side - height - 2))
        box = np.array([left, top, left + width, top + height], np.float32)
        if any(box_iou(box, other.box) > 0.02 for other in labels):
            continue
        _paste_face(image, picture, label, box)
        landmarks = (label.landmarks - label.box[:2]) * scale + box[:2]
        labels.append(ObjectLabel(box, FACE, False, landmarks.astype(np.float32)))
    return replace(crop, image=image, labels=tuple(labels))


def _paste_face(image: Image.Image, picture: LabelledPicture, label: ObjectLabel, box: Floats) -> None:
    """Blend an ellipse around a face into an image, the face's box at `box`."""
    margin = HEAD_MARGIN * (label.box[2:] - label.box[:2])
    source_box = np.concatenate([label.box[:2] - margin, label.box[2:] + margin])
    limit = np.array([picture.rgb.shape[1], picture.rgb.shape[0]] * 2)
    inside = np.clip(source_box, 0, limit)
    scale = (box[2:] - box[:2]) / (label.box[2:] - label.box[:2])
    target = np.round((inside - np.tile(label.box[:2], 2)) * np.tile(scale, 2) + np.tile(box[:2], 2)).astype(int)
    size = max(1, int(target[2] - target[0])), max(1, int(target[3] - target[1]))
    source = Image.fromarray(picture.rgb)
    patch = source.resize(
        size,
        Image.Resampling.BILINEAR,
        box=(float(inside[0]), float(inside[1]), float(inside[2]), float(inside[3])),
        reducing_gap=3.0,
    )
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse([0, 0, size[0] - 1, size[1] - 1], fill=255)
    image.paste(patch, (int(target[0]), int(target[1])), mask.filter(ImageFilter.GaussianBlur(max(0.5, size[0] / 24))))


def replace_plates(crop: Crop, draw: random.Random) -> Crop:
    """Drawn plates on the real ones, at their places and in their light: as bright, as coloured and as faint."""
    image, labels = crop.image.copy(), []
    for label in crop.labels:
        if label.kind == PLATE and not label.ignored:
            left, top, right, bottom = (float(v) for v in label.box)
            width, height = right - left, bottom - top
            plate = match_light(draw_plate(draw), _middle_of(crop, label), draw)
            wanted = plate.resize((max(8, round(plate.height * width / max(height, 1.0))), plate.height))
            slope = draw.gauss(0, 0.05) * height
            corners = np.array(
                [[left, top + slope], [right, top - slope], [right, bottom - slope], [left, bottom + slope]]
            )
            paste_plate(image, wanted, corners.astype(np.float32), draw, lit=True)
        labels.append(label)
    return replace(crop, image=image, labels=tuple(labels))


def _middle_of(crop: Crop, label: ObjectLabel) -> Image.Image:
    """The pixels of a label but for its border."""
    margin = 0.12 * (label.box[2:] - label.box[:2])
    left, top = (int(v) for v in np.maximum(label.box[:2] + margin, 0))
    right, bottom = (int(v) for v in np.ceil(label.box[2:] - margin))
    return crop.image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))


def paste_plates(crop: Crop, draw: random.Random) -> Crop:
    """One to three drawn plates anywhere on a crop."""
    image, labels = crop.image.copy(), list(crop.labels)
    for _ in range(draw.choice([1, 1, 2, 3])):
        plate = draw_plate(draw)
        aspect = plate.width / plate.height
        width = math.exp(draw.uniform(math.log(MIN_OBJECT), math.log(MAX_OBJECT))) * math.sqrt(aspect)
        side, reach = image.width, 0.6 * width
        if reach >= side / 2:
            continue
        centre = draw.uniform(reach, side - reach), draw.uniform(reach, side - reach)
        corners = random_quadrilateral(width, centre, aspect, draw)
        box = bounding_box(corners)
        if any(box_iou(box, other.box) > 0.0 for other in labels):
            continue
        if draw.random() < 0.5:  # the recess of a car's body
            _draw_recess(image, corners, draw)
        in_any_light = draw.random() < ANY_LIGHT_SHARE
        paste_plate(image, draw_light(plate, draw) if in_any_light else plate, corners, draw, lit=in_any_light)
        labels.append(ObjectLabel(box, PLATE))
    return replace(crop, image=image, labels=tuple(labels))


def _draw_recess(image: Image.Image, corners: Floats, draw: random.Random) -> None:
    middle = corners.mean(0)
    grown = middle + (corners - middle) * np.array([draw.uniform(1.1, 1.9), draw.uniform(1.1, 2.2)])
    shade = draw.choice([draw.randint(5, 60), draw.randint(0, 255)])
    colour = tuple(max(0, min(255, shade + draw.randint(-12, 12))) for _ in range(3))
    large = Image.new("L", (RECESS_SAMPLES * image.width, RECESS_SAMPLES * image.height))
    points = [(RECESS_SAMPLES * float(x), RECESS_SAMPLES * float(y)) for x, y in grown]
    ImageDraw.Draw(large).polygon(points, fill=draw.randint(140, 255))
    image.paste(colour, (0, 0), large.resize(image.size, Image.Resampling.BOX))


def occlude_faces(crop: Crop, draw: random.Random) -> Crop:
    """Masks on some of the faces whose landmarks are known, glasses on others."""
    image = crop.image.copy()
    pen = ImageDraw.Draw(image)
    for label in crop.labels:
        if label.kind != FACE or label.ignored or np.isnan(label.landmarks).any() or draw.random() < 0.4:
            continue
        left, top, right, bottom = (float(v) for v in label.box)
        colour = draw.choice([(230, 235, 240), (110, 150, 190), (20, 20, 24), (90, 140, 120), (200, 200, 200)])
        eyes, nose = label.landmarks[:2], label.landmarks[2]
        if draw.random() < 0.7:
            width = right - left
            bridge = float(nose[1]) - 0.1 * (bottom - top)
            pen.polygon(
                [(left + 0.08 * width, bridge), (float(nose[0]), bridge - 0.08 * (bottom - top)),
                 (right - 0.08 * width, bridge), (right - 0.18 * width, bottom), (left + 0.18 * width, bottom)],
                fill=colour,
            )  # fmt: skip
        else:
            radius = 0.17 * (right - left)
            for x, y in eyes.tolist():
                pen.ellipse([x - radius, y - 0.7 * radius, x + radius, y + 0.8 * radius], fill=(15, 15, 18))
            pen.line([tuple(p) for p in eyes.tolist()], fill=(15, 15, 18), width=max(1, round(radius / 4)))
    return replace(crop, image=image)

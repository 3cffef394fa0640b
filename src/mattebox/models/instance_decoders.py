"""Decoding of network outputs to instances: detections (Mask R-CNN), mask queries (MaskFormer) and class maps.

He et al. 2017; Cheng et al. 2021 and 2022, whose panoptic inference is followed: a query keeps the pixels it wins, and
counts where these are most of its mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.activations import sigmoid, softmax
from mattebox.core.connected_components import label_components
from mattebox.errors import ModelError
from mattebox.models.cards.tensor_spec import Output
from mattebox.models.instance_masks import MASK_THRESHOLD, Instance
from mattebox.models.preprocess import unpadded_grid_shape
from mattebox.types import Box, Floats, ImageShape, LetterboxGeometry

MAX_ALPHA_SIDE_PIXELS = 512
MIN_INSTANCE_SHARE = 0.0005  # of the picture's area; smaller instances are not listed
MAX_SCORE_PIXELS = 1000  # pixels of an instance that its score is averaged over
MIN_WON_MASK_SHARE = 0.8  # of its mask that a query must win

FloatArray = NDArray[np.floating[Any]]


def decode_detections(outputs: Sequence[NDArray[Any]], output: Output, geometry: LetterboxGeometry) -> list[Instance]:
    """Decode the detections of Mask R-CNN.

    Parameters
    ----------
    outputs : sequence of arrays
        Boxes N x 4 (left, top, right, bottom in input pixels), class numbers N, scores N, and masks N x 1 x h x w:
        within their boxes or, where they have the input's size, over the full input.
    output : Output
        The card's class names and smallest score.
    geometry : LetterboxGeometry
        Place of the picture in the input.

    Returns
    -------
    list of Instance
        Largest first.

    Raises
    ------
    ModelError
        The outputs have other shapes.
    """
    if len(outputs) < 4 or outputs[0].shape[1:] != (4,) or outputs[3].ndim != 4:
        raise ModelError(
            f"boxes, classes, scores and masks have the shapes {[o.shape for o in outputs]}",
            "they must be N x 4, N, N and N x 1 x h x w; correct the card",
        )
    input_height, input_width = geometry.input_shape
    input_box = (0.0, 0.0, float(input_width), float(input_height))
    has_full_masks = outputs[3].shape[2:] == geometry.input_shape
    grid_shape = _alpha_grid_shape(geometry.content_shape)
    instances = []
    for box, label, score, mask in zip(*outputs[:4], strict=True):
        if score >= output.least:
            mask_box = input_box if has_full_masks else tuple(map(float, box))
            alpha = paste_mask(mask[0], mask_box, geometry.content_shape, grid_shape)
            picture_box = _scale_box(box, geometry.content_shape, geometry.source_shape)
            instances.append(Instance(_class_name(output, int(label)), float(score), picture_box, alpha))
    return _drop_small_and_sort(instances)


def decode_queries(outputs: Sequence[NDArray[Any]], output: Output, geometry: LetterboxGeometry) -> list[Instance]:
    """Decode the mask queries of MaskFormer and Mask2Former.

    Parameters
    ----------
    outputs : sequence of arrays
        Class logits 1 x Q x (classes + 1), the last for "none", and mask logits 1 x Q x h x w over the input.
    output, geometry
        As in `decode_detections`, and so are result and errors.
    """
    class_logits = next((o[0] for o in outputs if o.ndim == 3), None)
    mask_logits = next((o[0] for o in outputs if o.ndim == 4), None)
    shape = None if mask_logits is None else (len(mask_logits), len(output.classes) + 1)
    if class_logits is None or mask_logits is None or class_logits.shape != shape:
        raise ModelError(
            f"the outputs have the shapes {[o.shape for o in outputs]}",
            f"they must be 1 x Q x {len(output.classes) + 1} and 1 x Q x h x w; correct the card",
        )
    probabilities = softmax(class_logits)[:, :-1]
    masks = sigmoid(_crop_padding(mask_logits, geometry))
    scores = probabilities.max(axis=1) * _mean_inside_masks(masks)
    candidates = np.flatnonzero(scores >= output.least)
    if not candidates.size:
        return []
    weighted = probabilities[candidates].max(axis=1)[:, None, None] * masks[candidates]
    winner = candidates[weighted.argmax(axis=0)]
    instances = []
    for i in candidates:
        inside, won = masks[i] > MASK_THRESHOLD, winner == i
        if (inside & won).sum() >= MIN_WON_MASK_SHARE * max(inside.sum(), 1):
            alpha = np.where(won, masks[i], np.float32(0))
            label = output.classes[int(probabilities[i].argmax())]
            instances.append(_instance_from_alpha(label, float(scores[i]), alpha, geometry))
    return _drop_small_and_sort(instances)


def decode_class_map(class_map: Floats, output: Output, geometry: LetterboxGeometry) -> list[Instance]:
    """Decode a semantic map: each connected region of a class other than "background" is an instance.

    Parameters
    ----------
    class_map : C x H x W float32
        Logits or probabilities of the classes.
    output, geometry
        As in `decode_detections`.

    Returns
    -------
    list of Instance
        Largest first.
    """
    classes, instances = class_map.argmax(axis=0), []
    for index in np.unique(classes):
        if output.classes[index] == "background":
            continue
        labels, regions = label_components(classes == index)
        for number, region in enumerate(regions, start=1):
            if region.area >= MIN_INSTANCE_SHARE * classes.size:
                mask = labels == number
                score = _mean_class_probability(class_map, mask, int(index), output)
                alpha = mask.astype(np.float32)
                instances.append(_instance_from_alpha(output.classes[index], score, alpha, geometry))
    return _drop_small_and_sort(instances)


def paste_mask(mask: FloatArray, box: tuple[float, ...], picture_shape: ImageShape, grid_shape: ImageShape) -> Floats:
    """Resample a mask in a box to a grid over the full picture, bilinearly; zero outside the box.

    Parameters
    ----------
    mask : h x w float
        0..1.
    box : (float, float, float, float)
        Left, top, right, bottom of the mask, in pixels of the picture; it may reach beyond it.
    picture_shape, grid_shape : (int, int)
        Height and width of the picture and of the result.

    Returns
    -------
    grid_shape float32
        0..1.
    """
    columns = _bilinear_weights(box[0], box[2], mask.shape[1], picture_shape[1], grid_shape[1])
    rows = _bilinear_weights(box[1], box[3], mask.shape[0], picture_shape[0], grid_shape[0])
    alpha: Floats = np.clip(rows @ mask.astype(np.float32) @ columns.T, 0, 1)
    return alpha


def _bilinear_weights(low: float, high: float, cells: int, length: int, count: int) -> Floats:
    """count x cells: weights of the cells between `low` and `high` in each of `count` equal steps along `length`."""
    centres = (np.arange(count) + 0.5) * length / count
    positions = (centres - low) / max(high - low, 1e-6) * cells - 0.5
    return np.asarray(np.clip(1 - np.abs(positions[:, None] - np.arange(cells)), 0, 1), np.float32)


def _instance_from_alpha(label: str, score: float, alpha: Floats, geometry: LetterboxGeometry) -> Instance:
    """An instance whose box is that of its alpha above the threshold."""
    y, x = np.nonzero(alpha > MASK_THRESHOLD)
    box = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1] if y.size else [0, 0, 0, 0])
    return Instance(label, score, _scale_box(box, (alpha.shape[0], alpha.shape[1]), geometry.source_shape), alpha)


def _scale_box(box: NDArray[Any], from_shape: ImageShape, to_shape: ImageShape) -> Box:
    """Convert a box in pixels of a picture of one size to pixels of another, clipped to it."""
    x_scale, y_scale = to_shape[1] / from_shape[1], to_shape[0] / from_shape[0]
    left, top, right, bottom = (float(v) for v in box)
    return (
        max(0, round(left * x_scale)),
        max(0, round(top * y_scale)),
        min(to_shape[1], round(right * x_scale)),
        min(to_shape[0], round(bottom * y_scale)),
    )


def _mean_class_probability(class_map: Floats, mask: NDArray[np.bool_], index: int, output: Output) -> float:
    """Mean probability of a class inside a mask, at a sample of its pixels."""
    rows, columns = np.nonzero(mask)
    step = -(-rows.size // MAX_SCORE_PIXELS)
    values = class_map[:, rows[::step], columns[::step]]
    return float((values if output.values == "shares" else softmax(values, axis=0))[index].mean())


def _alpha_grid_shape(picture_shape: ImageShape) -> ImageShape:
    scale = min(1.0, MAX_ALPHA_SIDE_PIXELS / max(picture_shape))
    return max(1, round(picture_shape[0] * scale)), max(1, round(picture_shape[1] * scale))


def _crop_padding(planes: NDArray[Any], geometry: LetterboxGeometry) -> NDArray[Any]:
    """Cut the padding off planes over the full input."""
    height, width = unpadded_grid_shape(geometry, planes.shape[1:])
    return planes[:, :height, :width]


def _mean_inside_masks(masks: Floats) -> Floats:
    """Mean of each mask where it is above the threshold."""
    inside = masks > MASK_THRESHOLD
    return np.asarray((masks * inside).sum(axis=(1, 2)) / np.maximum(inside.sum(axis=(1, 2)), 1), np.float32)


def _class_name(output: Output, label: int) -> str:
    return output.classes[label] if 0 <= label < len(output.classes) else f"class {label}"


def _drop_small_and_sort(instances: list[Instance]) -> list[Instance]:
    return sorted((i for i in instances if i.area_share >= MIN_INSTANCE_SHARE), key=lambda i: -i.area_share)

"""What networks that tell things apart answer, as parts: classes, detections (Mask R-CNN), queries (MaskFormer).

He et al. 2017; Cheng et al. 2021 and 2022, whose panoptic decision this follows: a query keeps the pixels that it wins,
and counts when these are most of its mask. Arrays in, parts out; knows nothing of pictures, files or runtimes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core.connected_components import label_components
from mattebox.errors import ModelError
from mattebox.models.cards.tensor_spec import Output
from mattebox.types import Box, Floats, LetterboxGeometry

MAX_ALPHA_SIDE_PIXELS = 512  # longer side of a part's alpha, at most
MIN_INSTANCE_SHARE = 0.0005  # of the picture: a smaller part is not listed
MASK_THRESHOLD = 0.5  # alpha from which a pixel is the part's
MAX_QUANTISED_ALPHA = 65535  # alphas are kept in so many steps, and given in them whether kept or not
MAX_SCORE_PIXELS = 1000  # pixels by which a part is judged, at most
MIN_WON_MASK_SHARE = 0.8  # share of its mask that a query must win

FloatArray = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Instance:
    """A thing told apart: its class, how sure the network is of it (0..1), its box in the picture's pixels, and its
    alpha (h x w, 0..1) of the whole picture, coarse."""

    label: str
    score: float
    box: Box
    alpha: Floats

    @property
    def area_share(self) -> float:
        """Of the picture's area."""
        return float((self.alpha > MASK_THRESHOLD).mean())


def decode_detections(outputs: Sequence[NDArray[Any]], output: Output, geometry: LetterboxGeometry) -> list[Instance]:
    """Parts of boxes N x 4 in the input's pixels, classes N, scores N, and masks N x 1 x h x w, which lie in the boxes
    or, when they are as large as the input, in the picture; largest first. ModelError for other shapes."""
    if len(outputs) < 4 or outputs[0].shape[1:] != (4,) or outputs[3].ndim != 4:
        raise ModelError(
            f"boxes, classes, scores and masks have the shapes {[o.shape for o in outputs]}",
            "they must be N x 4, N, N and N x 1 x h x w; correct the card",
        )
    boxes, labels, scores, masks = outputs[:4]
    grid, whole = _alpha_grid_size(geometry.content_shape), masks.shape[2:] == geometry.input_shape
    found = []
    for box, label, score, mask in zip(boxes, labels, scores, masks, strict=True):
        if score >= output.least:
            lies = (
                (0.0, 0.0, float(geometry.input_shape[1]), float(geometry.input_shape[0]))
                if whole
                else tuple(map(float, box))
            )
            alpha = paste_mask(mask[0], lies, geometry.content_shape, grid)
            found.append(
                Instance(
                    _class_name(output, int(label)),
                    float(score),
                    _scale_box(box, geometry.content_shape, geometry.source_shape),
                    alpha,
                )
            )
    return _drop_small_and_sort(found)


def decode_queries(outputs: Sequence[NDArray[Any]], output: Output, geometry: LetterboxGeometry) -> list[Instance]:
    """Parts of class logits 1 x Q x (classes + 1), the last for none, and mask logits 1 x Q x h x w; largest first.

    ModelError for other shapes.
    """
    kinds = next((o[0] for o in outputs if o.ndim == 3), None)
    logits = next((o[0] for o in outputs if o.ndim == 4), None)
    if kinds is None or logits is None or kinds.shape != (len(logits), len(output.classes) + 1):
        raise ModelError(
            f"the outputs have the shapes {[o.shape for o in outputs]}",
            f"they must be 1 x Q x {len(output.classes) + 1} and 1 x Q x h x w; correct the card",
        )
    shares = _softmax(kinds)[:, :-1]
    masks = _sigmoid(_crop_padding(logits, geometry))
    sure = shares.max(axis=1) * _mean_inside_masks(masks)
    kept = np.flatnonzero(sure >= output.least)
    if not kept.size:
        return []
    winner = kept[(shares[kept].max(axis=1)[:, None, None] * masks[kept]).argmax(axis=0)]
    found = []
    for i in kept:
        firm, won = masks[i] > MASK_THRESHOLD, winner == i
        if (firm & won).sum() >= MIN_WON_MASK_SHARE * max(firm.sum(), 1):
            alpha = np.where(won, masks[i], np.float32(0))
            found.append(_instance_from_alpha(output.classes[int(shares[i].argmax())], float(sure[i]), alpha, geometry))
    return _drop_small_and_sort(found)


def decode_class_map(class_map: Floats, output: Output, geometry: LetterboxGeometry) -> list[Instance]:
    """Parts of a map of classes (C x H x W, logits or shares): what hangs together of each class but the
    background; largest first."""
    chosen, found = class_map.argmax(axis=0), []
    for i in np.unique(chosen):
        if output.classes[i] == "background":
            continue
        labels, pieces = label_components(chosen == i)
        for number, piece in enumerate(pieces, start=1):
            if piece.area >= MIN_INSTANCE_SHARE * chosen.size:
                mine = labels == number
                found.append(
                    _instance_from_alpha(
                        output.classes[i],
                        _mean_class_probability(class_map, mine, int(i), output),
                        mine.astype(np.float32),
                        geometry,
                    )
                )
    return _drop_small_and_sort(found)


def paste_mask(
    mask: FloatArray, box: tuple[float, ...], picture_size: tuple[int, int], grid_size: tuple[int, int]
) -> Floats:
    """A mask that lies in a box (x, y, x, y) of a picture of size `picture_size`, seen on a grid over all of it: bilinear, and
    nothing outside."""
    columns = _bilinear_weights(box[0], box[2], mask.shape[1], picture_size[1], grid_size[1])
    rows = _bilinear_weights(box[1], box[3], mask.shape[0], picture_size[0], grid_size[0])
    alpha: Floats = np.clip(rows @ mask.astype(np.float32) @ columns.T, 0, 1)
    return alpha


def union_alpha(instances: Sequence[Instance], size: tuple[int, int]) -> Floats:
    """The alpha of them all; nothing, of that size, when there are none."""
    return np.maximum.reduce([p.alpha for p in instances]) if instances else np.zeros(size, np.float32)


def pack_instances(instances: Sequence[Instance]) -> dict[str, NDArray[Any]]:
    """Parts as arrays, to be kept."""
    return {
        "alphas": np.stack([quantise_alpha(p.alpha) for p in instances])
        if instances
        else np.zeros((0, 1, 1), np.uint16),
        "boxes": np.array([p.box for p in instances], np.uint32).reshape(-1, 4),
        "scores": np.array([round(p.score * MAX_QUANTISED_ALPHA) for p in instances], np.uint16),
        "labels": np.frombuffer("\n".join(p.label for p in instances).encode(), np.uint8),
    }


def unpack_instances(arrays: Mapping[str, NDArray[Any]]) -> list[Instance]:
    """The parts again."""
    labels = arrays["labels"].tobytes().decode().split("\n")
    found = []
    for i, alpha in enumerate(arrays["alphas"]):
        x, y, x2, y2 = (int(v) for v in arrays["boxes"][i])
        found.append(
            Instance(labels[i], int(arrays["scores"][i]) / MAX_QUANTISED_ALPHA, (x, y, x2, y2), dequantise_alpha(alpha))
        )
    return found


def quantise_alpha(alpha: Floats) -> NDArray[np.uint16]:
    return np.rint(alpha * MAX_QUANTISED_ALPHA).astype(np.uint16)


def dequantise_alpha(alpha: NDArray[Any]) -> Floats:
    return np.asarray(alpha / np.float32(MAX_QUANTISED_ALPHA), np.float32)


def unpadded_grid_size(geometry: LetterboxGeometry, grid_size: tuple[int, ...]) -> tuple[int, int]:
    """How many rows and columns of a grid over the whole input lie over the picture."""
    height, width = (
        max(1, round(g * i / w)) for g, i, w in zip(grid_size, geometry.content_shape, geometry.input_shape, strict=True)
    )
    return height, width


def _bilinear_weights(low: float, high: float, cells: int, length: int, count: int) -> Floats:
    """count x cells: what each of `count` equal steps along `length` takes of the cells between low and high."""
    centres = (np.arange(count) + 0.5) * length / count
    at = (centres - low) / max(high - low, 1e-6) * cells - 0.5
    return np.asarray(np.clip(1 - np.abs(at[:, None] - np.arange(cells)), 0, 1), np.float32)


def _instance_from_alpha(label: str, score: float, alpha: Floats, geometry: LetterboxGeometry) -> Instance:
    """With the box around what is firm of it."""
    y, x = np.nonzero(alpha > MASK_THRESHOLD)
    box = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1] if y.size else [0, 0, 0, 0])
    return Instance(label, score, _scale_box(box, (alpha.shape[0], alpha.shape[1]), geometry.source_shape), alpha)


def _scale_box(box: NDArray[Any], from_size: tuple[int, int], to_size: tuple[int, int]) -> Box:
    """A box of a picture of one size, in pixels of another."""
    across, down = to_size[1] / from_size[1], to_size[0] / from_size[0]
    x, y, x2, y2 = (float(v) for v in box)
    found = (round(x * across), round(y * down), round(x2 * across), round(y2 * down))
    return max(0, found[0]), max(0, found[1]), min(to_size[1], found[2]), min(to_size[0], found[3])


def _mean_class_probability(class_map: Floats, mask: NDArray[np.bool_], index: int, output: Output) -> float:
    """The mean share of a class over its part, at so many pixels of it."""
    rows, columns = np.nonzero(mask)
    step = -(-rows.size // MAX_SCORE_PIXELS)
    seen = class_map[:, rows[::step], columns[::step]]
    return float((seen if output.values == "shares" else _softmax(seen, axis=0))[index].mean())


def _alpha_grid_size(picture_size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, MAX_ALPHA_SIDE_PIXELS / max(picture_size))
    return max(1, round(picture_size[0] * scale)), max(1, round(picture_size[1] * scale))


def _crop_padding(planes: NDArray[Any], geometry: LetterboxGeometry) -> NDArray[Any]:
    """What of planes over the whole input lies over the picture."""
    height, width = unpadded_grid_size(geometry, planes.shape[1:])
    return planes[:, :height, :width]


def _mean_inside_masks(masks: Floats) -> Floats:
    """The mean of each mask where it is firm."""
    firm = masks > MASK_THRESHOLD
    return np.asarray((masks * firm).sum(axis=(1, 2)) / np.maximum(firm.sum(axis=(1, 2)), 1), np.float32)


def _class_name(output: Output, label: int) -> str:
    return output.classes[label] if 0 <= label < len(output.classes) else f"class {label}"


def _drop_small_and_sort(instances: list[Instance]) -> list[Instance]:
    return sorted((p for p in instances if p.area_share >= MIN_INSTANCE_SHARE), key=lambda p: -p.area_share)


def _softmax(x: NDArray[Any], axis: int = -1) -> Floats:
    raised = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(raised / raised.sum(axis=axis, keepdims=True), np.float32)


def _sigmoid(x: NDArray[Any]) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -80, 80))), np.float32)

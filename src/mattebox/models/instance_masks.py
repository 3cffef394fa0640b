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

from mattebox.core.connected_components import components
from mattebox.errors import ModelError
from mattebox.models.cards.tensor_spec import Output
from mattebox.types import Box, Floats, Geometry

GRID = 512  # longer side of a part's alpha, at most
CRUMB = 0.0005  # of the picture: a smaller part is not listed
FIRM = 0.5  # alpha from which a pixel is the part's
WHOLE = 65535  # alphas are kept in so many steps, and given in them whether kept or not
SAMPLES = 1000  # pixels by which a part is judged, at most
OVERLAP = 0.8  # share of its mask that a query must win

Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Part:
    """A thing told apart: its class, how sure the network is of it (0..1), its box in the picture's pixels, and its
    alpha (h x w, 0..1) of the whole picture, coarse."""

    label: str
    score: float
    box: Box
    alpha: Floats

    @property
    def share(self) -> float:
        """Of the picture's area."""
        return float((self.alpha > FIRM).mean())


def detected(outputs: Sequence[NDArray[Any]], output: Output, place: Geometry) -> list[Part]:
    """Parts of boxes N x 4 in the input's pixels, classes N, scores N, and masks N x 1 x h x w, which lie in the boxes
    or, when they are as large as the input, in the picture; largest first. ModelError for other shapes."""
    if len(outputs) < 4 or outputs[0].shape[1:] != (4,) or outputs[3].ndim != 4:
        raise ModelError(
            f"boxes, classes, scores and masks have the shapes {[o.shape for o in outputs]}",
            "they must be N x 4, N, N and N x 1 x h x w; correct the card",
        )
    boxes, labels, scores, masks = outputs[:4]
    grid, whole = _grid(place.inner), masks.shape[2:] == place.input
    found = []
    for box, label, score, mask in zip(boxes, labels, scores, masks, strict=True):
        if score >= output.least:
            lies = (0.0, 0.0, float(place.input[1]), float(place.input[0])) if whole else tuple(map(float, box))
            alpha = placed(mask[0], lies, place.inner, grid)
            found.append(Part(_name(output, int(label)), float(score), _scaled(box, place.inner, place.source), alpha))
    return _ordered(found)


def queried(outputs: Sequence[NDArray[Any]], output: Output, place: Geometry) -> list[Part]:
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
    masks = _sigmoid(_inner(logits, place))
    sure = shares.max(axis=1) * _own_mean(masks)
    kept = np.flatnonzero(sure >= output.least)
    if not kept.size:
        return []
    winner = kept[(shares[kept].max(axis=1)[:, None, None] * masks[kept]).argmax(axis=0)]
    found = []
    for i in kept:
        firm, won = masks[i] > FIRM, winner == i
        if (firm & won).sum() >= OVERLAP * max(firm.sum(), 1):
            alpha = np.where(won, masks[i], np.float32(0))
            found.append(_part(output.classes[int(shares[i].argmax())], float(sure[i]), alpha, place))
    return _ordered(found)


def classed(y: Floats, output: Output, place: Geometry) -> list[Part]:
    """Parts of a map of classes (C x H x W, logits or shares): what hangs together of each class but the
    background; largest first."""
    chosen, found = y.argmax(axis=0), []
    for i in np.unique(chosen):
        if output.classes[i] == "background":
            continue
        labels, pieces = components(chosen == i)
        for number, piece in enumerate(pieces, start=1):
            if piece.area >= CRUMB * chosen.size:
                mine = labels == number
                found.append(_part(output.classes[i], _sure(y, mine, int(i), output), mine.astype(np.float32), place))
    return _ordered(found)


def placed(mask: Reals, box: tuple[float, ...], inner: tuple[int, int], grid: tuple[int, int]) -> Floats:
    """A mask that lies in a box (x, y, x, y) of a picture of size `inner`, seen on a grid over all of it: bilinear, and
    nothing outside."""
    columns = _tents(box[0], box[2], mask.shape[1], inner[1], grid[1])
    rows = _tents(box[1], box[3], mask.shape[0], inner[0], grid[0])
    alpha: Floats = np.clip(rows @ mask.astype(np.float32) @ columns.T, 0, 1)
    return alpha


def union(parts: Sequence[Part], size: tuple[int, int]) -> Floats:
    """The alpha of them all; nothing, of that size, when there are none."""
    return np.maximum.reduce([p.alpha for p in parts]) if parts else np.zeros(size, np.float32)


def packed(found: Sequence[Part]) -> dict[str, NDArray[Any]]:
    """Parts as arrays, to be kept."""
    return {
        "alphas": np.stack([whole(p.alpha) for p in found]) if found else np.zeros((0, 1, 1), np.uint16),
        "boxes": np.array([p.box for p in found], np.uint32).reshape(-1, 4),
        "scores": np.array([round(p.score * WHOLE) for p in found], np.uint16),
        "labels": np.frombuffer("\n".join(p.label for p in found).encode(), np.uint8),
    }


def unpacked(arrays: Mapping[str, NDArray[Any]]) -> list[Part]:
    """The parts again."""
    labels = arrays["labels"].tobytes().decode().split("\n")
    found = []
    for i, alpha in enumerate(arrays["alphas"]):
        x, y, x2, y2 = (int(v) for v in arrays["boxes"][i])
        found.append(Part(labels[i], int(arrays["scores"][i]) / WHOLE, (x, y, x2, y2), real(alpha)))
    return found


def whole(alpha: Floats) -> NDArray[np.uint16]:
    return np.rint(alpha * WHOLE).astype(np.uint16)


def real(alpha: NDArray[Any]) -> Floats:
    return np.asarray(alpha / np.float32(WHOLE), np.float32)


def within(place: Geometry, grid: tuple[int, ...]) -> tuple[int, int]:
    """How many rows and columns of a grid over the whole input lie over the picture."""
    height, width = (max(1, round(g * i / w)) for g, i, w in zip(grid, place.inner, place.input, strict=True))
    return height, width


def _tents(low: float, high: float, cells: int, inner: int, count: int) -> Floats:
    """count x cells: what each of `count` equal steps along `inner` takes of the cells between low and high."""
    centres = (np.arange(count) + 0.5) * inner / count
    at = (centres - low) / max(high - low, 1e-6) * cells - 0.5
    return np.asarray(np.clip(1 - np.abs(at[:, None] - np.arange(cells)), 0, 1), np.float32)


def _part(label: str, score: float, alpha: Floats, place: Geometry) -> Part:
    """With the box around what is firm of it."""
    y, x = np.nonzero(alpha > FIRM)
    box = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1] if y.size else [0, 0, 0, 0])
    return Part(label, score, _scaled(box, (alpha.shape[0], alpha.shape[1]), place.source), alpha)


def _scaled(box: NDArray[Any], within: tuple[int, int], size: tuple[int, int]) -> Box:
    """A box of a picture of one size, in pixels of another."""
    across, down = size[1] / within[1], size[0] / within[0]
    x, y, x2, y2 = (float(v) for v in box)
    found = (round(x * across), round(y * down), round(x2 * across), round(y2 * down))
    return max(0, found[0]), max(0, found[1]), min(size[1], found[2]), min(size[0], found[3])


def _sure(y: Floats, mine: NDArray[np.bool_], index: int, output: Output) -> float:
    """The mean share of a class over its part, at so many pixels of it."""
    rows, columns = np.nonzero(mine)
    step = -(-rows.size // SAMPLES)
    seen = y[:, rows[::step], columns[::step]]
    return float((seen if output.values == "shares" else _softmax(seen, axis=0))[index].mean())


def _grid(inner: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, GRID / max(inner))
    return max(1, round(inner[0] * scale)), max(1, round(inner[1] * scale))


def _inner(planes: NDArray[Any], place: Geometry) -> NDArray[Any]:
    """What of planes over the whole input lies over the picture."""
    height, width = within(place, planes.shape[1:])
    return planes[:, :height, :width]


def _own_mean(masks: Floats) -> Floats:
    """The mean of each mask where it is firm."""
    firm = masks > FIRM
    return np.asarray((masks * firm).sum(axis=(1, 2)) / np.maximum(firm.sum(axis=(1, 2)), 1), np.float32)


def _name(output: Output, label: int) -> str:
    return output.classes[label] if 0 <= label < len(output.classes) else f"class {label}"


def _ordered(parts: list[Part]) -> list[Part]:
    return sorted((p for p in parts if p.share >= CRUMB), key=lambda p: -p.share)


def _softmax(x: NDArray[Any], axis: int = -1) -> Floats:
    raised = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(raised / raised.sum(axis=axis, keepdims=True), np.float32)


def _sigmoid(x: NDArray[Any]) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -80, 80))), np.float32)

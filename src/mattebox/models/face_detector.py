"""A network that finds faces, and in each the five points by which it can be set upright.

YuNet (Wu, Peng & Yu, 2023), decoded as its authors do: three grids of cells, each with a score, a box and five points.
Looks at the whole picture at two sizes, since it is made for faces of 10 to 300 pixels. Knows nothing of what is done
to faces. May be shared between threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.core.lru_cache import LruCache
from mattebox.errors import ModelError
from mattebox.io import colour, resampling
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card_for_task
from mattebox.models.runtime import devices, onnx_runtime
from mattebox.models.store import weight_store
from mattebox.types import Floats, Picture

NamedOutputs = dict[str, NDArray[np.float32]]

FACE_DETECTION_TASK = "face-detect"
STRIDES = (8, 16, 32)
MIN_FACE_SCORE = 0.6  # of the score: below it is no face
MAX_FACE_IOU = 0.3  # of two boxes' union: above it they are of one face
DETECTION_SCALES = (1.0, 0.4)  # shares of the network's side that the picture fills, in turn


@dataclass(frozen=True, eq=False)
class Face:
    """`box` left, top, right, bottom; `landmarks` 5 x 2: the eyes, the tip of the nose, the corners of the mouth, each
    pair from the picture's left; both in pixels of the picture. `score` 0..1."""

    box: tuple[float, float, float, float]
    landmarks: Floats
    score: float


class FaceDetector:
    """A network ready to run. `run` takes 1 x 3 x side x side BGR 0..255 and gives its outputs by name."""

    def __init__(self, card: Card, run: Callable[[NDArray[np.float32]], NamedOutputs], device: str) -> None:
        self.card, self.device, self._run = card, device, run

    @classmethod
    def open(cls, model: str, device: str = "auto", threads: int | None = None) -> FaceDetector:
        """Start a network of its own. ModelError, also for one that finds no faces; DeviceError, UsageError."""
        card = find_card_for_task(FACE_DETECTION_TASK, model)
        session = onnx_runtime.create_session(weight_store.read_weights(card), f"model {card.name}", device, threads)
        (taken,), names = session.get_inputs(), [o.name for o in session.get_outputs()]

        def run(x: NDArray[np.float32]) -> NamedOutputs:
            return dict(zip(names, session.run(names, {taken.name: x}), strict=True))

        return cls(card, run, devices.device_name(session.get_providers()[0]))

    def detect_faces(self, picture: Picture) -> list[Face]:
        """All faces, the surest first."""
        found: list[Face] = []
        for share in DETECTION_SCALES:
            scale = share * self.card.input.side / max(picture.shape)
            if share == max(DETECTION_SCALES) or scale < 1:
                found += self._detect_at_scale(picture, min(scale, 1.0))
        return _suppress_non_maxima(found)

    def _detect_at_scale(self, picture: Picture, scale: float) -> list[Face]:
        """Those found in the picture at a scale, in the corner of what the network sees."""
        side = self.card.input.side
        height, width = (min(side, max(1, round(s * scale))) for s in picture.shape)
        small = colour.to_srgb(resampling.shrink(picture.rgb, (height, width)), picture.profile)
        x = np.zeros((1, 3, side, side), np.float32)
        x[0, :, :height, :width] = small[..., ::-1].transpose(2, 0, 1)
        answers = self._run(x)
        try:
            cells = np.concatenate([_decode_stride(answers, stride, side) for stride in STRIDES])
        except (KeyError, ValueError) as error:
            raise ModelError(
                f"model {self.card.name} does not answer as YuNet does ({error})", "correct its card"
            ) from error
        ratio = np.float32(picture.shape[1] / width), np.float32(picture.shape[0] / height)
        return [_face_from_cell(cell, ratio) for cell in cells[cells[:, 14] >= MIN_FACE_SCORE]]


def _decode_stride(outputs: NamedOutputs, stride: int, side: int) -> Floats:
    """n x 15: box (left, top, right, bottom), five points (x, y), score; in the network's pixels."""
    across = side // stride
    row, column = (g.reshape(-1, 1).astype(np.float32) for g in np.mgrid[:across, :across])
    place = np.concatenate([column, row], 1)
    cls, obj, box, points = (
        outputs[f"{kind}_{stride}"].reshape(across * across, -1) for kind in ("cls", "obj", "bbox", "kps")
    )
    middle, half = (place + box[:, :2]) * stride, np.exp(np.minimum(box[:, 2:], 8)) * (stride / 2)
    score = np.sqrt(cls.clip(0, 1) * obj.clip(0, 1))
    made = np.concatenate([middle - half, middle + half, (points + np.tile(place, 5)) * stride, score], 1)
    return np.asarray(made, np.float32)


def _face_from_cell(cell: Floats, scale: tuple[np.float32, np.float32]) -> Face:
    pairs = cell[:14].reshape(7, 2) * np.array(scale, np.float32)
    left, top, right, bottom = (float(v) for v in pairs[:2].reshape(-1))
    return Face((left, top, right, bottom), np.asarray(pairs[2:], np.float32), float(cell[14]))


def _suppress_non_maxima(faces: list[Face]) -> list[Face]:
    """The surest of those that overlap."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda f: -f.score):
        if all(_box_iou(face.box, other.box) <= MAX_FACE_IOU for other in kept):
            kept.append(face)
    return kept


def _box_iou(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(width, 0.0) * max(height, 0.0)
    whole = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (one, other)) - both
    return both / whole if whole > 0 else 0.0


_open_detectors: LruCache[FaceDetector] = LruCache(1)


def open_face_detector(model: str, device: str = "auto", threads: int | None = None) -> FaceDetector:
    """Like `Finder.open`, but shared."""
    find_card_for_task(FACE_DETECTION_TASK, model)  # what is forbidden stays so, open or not
    return _open_detectors.get_or_create((model, device, threads), lambda: FaceDetector.open(model, device, threads))

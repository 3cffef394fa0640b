"""Face detection with five landmarks by YuNet (Wu, Peng & Yu, 2023).

Decoded as its authors do: three grids of cells, each with a score, a box and five points. The picture is searched at
two sizes, since the network finds faces of 10 to 300 pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.io import colour, resampling
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card_for_task
from mattebox.models.runtime.inference import session_device, start_card_session
from mattebox.models.shared_networks import share_networks
from mattebox.types import Floats, Picture

NamedOutputs = dict[str, NDArray[np.float32]]
FloatBox = tuple[float, float, float, float]

FACE_DETECTION_TASK = "face-detect"
STRIDES = (8, 16, 32)
MIN_FACE_SCORE = 0.6
MAX_FACE_IOU = 0.3  # boxes that overlap more are of one face
DETECTION_SCALES = (1.0, 0.4)  # longer side of the picture, as a share of the network's side


@dataclass(frozen=True, eq=False)
class Face:
    """A detected face, in pixels of the picture.

    Attributes
    ----------
    box : (float, float, float, float)
        Left, top, right, bottom.
    landmarks : 5 x 2 float32
        x and y of the eyes, the tip of the nose and the corners of the mouth; of a pair the left one first.
    score : float
        0..1.
    """

    box: FloatBox
    landmarks: Floats
    score: float


class FaceDetector:
    """A network ready to run. Threads may share it.

    `run` maps 1 x 3 x side x side float32, BGR 0..255, to the network's outputs by name.
    """

    def __init__(self, card: Card, run: Callable[[NDArray[np.float32]], NamedOutputs], device: str) -> None:
        self.card, self.device, self._run = card, device, run

    @classmethod
    def open(cls, model: str, device: str = "auto", threads: int | None = None) -> FaceDetector:
        """Start the network. Raises ModelError, also for a model of another task, DeviceError, UsageError."""
        card = find_card_for_task(FACE_DETECTION_TASK, model)
        session = start_card_session(card, device, threads)
        (picture_input,), names = session.get_inputs(), [o.name for o in session.get_outputs()]

        def run(x: NDArray[np.float32]) -> NamedOutputs:
            return dict(zip(names, session.run(names, {picture_input.name: x}), strict=True))

        return cls(card, run, session_device(session))

    def detect_faces(self, picture: Picture) -> list[Face]:
        """Detect all faces in a picture; those with the highest score first."""
        faces: list[Face] = []
        for share in DETECTION_SCALES:
            scale = share * self.card.input.side / max(picture.shape)
            if share == max(DETECTION_SCALES) or scale < 1:
                faces += self._detect_at_scale(picture, min(scale, 1.0))
        return _suppress_non_maxima(faces)

    def _detect_at_scale(self, picture: Picture, scale: float) -> list[Face]:
        """Detect faces in the picture reduced by `scale`, placed in the top left corner of the network's input."""
        side = self.card.input.side
        height, width = (min(side, max(1, round(s * scale))) for s in picture.shape)
        small = colour.to_srgb(resampling.shrink(picture.rgb, (height, width)), picture.profile)
        x = np.zeros((1, 3, side, side), np.float32)
        x[0, :, :height, :width] = small[..., ::-1].transpose(2, 0, 1)
        outputs = self._run(x)
        try:
            cells = np.concatenate([_decode_stride(outputs, stride, side) for stride in STRIDES])
        except (KeyError, ValueError) as error:
            raise ModelError(
                f"model {self.card.name} does not answer as YuNet does ({error})", "correct its card"
            ) from error
        ratio = np.float32(picture.shape[1] / width), np.float32(picture.shape[0] / height)
        return [_face_from_cell(cell, ratio) for cell in cells[cells[:, 14] >= MIN_FACE_SCORE]]


def _decode_stride(outputs: NamedOutputs, stride: int, side: int) -> Floats:
    """Decode one grid: n x 15 of box (left, top, right, bottom), five points (x, y) and score, in input pixels."""
    cells = side // stride
    row, column = (g.reshape(-1, 1).astype(np.float32) for g in np.mgrid[:cells, :cells])
    position = np.concatenate([column, row], 1)
    cls, obj, box, points = (
        outputs[f"{kind}_{stride}"].reshape(cells * cells, -1) for kind in ("cls", "obj", "bbox", "kps")
    )
    centre, half = (position + box[:, :2]) * stride, np.exp(np.minimum(box[:, 2:], 8)) * (stride / 2)
    score = np.sqrt(cls.clip(0, 1) * obj.clip(0, 1))
    decoded = np.concatenate([centre - half, centre + half, (points + np.tile(position, 5)) * stride, score], 1)
    return np.asarray(decoded, np.float32)


def _face_from_cell(cell: Floats, scale: tuple[np.float32, np.float32]) -> Face:
    pairs = cell[:14].reshape(7, 2) * np.array(scale, np.float32)
    left, top, right, bottom = (float(v) for v in pairs[:2].reshape(-1))
    return Face((left, top, right, bottom), np.asarray(pairs[2:], np.float32), float(cell[14]))


def _suppress_non_maxima(faces: list[Face]) -> list[Face]:
    """Of faces that overlap, keep the one with the highest score."""
    result: list[Face] = []
    for face in sorted(faces, key=lambda f: -f.score):
        if all(_box_iou(face.box, better.box) <= MAX_FACE_IOU for better in result):
            result.append(face)
    return result


def _box_iou(a: FloatBox, b: FloatBox) -> float:
    """Intersection over union."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    intersection = max(width, 0.0) * max(height, 0.0)
    union = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)) - intersection
    return intersection / union if union > 0 else 0.0


@share_networks()
def open_face_detector(model: str, device: str = "auto", threads: int | None = None) -> FaceDetector:
    """Return the shared network of a model, opened at the first call; see `FaceDetector.open`."""
    return FaceDetector.open(model, device, threads)

"""YuNet's cells are decoded to boxes and landmarks, at two sizes, one for each face; and faces are restored."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data

import mattebox as mb
from mattebox.enhancement.face_alignment import FFHQ_LANDMARKS, TEMPLATE_SIDE_PIXELS
from mattebox.errors import ModelError
from mattebox.models.cards.registry import find_card
from mattebox.models.face_detector import STRIDES, FaceDetector, NamedOutputs
from mattebox.types import Floats, Picture
from tests.models.onnx import message, model, node, tensor, value

EYES = FFHQ_LANDMARKS / TEMPLATE_SIDE_PIXELS  # five points in a box of 1 x 1


def answers(*faces: tuple[float, float, float, float], stride: int = 16, side: int = 640) -> NamedOutputs:
    """YuNet's outputs for faces at left, top, width, height (in input pixels), with falling scores."""
    made: NamedOutputs = {}
    for step in STRIDES:
        cells = (side // step) ** 2
        for kind, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            made[f"{kind}_{step}"] = np.zeros((1, cells, width), np.float32)
    for place, (left, top, width, height) in enumerate(faces):
        x, y = (left + width / 2) / stride, (top + height / 2) / stride
        column, row = int(x), int(y)
        cell = row * (side // stride) + column
        made[f"cls_{stride}"][0, cell] = made[f"obj_{stride}"][0, cell] = 0.95 - place / 20
        made[f"bbox_{stride}"][0, cell] = x - column, y - row, np.log(width / stride), np.log(height / stride)
        points = (EYES * (width, height) + (left, top)) / stride - (column, row)
        made[f"kps_{stride}"][0, cell] = points.reshape(-1)
    return made


class Seer:
    """Detects the same faces of a photograph at any size of its input."""

    def __init__(self, whole: float, *faces: tuple[float, float, float, float]) -> None:
        self.whole, self.faces, self.shown = whole, faces, []

    def __call__(self, x: np.ndarray) -> NamedOutputs:
        shown = int(np.flatnonzero(x[0].any((0, 1))).max()) + 1
        self.shown.append(shown)
        scale = shown / self.whole
        return answers(*[tuple(v * scale for v in face) for face in self.faces])


def found(seer: Seer, size: tuple[int, int]) -> list[tuple[tuple[float, ...], Floats]]:
    rgb = np.full((*size, 3), 90, np.uint8)
    return [
        (face.box, face.landmarks) for face in FaceDetector(find_card("yunet"), seer, "cpu").detect_faces(Picture(rgb))
    ]


@pytest.mark.parametrize(("height", "width"), [(900, 1280), (480, 640), (300, 320)])
def test_boxes_and_landmarks_are_in_pixels_of_the_picture(height: int, width: int) -> None:
    seer = Seer(width, (100, 60, 80, 100), (200, 150, 40, 50))
    faces = found(seer, (height, width))
    assert [round(v) for v in faces[0][0]] == [100, 60, 180, 160]
    assert [round(v) for v in faces[1][0]] == [200, 150, 240, 200]
    np.testing.assert_allclose(faces[0][1], EYES * (80, 100) + (100, 60), atol=0.5)
    assert len(faces) == 2  # seen at both sizes, told once
    assert seer.shown == ([640, 256] if width >= 640 else [320, 256])


def test_a_picture_without_faces() -> None:
    assert found(Seer(1280), (900, 1280)) == []


def test_of_two_overlapping_boxes_the_higher_score_stays() -> None:
    faces = found(Seer(640, (100, 60, 160, 200), (112, 76, 160, 200)), (480, 640))
    assert [round(v) for v in faces[0][0]] == [100, 60, 260, 260]
    assert len(faces) == 1


def test_outputs_of_another_network_are_refused() -> None:
    with pytest.raises(ModelError, match="does not answer as YuNet does"):
        FaceDetector(find_card("yunet"), lambda _: {}, "cpu").detect_faces(Picture(np.zeros((9, 9, 3), np.uint8)))


def test_missing_models_and_models_for_other_tasks() -> None:
    photograph = Picture(np.zeros((9, 9, 3), np.uint8))
    with pytest.raises(ModelError, match="mattebox models pull yunet"):
        mb.enhance(photograph, faces=50)
    with pytest.raises(ModelError, match="model up2-1 is for upscale, not faces"):
        mb.enhance(photograph, faces=50, faces_model="up2-1")
    with pytest.raises(ModelError, match="not face-detect; choose yunet"):
        mb.enhance(photograph, faces=50, faces_finder="up2-1")


def card_of(folder: Path, name: str, graph: bytes, **facts: object) -> str:
    (folder / f"{name}.onnx").write_bytes(graph)
    card = folder / f"{name}.json"
    card.write_text(json.dumps({
        "name": name, "architecture": name, "summary": "a test", "weights": f"{name}.onnx",
        "sha256": hashlib.sha256(graph).hexdigest(), "licence": {"name": "none", "commercial": True}, **facts,
    }))  # fmt: skip
    return str(card)


@pytest.fixture
def networks(tmp_path: Path) -> tuple[str, str]:
    """Two real graphs of YuNet's and CodeFormer's geometry: one that sees a face where the astronaut's is, and one that
    drops the red of what it is given, and multiplies the rest by its further input, a double."""
    said = answers((138 * 1.25, 35 * 1.25, 170 * 1.25, 170 * 1.25))
    nodes = [node("GlobalAveragePool", ["input"], ["means"]), node("ReduceMax", ["means"], ["mean"]),
             node("Sub", ["mean", "least"], ["over"]), node("Clip", ["over", "none", "all"], ["filled"])]  # fmt: skip
    nodes += [node("Mul", [f"{name}_kept", "filled"], [name]) for name in said]  # none where it is shown small
    tensors = [tensor(f"{name}_kept", kept) for name, kept in said.items()]
    tensors += [tensor(name, np.array(number)) for name, number in (("least", 60), ("none", 0), ("all", 1))]
    finder = model(nodes, [value("input", 4)], [value(name, 4) for name in said], tensors)
    cast = message((1, "to"), (3, 1), (20, 2))
    steps = [node("Cast", ["w"], ["weight"], cast), node("Mul", ["x", "mask"], ["masked"]),
             node("Mul", ["masked", "weight"], ["y"])]  # fmt: skip
    mask = tensor("mask", np.array([0, 1, 1]).reshape(1, 3, 1, 1))
    drawer = model(steps, [value("x", 4), value("w", 1, 11)], [value("y", 4)], [mask])
    seen = {"side": 640, "mean": [0, 0, 0], "std": [1, 1, 1]}
    square = {
        "side": TEMPLATE_SIDE_PIXELS,
        "fit": "squash",
        "mean": [0.5] * 3,
        "std": [0.5] * 3,
        "constants": {"w": [1.0]},
    }
    return (
        card_of(tmp_path, "seer", finder, task="face-detect", input=seen),
        card_of(tmp_path, "drawer", drawer, task="faces", input=square),
    )


def test_end_to_end(networks: tuple[str, str]) -> None:
    finder, drawer = networks
    photograph = Picture(skimage.data.astronaut())
    made = mb.enhance(photograph, faces=100, faces_model=drawer, faces_finder=finder).picture
    moved = made.rgb.astype(float) - photograph.rgb
    face = (slice(80, 160), slice(190, 255))
    assert np.abs(moved[face][..., 0]).mean() > 10  # red is flattened ...
    assert np.abs(moved[face][..., 1:]).max() <= 1  # ... and nothing else
    assert not moved[300:].any()
    nothing = mb.enhance(photograph, faces=0, faces_model=drawer, faces_finder=finder, light="none").picture
    np.testing.assert_array_equal(nothing.rgb, photograph.rgb)


def test_faces_are_restored_at_the_requested_size(networks: tuple[str, str]) -> None:
    finder, drawer = networks
    photograph = Picture(skimage.data.astronaut()[:288])  # the face is in the upper half
    plain = mb.upscale(photograph, "2x").picture
    made = mb.upscale(photograph, "2x", faces=100, faces_model=drawer, faces_finder=finder).picture
    moved = np.abs(made.rgb.astype(float) - plain.rgb).max(-1)
    assert moved[160:320, 380:510].mean() > 10
    assert not moved[520:].any()

"""The embedded detector finds a face and its landmarks, and faces are restored where it finds them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data

import mattebox as mb
from mattebox.enhancement.face_alignment import TEMPLATE_SIDE_PIXELS
from mattebox.errors import ModelError
from mattebox.models.face_detector import detect_faces
from mattebox.types import Picture
from tests.models.onnx import message, model, node, tensor, value

EYES, NOSE = ((204, 104), (247, 106)), (225, 126)  # of the astronaut, left and right in the picture


@pytest.fixture(scope="module")
def photograph() -> Picture:
    return Picture(skimage.data.astronaut())


def test_a_face_and_its_landmarks(photograph: Picture) -> None:
    face, *others = detect_faces(photograph, "detect-1")
    left, top, right, bottom = face.box
    assert 160 < left < 205
    assert 30 < top < 95
    assert 245 < right < 285
    assert 145 < bottom < 195
    np.testing.assert_allclose(face.landmarks[:3], [*EYES, NOSE], atol=14)  # of a face 90 pixels wide
    assert all(other.score < face.score for other in others)


def test_missing_models_and_models_for_other_tasks(photograph: Picture) -> None:
    with pytest.raises(ModelError, match="mattebox models pull gfpgan"):
        mb.enhance(photograph, faces=50)
    with pytest.raises(ModelError, match="model up2-1 is for upscale, not faces"):
        mb.enhance(photograph, faces=50, faces_model="up2-1")
    with pytest.raises(ModelError, match="not detect; choose "):
        mb.enhance(photograph, faces=50, faces_finder="up2-1")


@pytest.fixture
def drawer(tmp_path: Path) -> str:
    """A real graph of CodeFormer's geometry: it drops the red of what it is given, and multiplies the rest by its
    further input, a double."""
    cast = message((1, "to"), (3, 1), (20, 2))
    steps = [node("Cast", ["w"], ["weight"], cast), node("Mul", ["x", "mask"], ["masked"]),
             node("Mul", ["masked", "weight"], ["y"])]  # fmt: skip
    mask = tensor("mask", np.array([0, 1, 1]).reshape(1, 3, 1, 1))
    graph = model(steps, [value("x", 4), value("w", 1, 11)], [value("y", 4)], [mask])
    square = {"side": TEMPLATE_SIDE_PIXELS, "fit": "squash", "mean": [0.5] * 3, "std": [0.5] * 3}
    (tmp_path / "drawer.onnx").write_bytes(graph)
    card = tmp_path / "drawer.json"
    card.write_text(json.dumps({
        "name": "drawer", "task": "faces", "architecture": "drawer", "summary": "a test", "weights": "drawer.onnx",
        "sha256": hashlib.sha256(graph).hexdigest(), "licence": {"name": "none", "commercial": True},
        "input": square | {"constants": {"w": [1.0]}},
    }))  # fmt: skip
    return str(card)


def test_end_to_end(drawer: str, photograph: Picture) -> None:
    made = mb.enhance(photograph, faces=100, faces_model=drawer).picture
    moved = made.rgb.astype(float) - photograph.rgb
    face = (slice(80, 160), slice(190, 255))
    assert np.abs(moved[face][..., 0]).mean() > 10  # red is flattened ...
    assert np.abs(moved[face][..., 1:]).max() <= 1  # ... and nothing else
    assert not moved[330:].any()
    nothing = mb.enhance(photograph, faces=0, faces_model=drawer, light="none").picture
    np.testing.assert_array_equal(nothing.rgb, photograph.rgb)


def test_faces_are_restored_at_the_requested_size(drawer: str, photograph: Picture) -> None:
    upper = Picture(photograph.rgb[:288])  # the face is in the upper half
    plain = mb.upscale(upper, "2x").picture
    made = mb.upscale(upper, "2x", faces=100, faces_model=drawer).picture
    moved = np.abs(made.rgb.astype(float) - plain.rgb).max(-1)
    assert moved[160:320, 380:510].mean() > 10


def test_heads_are_framed_by_the_face_where_the_silhouette_shows_none(photograph: Picture) -> None:
    alpha = np.zeros(photograph.shape, np.uint8)
    alpha[:400, 100:420] = 255  # a block: no head in its outline
    cutout = Picture(photograph.rgb, alpha)
    result = mb.cut(cutout, around="head", fill=0.5, size=(200, 200), background="white")
    assert not any("no head found" in note for note in result.notes)

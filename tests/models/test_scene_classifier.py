"""The scene head: real photographs, its network, and what it says when that is another one."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from mattebox.errors import ModelError
from mattebox.models.cards.registry import find_card
from mattebox.models.scene_classifier import (
    SCENE_MODEL,
    FeatureExtractor,
    SceneClassifier,
    add_graph_outputs,
    open_scene_classifier,
)
from mattebox.models.scene_statistics import measure_statistics
from mattebox.models.store import weight_store
from mattebox.types import Picture


@pytest.mark.parametrize(("name", "scene"), [("astronaut", "portrait"), ("chelsea", "animal"), ("coffee", "food")])
def test_photographs_are_recognised(name: str, scene: str) -> None:
    from skimage import data

    pixels = getattr(data, name)()
    rgb = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    shares = open_scene_classifier().classify(Picture(np.ascontiguousarray(rgb)))
    assert sum(shares.values()) == pytest.approx(1, abs=1e-4)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert scene in list(shares)[:2], shares


def test_a_picture_of_one_colour_and_a_tiny_one_are_answered() -> None:
    for pixels in (np.full((400, 30, 3), 90, np.uint8), np.zeros((1, 1, 3), np.uint8), np.ones((9, 9, 3), np.uint16)):
        shares = open_scene_classifier().classify(Picture(pixels))
        assert np.isfinite(list(shares.values())).all()


def test_the_head_belongs_to_the_embedded_network() -> None:
    head = find_card(SCENE_MODEL).scene
    assert head is not None
    assert head.backbone_sha256 == find_card(head.backbone).sha256, (
        "fit it again: python -m mattebox.training.tasks.scene.train DATA --out .../weights/scene-1.onnx"
    )
    with pytest.raises(ModelError, match="fit them again"):
        FeatureExtractor(msgspec.structs.replace(head, backbone_sha256="0" * 64))


def test_a_card_of_another_task_is_refused() -> None:
    with pytest.raises(ModelError, match="is for cutout, not scene"):
        SceneClassifier.open("fast")


def test_outputs_are_added_behind_a_graphs_own() -> None:
    import onnxruntime

    head = find_card(SCENE_MODEL).scene
    assert head is not None
    weights = weight_store.read_weights(find_card(head.backbone))
    session = onnxruntime.InferenceSession(add_graph_outputs(weights, head.layers), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    plain = onnxruntime.InferenceSession(weights, providers=["CPUExecutionProvider"])
    assert names == [*(output.name for output in plain.get_outputs()), *head.layers]


def test_statistics_tell_flat_pictures_from_noise() -> None:
    flat = measure_statistics(np.full((60, 90, 3), 255, np.uint8))
    noise = measure_statistics(np.random.default_rng(0).integers(0, 255, (60, 90, 3)).astype(np.uint8))
    assert np.isfinite([*flat, *noise]).all()
    assert flat[1] == 1  # one colour
    assert noise[1] < 0.05
    assert flat[0] == noise[0] == pytest.approx(np.log(1.5))

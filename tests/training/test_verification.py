"""Training of the verifier: what candidates show, the fit on features, the calibrated product, the exported graph."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from mattebox.errors import InputUnreadable
from mattebox.models.detections import Detections
from mattebox.training.export import verification
from mattebox.training.networks.verification_network import CLASSES, CROP_SIDE, VerificationNet
from mattebox.training.tasks.detection import candidates, verification_train
from mattebox.training.tasks.detection.candidates import NEITHER, CandidatePool
from mattebox.training.tasks.detection.labelled_pictures import FACE, PLATE, LabelledPicture, ObjectLabel
from mattebox.training.tasks.detection.verification_train import CandidateCrops


def box(*sides: float) -> np.ndarray:
    return np.array(sides, np.float32)


LABELS = (ObjectLabel(box(10, 10, 30, 40), FACE), ObjectLabel(box(60, 10, 70, 20), FACE, ignored=True))
PICTURE = LabelledPicture("faces/a", np.full((80, 120, 3), 90, np.uint8), LABELS, (True, False))


@pytest.mark.parametrize(
    ("candidate", "kind", "shown"),
    [
        (box(11, 11, 31, 41), FACE, FACE),
        (box(11, 11, 31, 41), PLATE, FACE),  # a plate that is a face
        (box(60, 10, 70, 20), FACE, None),  # nobody knows
        (box(15, 15, 22, 22), FACE, None),  # a part of the face
        (box(28, 30, 60, 70), FACE, NEITHER),
        (box(90, 50, 110, 70), FACE, NEITHER),
        (box(90, 50, 110, 70), PLATE, None),  # plates are not labelled there
    ],
)
def test_what_a_candidate_shows(candidate: np.ndarray, kind: int, shown: int | None) -> None:
    assert candidates.find_shown(candidate, kind, PICTURE) == shown


def test_a_pool_holds_candidates_true_boxes_and_drawn_plates(tmp_path: Path) -> None:
    pool, draw = CandidatePool(), random.Random(0)
    found = Detections(
        np.stack([box(11, 11, 31, 41), box(90, 50, 110, 70)]), np.array([0.9, 0.3], np.float32),
        np.array([FACE, FACE]), np.zeros((2, 5, 2), np.float32),
    )  # fmt: skip
    candidates.add_candidates(pool, PICTURE, found, source=7)
    candidates.add_true_boxes(pool, PICTURE, 3, draw, source=7)
    street = LabelledPicture("street", np.asarray(Image.new("RGB", (200, 160), "grey")))
    candidates.add_drawn_plates(pool, [street], 2, draw)
    pool.save(tmp_path / "train.npz")
    read = verification_train.read_candidates(tmp_path / "train.npz")
    assert read.shown.tolist()[:5] == [FACE, NEITHER, FACE, FACE, FACE]
    assert set(read.shown.tolist()[5:]) == {PLATE}
    assert read.kinds.tolist()[:3] == [FACE, FACE, -1]
    assert read.crops.shape[1:] == (96, 96, 3)
    with pytest.raises(InputUnreadable):
        verification_train.read_candidates(tmp_path / "none.npz")


def test_the_linear_layers_learn_to_tell_features_apart() -> None:
    torch.manual_seed(0)
    net, shown = VerificationNet(0.1), torch.arange(240) % CLASSES
    features = torch.randn(240, 64, 4, 4) * 0.5
    features[torch.arange(240), shown * 8] += 2.0
    verification_train.train(net, features, shown, steps=150)
    assert not net.training
    assert (net.classify(features).argmax(1) == shown).float().mean() > 0.95


def test_the_calibrated_product_is_fitted_for_each_kind() -> None:
    draw = np.random.default_rng(0)
    shown = draw.integers(0, 2, 400) * NEITHER  # faces and neither
    second = np.clip(np.where(shown == FACE, 0.8, 0.2) + draw.normal(0, 0.25, 400), 0.01, 0.99).astype(np.float32)
    pool = CandidateCrops(
        np.zeros((400, 1, 1, 3), np.uint8), shown, np.zeros(400, np.int64), np.full(400, 0.5, np.float32)
    )
    (_, power, constant), plates = verification.fit_weights(pool, np.stack([second, second, second], 1))
    assert power > 0.3
    assert abs(constant) < 1
    assert plates == [0, 0, 0]  # there are none to learn from


def test_the_graph_says_what_the_network_says(tmp_path: Path) -> None:
    torch.manual_seed(1)
    net, crops = VerificationNet().eval(), np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), np.uint8)
    verification.export_network(net, tmp_path / "v.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "v.onnx", providers=["CPUExecutionProvider"])
    middle = crops[:, 16 : 16 + CROP_SIDE, 16 : 16 + CROP_SIDE].transpose(0, 3, 1, 2).astype(np.float32) / 255
    (answer,) = session.run(None, {"crops": middle})
    np.testing.assert_allclose(answer, verification_train.classify_crops(net, crops), atol=0.02)
    np.testing.assert_allclose(answer.sum(1), 1, atol=1e-4)

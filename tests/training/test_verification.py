"""Training of the verifier: what candidates show, the fit on features, the calibrated product, the exported graph."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import skimage.data
import torch
from PIL import Image

from mattebox.errors import InputUnreadable
from mattebox.models.cards.registry import WEIGHTS_FOLDER, find_card
from mattebox.models.object_detector import open_object_detector
from mattebox.training.export import verification
from mattebox.training.networks.verification_network import CLASSES, CROP_SIDE, VerificationNet
from mattebox.training.tasks.detection import candidate_boxes, candidates, pasting, verification_train
from mattebox.training.tasks.detection.candidates import NEITHER, STORED_SIDE, CandidatePool
from mattebox.training.tasks.detection.crops import Crop
from mattebox.training.tasks.detection.labelled_pictures import FACE, PLATE, LabelledPicture, ObjectLabel
from mattebox.training.tasks.detection.verification_crops import CandidateCrops, vary_crops, view_crops
from mattebox.training.tasks.detection.verification_train import EncodedCrops
from mattebox.training.tasks.detection.viewed_labels import add_viewed_labels, read_viewed_labels
from mattebox.types import Picture


def box(*sides: float) -> np.ndarray:
    return np.array(sides, np.float32)


LABELS = (ObjectLabel(box(10, 10, 30, 40), FACE), ObjectLabel(box(60, 10, 70, 20), FACE, ignored=True))
PLATE_BOX = box(60, 60, 140, 84)
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
    pool, draw, many = CandidatePool(), random.Random(0), candidates.MAX_NEGATIVES + 3
    sky = [(box(90 + i, 50, 110 + i, 70), FACE, 0.3) for i in range(many)]
    found = [(box(11, 11, 31, 41), FACE, 0.9), *sky, (box(10, 60, 20, 70), FACE, 0.1)]
    candidates.add_candidates(pool, PICTURE, found)
    assert pool.shown == [FACE] + [NEITHER] * candidates.MAX_NEGATIVES  # nothing below the lowest score
    candidates.add_true_boxes(pool, PICTURE, (3, 0), draw)
    street = np.asarray(Image.new("RGB", (200, 160), "grey"))
    candidates.add_drawn_plates(pool, LabelledPicture("street", street, (ObjectLabel(PLATE_BOX, PLATE),)), 2, draw)
    pool.save(tmp_path / "train.npz")
    read = verification_train.read_candidates(tmp_path / "train.npz")
    assert read.shown.tolist()[-5:] == [FACE, FACE, FACE, PLATE, PLATE]
    assert read.kinds.tolist()[-5:] == [FACE, FACE, FACE, PLATE, PLATE]
    assert read.crops.shape[1:] == (STORED_SIDE, STORED_SIDE, 3)
    assert read.crops[-1][58:70, 45:83].std() > 3  # there is a plate on the grey street
    with pytest.raises(InputUnreadable):
        verification_train.read_candidates(tmp_path / "none.npz")


def test_candidates_are_the_detectors_own_before_its_verifier(tmp_path: Path) -> None:
    first = open_object_detector("detect-1", "cpu", 1).without_verifier()
    picture = Picture(skimage.data.astronaut()[:256, 128:384])
    found = first.detect(picture, sensitivity=candidate_boxes.SENSITIVITY, enlarge=False)
    rows = candidate_boxes.describe_candidates(found)
    (tmp_path / "c.jsonl").write_text(json.dumps({"key": "faces/her", "boxes": rows}) + "\n")
    ((key, ((best, kind, score), *_)),) = candidate_boxes.read_candidate_boxes(tmp_path / "c.jsonl").items()
    assert (key, kind) == ("faces/her", FACE)
    assert 0.2 < score <= 1
    assert np.abs(best - found.boxes[0]).max() < 0.01


def test_a_drawn_plate_is_as_bright_and_as_coloured_as_the_one_that_it_replaces() -> None:
    street, draw = Image.new("RGB", (200, 160), "navy"), random.Random(0)
    street.paste((220, 120, 170), (60, 60, 140, 84))
    crop = Crop(street, (ObjectLabel(PLATE_BOX, PLATE),))
    for _ in range(5):
        replaced = pasting.replace_plates(crop, draw)
        middle = replaced.pixels[64:80, 70:130].reshape(-1, 3).mean(0)
        assert np.abs(middle - (220, 120, 170)).max() < 30
        assert (replaced.pixels != crop.pixels).any()


def test_what_a_person_saw_is_added_to_labels(tmp_path: Path) -> None:
    file = tmp_path / "seen.json"
    file.write_text('{"faces/a": {"known": ["plate"], "face": [[60, 10, 70, 20], [11, 11, 31, 41]], '
                    '"plate": [[80, 60, 110, 70]], "doubtful": [[2, 60, 12, 70]]}}')  # fmt: skip
    picture = add_viewed_labels(PICTURE, read_viewed_labels(file))
    assert picture.known_kinds == (True, True)
    boxes = [(label.kind, label.ignored, label.box.tolist()) for label in picture.labels]
    assert boxes == [
        (FACE, False, [10, 10, 30, 40]), (FACE, False, [60, 10, 70, 20]), (PLATE, False, [80, 60, 110, 70]),
        (FACE, True, [2, 60, 12, 70]), (PLATE, True, [2, 60, 12, 70]),
    ]  # fmt: skip
    other = LabelledPicture("faces/b", PICTURE.rgb)
    assert add_viewed_labels(other, read_viewed_labels(file)) is other
    file.write_text('{"faces/a": {"neither": [[12, 12, 30, 40]]}}')  # a teacher took a monkey for a face
    (label,) = add_viewed_labels(PICTURE, read_viewed_labels(file)).labels
    assert label is LABELS[1]
    with pytest.raises(InputUnreadable):
        read_viewed_labels(tmp_path / "none.json")


def test_the_labels_by_looking_can_be_read() -> None:
    labels = read_viewed_labels(Path(__file__).parents[2] / "runs" / "faces-and-plates.json")
    assert sum(len(seen.plate) for seen in labels.values()) > 30


def test_views_show_the_middle_of_stored_crops() -> None:
    torch.manual_seed(0)
    stored = np.zeros((4, STORED_SIDE, STORED_SIDE, 3), np.uint8)
    margin = round(STORED_SIDE / 6)
    stored[:, margin:-margin, margin:-margin] = 255
    assert view_crops(stored).mean() > 0.95
    varied = vary_crops(stored)
    assert varied.shape == (4, 3, CROP_SIDE, CROP_SIDE)
    assert (varied[0] - varied[1]).abs().max() > 0.05
    assert 0 <= varied.min() <= varied.max() <= 1


def test_all_but_the_first_blocks_learn_to_tell_features_apart() -> None:
    torch.manual_seed(0)
    net, shown = VerificationNet(0.1), torch.arange(240) % CLASSES
    textures = torch.randn(240, 32, 8, 8) * 0.5
    textures[torch.arange(240), shown * 8] += 5.0
    before = net.stem.weight.clone()
    verification_train.train(net, EncodedCrops(textures.half(), shown, shown.clamp(max=PLATE)), steps=60)
    assert not net.training
    assert (net.stem.weight == before).all()
    assert (net.classify(textures).argmax(1) == shown).float().mean() > 0.95


def test_an_exported_verifier_goes_on_learning_from_its_mistakes(tmp_path: Path) -> None:
    weights = WEIGHTS_FOLDER / find_card("detect-1").detection.verification.model  # type: ignore[union-attr]
    net, is_continued = verification_train.begin_network(weights.with_suffix(".onnx"))
    crops = np.random.default_rng(0).random((2, 3, CROP_SIDE, CROP_SIDE), np.float32)
    session = onnxruntime.InferenceSession(weights.with_suffix(".onnx"), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        own = net.eval()(torch.from_numpy(crops)).softmax(1).numpy()
    np.testing.assert_allclose(own, session.run(None, {"crops": crops})[0], atol=1e-4)
    assert is_continued
    shown = torch.tensor([FACE, NEITHER, NEITHER])
    data = EncodedCrops(torch.randn(3, 32, 8, 8).half(), shown, torch.tensor([FACE, FACE, PLATE]))
    frequencies = verification_train.sample_mistakes(net, data).frequencies
    assert frequencies is not None
    probable = net.classify(data.textures.float()).softmax(1).detach()
    assert frequencies[0] == 1
    assert frequencies[1:].tolist() == pytest.approx(
        [float(probable[1, FACE]) + 0.05, float(probable[2, PLATE]) + 0.05], abs=1e-5
    )
    (tmp_path / "none.onnx").write_bytes(b"no graph")
    with pytest.raises(InputUnreadable):
        verification_train.begin_network(tmp_path / "none.onnx")


def test_what_is_sampled_more_often_is_learned_from_more_often() -> None:
    torch.manual_seed(0)
    shown = torch.full((4,), NEITHER)
    data = EncodedCrops(torch.zeros(4, 1), shown, torch.tensor([FACE, FACE, PLATE, FACE]), torch.tensor([1.0, 0, 1, 3]))
    members = verification_train._group_members(data)
    counts = sum(torch.bincount(verification_train._sample_index(members), minlength=4) for _ in range(50))
    assert isinstance(counts, torch.Tensor)
    assert counts[1] == 0
    assert 2 < counts[3] / counts[0] < 4
    assert counts.sum() == 50 * verification_train.BATCH


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
    net = VerificationNet().eval()
    stored = np.random.default_rng(0).integers(0, 256, (3, STORED_SIDE, STORED_SIDE, 3), np.uint8)
    pool, crops = CandidateCrops(stored, *(np.zeros(3, np.int64),) * 3), view_crops(stored).numpy()  # type: ignore[arg-type]
    verification.export_network(net, tmp_path / "v.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "v.onnx", providers=["CPUExecutionProvider"])
    (answer,) = session.run(None, {"crops": crops})
    np.testing.assert_allclose(answer, verification_train.classify_crops(net, pool), atol=0.02)
    np.testing.assert_allclose(answer.sum(1), 1, atol=1e-4)

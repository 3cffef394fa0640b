"""Training of the detector of faces and plates: labels, crops, targets, losses and drawn plates."""

from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from mattebox.errors import InputMissing, InputUnreadable
from mattebox.models.detections import Detections
from mattebox.training.evaluate.detection import (
    SearchedPicture,
    covered_share,
    false_boxes,
    recall_scores,
    threshold_for_rate,
)
from mattebox.training.networks.detection_network import DetectionNet
from mattebox.training.tasks.detection import labelled_pictures, pasting
from mattebox.training.tasks.detection.crops import Crop, crop_anywhere, crop_around
from mattebox.training.tasks.detection.labelled_pictures import FACE, PLATE, LabelledPicture, ObjectLabel
from mattebox.training.tasks.detection.objective import focal_loss, giou_loss
from mattebox.training.tasks.detection.synthetic_plates import draw_plate, paste_plate, random_quadrilateral
from mattebox.training.tasks.detection.targets import build_targets

FACE_BOX = np.array([178, 62, 267, 172], np.float32)


def label(*box: float, kind: int = FACE, ignored: bool = False) -> ObjectLabel:
    return ObjectLabel(np.array(box, np.float32), kind, ignored)


@pytest.fixture(scope="module")
def picture() -> LabelledPicture:
    return LabelledPicture("faces/her", skimage.data.astronaut(), (ObjectLabel(FACE_BOX, FACE),))


def write_archive(folder: Path, rows: list[str], names: list[str]) -> None:
    with tarfile.open(folder / "faces.tar", "w") as tar:
        table = "file,kind,x,y,w,h,ignore\n" + "".join(f"{row}\n" for row in rows)
        files = {"labels.csv": table.encode()}
        for name in names:
            picture = io.BytesIO()
            Image.new("RGB", (40, 30), "olive").save(picture, "png")
            files[name] = picture.getvalue()
        for name, content in files.items():
            member = tarfile.TarInfo(f"faces/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def test_the_split_goes_by_the_name_alone_and_parts_share_no_picture(tmp_path: Path) -> None:
    names = [f"k{number:03d}.png" for number in range(60)]
    write_archive(tmp_path, [f"{name},face,4,5,10,12,{number % 2}" for number, name in enumerate(names)], names)
    splits = {split: labelled_pictures.read_archive(tmp_path, "faces", split, {}) for split in ("train", "val", "test")}
    keys = [picture.key for pictures in splits.values() for picture in pictures]
    assert sorted(keys) == [f"faces/{name}" for name in names]
    assert all(labelled_pictures.split_of(p.key[6:]) == split for split, ps in splits.items() for p in ps)
    assert min(map(len, splits.values())) > 0
    first = splits["train"][0].labels[0]
    assert first.box.tolist() == [4, 5, 14, 17]
    assert splits["train"][0].known_kinds == (True, False)  # plates of pictures of faces are not labelled
    with pytest.raises(InputMissing):
        labelled_pictures.read_archive(tmp_path, "plates", "train", {})
    (tmp_path / "plates.tar").write_bytes(b"no archive" * 100)
    with pytest.raises(InputUnreadable):
        labelled_pictures.read_archive(tmp_path, "plates", "train", {})


def test_a_teacher_adds_faces_that_it_is_sure_of_and_the_others_are_not_learned(tmp_path: Path) -> None:
    name = next(f"a{n}.png" for n in range(99) if labelled_pictures.split_of(f"a{n}.png") == "train")
    write_archive(tmp_path, [f"{name},face,4,5,10,12,0"], [name])
    landmarks = [1.0] * 10
    rows = [[4, 5, 14, 17, 0.9, *landmarks], [20, 5, 30, 15, 0.8, *landmarks], [20, 18, 30, 28, 0.3, *landmarks]]
    teacher = {f"faces/{name}": np.array(rows, np.float32)}
    (read,) = labelled_pictures.read_archive(tmp_path, "faces", "train", teacher)
    assert [(item.box[0], item.ignored, np.isnan(item.landmarks).any()) for item in read.labels] == [
        (4, False, False), (20, False, False), (20, True, False)
    ]  # fmt: skip


def test_crops_show_their_object_whole_and_labels_go_with_the_pixels(picture: LabelledPicture) -> None:
    for seed in range(12):
        crop = crop_around(picture, picture.labels[0], 128, random.Random(seed))
        (found,) = [item for item in crop.labels if not item.ignored] or [None]
        assert crop.pixels.shape == (128, 128, 3)
        if found is not None:
            assert 5 < found.size < 60
            left, top, right, bottom = found.box.astype(int)
            inside = crop.pixels[top:bottom, left:right].astype(float)
            assert inside[..., 0].mean() > inside[..., 2].mean() + 10  # skin, not the blue and white around it
    assert crop_anywhere(picture, 96, random.Random(1)).image.size == (96, 96)


def test_targets_say_where_the_centre_is_and_how_large(picture: LabelledPicture) -> None:
    square = Image.new("RGB", (64, 64))
    labels = (label(22, 24, 38, 44), label(50, 50, 62, 60, ignored=True), label(2, 2, 5, 5, kind=PLATE))
    targets = build_targets([Crop(square, labels, (True, True)), Crop(square, (), (True, False))])
    assert torch.nonzero(targets.heat[0, FACE] == 1).tolist() == [[8, 7]]  # the cell of (30, 34)
    assert targets.box[0, :, 8, 7].tolist() == [5.0, 4.0, 0.0, 0.0]
    assert targets.heat_weight[0, FACE, 13, 13] == 0
    assert targets.heat_weight[0, PLATE, 0, 0] == 0  # too small: another level of the pyramid finds it
    assert targets.heat_weight[1, PLATE].max() == 0
    assert targets.landmark_weight.max() == 0


def test_losses_are_least_where_the_answer_is_right() -> None:
    heat = torch.zeros(1, 2, 4, 4)
    heat[0, 0, 1, 2] = 1
    weight = torch.ones_like(heat)
    right = torch.where(heat == 1, 8.0, -8.0)
    assert focal_loss(right, heat, weight) < 1e-3 < focal_loss(-right, heat, weight)
    assert focal_loss(-right, heat, torch.zeros_like(heat)) == 0
    box = torch.tensor([3.0, 2.0, 0.2, -0.1]).reshape(1, 4, 1, 1)
    one = torch.ones(1, 1, 1, 1)
    assert giou_loss(box[:, :2].log(), box[:, 2:], box, one) == pytest.approx(0, abs=1e-5)
    assert giou_loss(box[:, :2].log(), box[:, 2:] + 9, box, one) > 1


def test_plates_are_drawn_within_their_corners() -> None:
    for seed in range(6):
        draw = random.Random(seed)
        ground = Image.new("RGB", (160, 120), (90, 110, 100))
        plate = draw_plate(draw)
        corners = random_quadrilateral(70, (80, 60), plate.width / plate.height, draw)
        paste_plate(ground, plate, corners, draw)
        changed = np.argwhere((np.asarray(ground) != (90, 110, 100)).any(2))
        low, high = changed.min(0)[::-1], changed.max(0)[::-1]
        assert (low >= corners.min(0) - 2).all()
        assert (high <= corners.max(0) + 2).all()
        assert len(changed) > 200


def test_faces_are_pasted_where_none_is(picture: LabelledPicture) -> None:
    empty = Crop(Image.new("RGB", (128, 128), "grey"), (), (True, True))
    pasted = pasting.paste_faces(empty, [(picture, picture.labels[0])], random.Random(3))
    assert len(pasted.labels) >= 1
    assert all(item.kind == FACE for item in pasted.labels)
    assert np.asarray(pasted.image).std() > 5
    assert len(pasting.paste_plates(empty, random.Random(4)).labels) >= 1


def test_recall_counts_what_is_covered_and_thresholds_what_is_false(picture: LabelledPicture) -> None:
    boxes = np.stack([FACE_BOX, FACE_BOX + 300]).astype(np.float32)
    found = Detections(boxes, np.array([0.6, 0.9], np.float32), np.zeros(2, np.int64), np.zeros((2, 5, 2), np.float32))
    assert covered_share(picture.labels[0], boxes[:1]) > 0.95
    assert covered_share(picture.labels[0], boxes[1:]) == 0
    assert recall_scores([SearchedPicture(picture, found)], (0.5, 0.5))["faces"] == 1
    assert recall_scores([SearchedPicture(picture, found)], (0.7, 0.5))["faces"] == 0
    assert false_boxes([found, found], (0.7, 0.5)) == (1, 0)
    assert threshold_for_rate([found] * 10, FACE, 1.0) == pytest.approx(0.6, abs=0.01)


def test_the_network_answers_for_each_cell() -> None:
    outputs = DetectionNet(8, 8).eval()(torch.zeros(1, 3, 64, 48))
    assert [tuple(o.shape) for o in outputs] == [(1, c, 16, 12) for c in (2, 2, 2, 10)]
    assert outputs.scores.sigmoid().max() < 0.05

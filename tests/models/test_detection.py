"""Detectors' answers become boxes in the picture: decoding, the pyramid with its tiles, what is found twice."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from mattebox.errors import ModelError
from mattebox.models import object_detector
from mattebox.models.candidate_verifier import CandidateVerifier
from mattebox.models.cards.detection_spec import Verification
from mattebox.models.cards.registry import find_card
from mattebox.models.detection_decoders import YUNET_STRIDES, decode_centerface, decode_yunet
from mattebox.models.detections import (
    Detections,
    concatenate_detections,
    drop_surrounding,
    no_detections,
    suppress_non_maxima,
)
from mattebox.models.face_detector import faces_of
from mattebox.models.object_detector import ObjectDetector
from mattebox.models.pyramid_detection import SearchTiles, detect_at_levels, level_sizes
from mattebox.models.runtime.free_image_size import free_image_size
from mattebox.types import Picture
from tests.models.onnx import FLOAT, message, model, node, tensor

POINTS = np.array([(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)], np.float32)  # x, y as shares
LAYOUT = SearchTiles(side=160, multiple=16, largest=60)
RED = (250, 10, 10)


def boxes_of(*boxes: tuple[float, float, float, float], scores: tuple[float, ...] = (), kind: int = 0) -> Detections:
    count = len(boxes)
    values = np.array(scores or [0.9] * count, np.float32)
    landmarks = np.zeros((count, 5, 2), np.float32)
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), values, np.full(count, kind), landmarks)


def test_yunet_is_decoded_as_its_authors_do() -> None:
    left, top, width, height, stride = 200.0, 120.0, 96.0, 128.0, 16
    outputs = {}
    for step in YUNET_STRIDES:
        cells = (640 // step) ** 2
        for kind, channels in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            outputs[f"{kind}_{step}"] = np.zeros((1, cells, channels), np.float32)
    x, y = (left + width / 2) / stride, (top + height / 2) / stride
    column, row = int(x), int(y)
    cell = row * (640 // stride) + column
    outputs[f"cls_{stride}"][0, cell], outputs[f"obj_{stride}"][0, cell] = 0.81, 1.0
    outputs[f"bbox_{stride}"][0, cell] = x - column, y - row, np.log(width / stride), np.log(height / stride)
    places = POINTS * (width, height) + (left, top)
    outputs[f"kps_{stride}"][0, cell] = (places / stride - (column, row)).reshape(-1)
    found = decode_yunet(outputs, (640, 640), 0.6)
    np.testing.assert_allclose(found.boxes, [[200, 120, 296, 248]], rtol=1e-5)
    np.testing.assert_allclose(found.scores, [0.9], rtol=1e-5)
    np.testing.assert_allclose(found.landmarks[0], places, rtol=1e-5)


def test_centerface_and_ours_are_decoded_by_kind() -> None:
    heat = np.zeros((1, 2, 40, 40), np.float32)
    scale, offset, points = (np.zeros((1, n, 40, 40), np.float32) for n in (2, 2, 10))
    for kind, row, column, height, width in ((0, 10, 20, 32, 24), (1, 30, 5, 12, 40)):
        heat[0, kind, row, column] = 0.8
        heat[0, kind, row, column + 1] = 0.7  # the same object, seen from the next cell
        scale[0, :, row, column] = np.log(height / 4), np.log(width / 4)
        points[0, :, row, column] = POINTS[:, ::-1].reshape(-1)
    offset[0, :, 10, 20] = 0.25, -0.5
    found = decode_centerface({"a": heat, "b": scale, "c": offset, "d": points}, (160, 160), 0.5)
    assert found.kinds.tolist() == [0, 1]
    np.testing.assert_allclose(found.boxes[0], [80 - 12, 43 - 16, 80 + 12, 43 + 16], atol=1e-4)
    np.testing.assert_allclose(found.boxes[1], [22 - 20, 122 - 6, 22 + 20, 122 + 6], atol=1e-4)
    np.testing.assert_allclose(found.landmarks[0], POINTS * (24, 32) + (68, 27), atol=1e-4)
    assert np.isnan(found.landmarks[1]).all()
    (face,) = faces_of(found, ("face", "plate"))
    assert face.score == pytest.approx(0.8)


def test_boxes_that_a_graph_has_selected_are_taken_as_they_are() -> None:
    """The contract of open-image-models: 1 x 3 x 384 x 384, RGB 0..1 -> a row for each plate."""
    seen = []

    def run(x: np.ndarray) -> dict[str, np.ndarray]:
        seen.append(x)
        red = np.argwhere(x[0, 0] - x[0, 1] > 0.8)
        (top, left), (bottom, right) = (red.min(0), red.max(0) + 1) if len(red) else ((0, 0), (0, 0))
        rows = [[0, left, top, right, bottom, 0, 0.9], [0, 0, 0, 9, 9, 0, 0.1]]
        return {"output": np.array(rows[: 1 + bool(len(red))] if len(red) else [], np.float32).reshape(-1, 7)}

    rgb = np.full((500, 700, 3), 90, np.uint8)
    rgb[400:420, 600:660] = RED
    found = ObjectDetector(find_card("yolo-v9-plates"), run, "cpu").detect(Picture(rgb))
    assert all(x.shape == (1, 3, 384, 384) and x.max() <= 1 for x in seen)
    assert found.scores.tolist() == pytest.approx([0.9])  # the doubtful one is left out
    assert np.abs(found.boxes[0] - (600, 400, 660, 420)).max() <= 4
    assert np.isnan(found.landmarks).all()


def test_of_boxes_of_one_object_the_best_stays() -> None:
    found = boxes_of((0, 0, 40, 40), (4, 4, 44, 44), (12, 12, 24, 24), (100, 0, 140, 40), scores=(0.7, 0.9, 0.8, 0.6))
    kept = suppress_non_maxima(concatenate_detections([found, boxes_of((0, 0, 40, 40), scores=(0.5,), kind=1)]))
    assert kept.scores.tolist() == pytest.approx([0.9, 0.6, 0.5])  # a part of it goes, another kind does not
    assert len(suppress_non_maxima(no_detections()).scores) == 0


def test_far_smaller_boxes_within_a_better_one_stay_where_that_is_asked_for() -> None:
    found = boxes_of((0, 0, 40, 40), (2, 2, 24, 24), (20, 20, 28, 28), scores=(0.9, 0.8, 0.7))
    assert suppress_non_maxima(found).scores.tolist() == pytest.approx([0.9])
    assert suppress_non_maxima(found, max_part_ratio=4.0).scores.tolist() == pytest.approx([0.9, 0.7])


def detector_of_two(monkeypatch: pytest.MonkeyPatch, large: float, small: float) -> ObjectDetector:
    """The embedded detector with a plate of a car's size as its best candidate and a small one within; a verifier says
    what is probable for them."""
    found = boxes_of((100, 100, 300, 220), (180, 190, 220, 200), scores=(0.8, 0.4), kind=1)

    def detect(shape, resize, _tile, _layout, _enlarge, max_part_ratio):  # type: ignore[no-untyped-def]
        resize(shape)
        return suppress_non_maxima(found, max_part_ratio=max_part_ratio)

    monkeypatch.setattr(object_detector, "detect_at_levels", detect)
    probabilities = np.zeros((2, 3), np.float32)
    probabilities[:, 1] = large, small
    settings = Verification("verify", 2.0, (0.1, 0.1), ((0.0, 1.0, 0.0),) * 2, surrounding_ratios=(0.0, 4.0))
    verifier = CandidateVerifier(settings, 64, lambda crops: probabilities[: len(crops)])
    return ObjectDetector(find_card("detect-1"), lambda x: {}, "cpu", verifier)


@pytest.mark.parametrize(
    ("large", "small", "boxes"),
    [
        (0.05, 0.9, [[180, 190, 220, 200]]),  # a car, and its plate
        (0.9, 0.6, [[100, 100, 300, 220]]),  # a plate, and letters on it
        (0.6, 0.9, [[180, 190, 220, 200]]),  # a plate, and the same seen coarsely
        (0.05, 0.05, []),
    ],
)
def test_the_verifier_decides_between_boxes_within_each_other(
    large: float, small: float, boxes: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    detector, picture = detector_of_two(monkeypatch, large, small), Picture(np.zeros((400, 400, 3), np.uint8))
    assert detector.detect(picture).boxes.tolist() == boxes
    assert len(detector.without_verifier().detect(picture).boxes) == 2  # what the verifier looks at


def test_the_sides_of_the_best_box_are_averaged() -> None:
    """With squared scores as weights, over boxes that overlap enough: neither far ones nor parts count."""
    found = boxes_of((0, 0, 40, 40), (4, 4, 44, 44), (12, 12, 24, 24), (100, 0, 140, 40), scores=(0.4, 0.8, 0.7, 0.6))
    kept = suppress_non_maxima(found)
    np.testing.assert_allclose(kept.boxes[0], np.array([4, 4, 44, 44]) - 4 * 0.16 / (0.16 + 0.64), atol=1e-3)
    np.testing.assert_allclose(kept.boxes[1], [100, 0, 140, 40], atol=1e-4)
    np.testing.assert_array_equal(found.boxes[1], [4, 4, 44, 44])  # what was found stays as it was


def test_large_boxes_around_better_ones_are_dropped_where_the_card_says_so() -> None:
    found = boxes_of(
        (50, 50, 70, 60), (30, 40, 90, 70), (45, 48, 75, 62), (300, 0, 400, 60), scores=(0.9, 0.8, 0.7, 0.6)
    )
    kept = drop_surrounding(found, (4.0, 0.0))
    assert kept.scores.tolist() == pytest.approx([0.9, 0.7, 0.6])  # nine times as large; twice; elsewhere
    assert len(drop_surrounding(found, (0.0, 4.0)).scores) == 4
    better = boxes_of((30, 40, 90, 70), (50, 50, 70, 60), scores=(0.9, 0.8))
    assert len(drop_surrounding(better, (4.0,)).scores) == 2  # the large one is the surer
    assert len(drop_surrounding(no_detections(), (4.0, 4.0)).scores) == 0


def find_red_squares(tile: np.ndarray) -> Detections:
    """A detector of red rectangles of 8 to 60 pixels."""
    assert tile.shape[0] % 16 == tile.shape[1] % 16 == 0
    assert max(tile.shape[:2]) <= LAYOUT.side
    red = (tile[..., 0] > 200) & (tile[..., 1] < 60)
    rows, columns = np.flatnonzero(red.any(1)), np.flatnonzero(red.any(0))
    if not len(rows) or not 8 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= LAYOUT.largest:
        return no_detections()
    return boxes_of((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))


@pytest.mark.parametrize("box", [(10, 10, 30, 26), (150, 140, 170, 170), (300, 300, 500, 480), (5, 5, 790, 595)])
def test_objects_of_all_sizes_are_found_in_place(box: tuple[int, int, int, int]) -> None:
    rgb = np.full((600, 800, 3), 90, np.uint8)
    rgb[box[1] : box[3], box[0] : box[2]] = RED

    def resize(size: tuple[int, int]) -> np.ndarray:
        rows, columns = (np.arange(n) * full // n for n, full in zip(size, rgb.shape[:2], strict=True))
        return rgb[rows][:, columns]

    found = detect_at_levels((600, 800), resize, find_red_squares, LAYOUT)
    assert len(found.boxes) == 1
    assert np.abs(found.boxes[0] - box).max() < 0.08 * max(box[2] - box[0], box[3] - box[1])


def test_the_pyramid_begins_larger_for_small_pictures_and_smaller_for_huge_ones() -> None:
    assert level_sizes((300, 400), 60)[0] == (600, 800)
    assert level_sizes((300, 400), 60, enlarge=False)[0] == (300, 400)
    assert level_sizes((3000, 4000), 60)[0] == (3000, 4000)
    assert level_sizes((6000, 8000), 60)[0] == (3464, 4619)
    assert max(level_sizes((3000, 4000), 60)[-1]) <= 30 < max(level_sizes((3000, 4000), 60)[-2])
    assert level_sizes((1, 1), 60)[-1] == (2, 2)


def test_another_network_is_refused() -> None:
    with pytest.raises(ModelError, match="does not answer as yunet does"):
        ObjectDetector(find_card("yunet"), lambda _: {}, "cpu").detect(Picture(np.zeros((9, 9, 3), np.uint8)))


def make_network(name: str, channels: int) -> bytes:
    """A graph's input or output of 1 x channels x 4 x 4."""
    shape = message(*[(1, message((1, size))) for size in (1, channels, 4, 4)])
    return message((1, name), (2, message((1, message((1, FLOAT), (2, shape))))))


def test_a_graph_of_one_size_is_freed_of_it() -> None:
    weights = tensor("w", np.ones((1, 3, 1, 1)))
    fixed = model(
        [node("Conv", ["x", "w"], ["y"])],
        [make_network("x", 3), make_network("w", 3)],
        [make_network("y", 1)],
        [weights],
    )
    session = onnxruntime.InferenceSession(free_image_size(fixed), providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"x": np.ones((1, 3, 5, 7), np.float32)})
    np.testing.assert_array_equal(y, np.full((1, 1, 5, 7), 3, np.float32))
    with pytest.raises((ValueError, IndexError)):
        free_image_size(b"no graph at all")

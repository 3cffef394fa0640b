"""A detector's candidates are looked at again: crops, the calibrated product, and the embedded verifier."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from mattebox.errors import ModelError
from mattebox.io.square_crops import OUTSIDE_GREY, crop_candidate, crop_candidates
from mattebox.models.candidate_verifier import CandidateVerifier, combine_logits
from mattebox.models.cards.detection_spec import Verification
from mattebox.models.cards.registry import WEIGHTS_FOLDER, find_card
from mattebox.models.detections import Detections

FACE = np.array([178, 62, 267, 172], np.float32)
WALL = np.array([20, 380, 90, 460], np.float32)
SETTINGS = Verification("verify-3", 2.0, (0.25, 0.25), ((1.0, 1.0, 0.0), (1.0, 0.0, 0.0)))
MAX_EMBEDDED_BYTES = 1_000_000


def candidates(*boxes: np.ndarray, scores: tuple[float, ...], kinds: tuple[int, ...]) -> Detections:
    count = len(boxes)
    return Detections(
        np.stack(boxes), np.array(scores, np.float32), np.array(kinds), np.zeros((count, 5, 2), np.float32)
    )


def test_a_crop_shows_the_box_in_its_middle_and_grey_outside_the_picture() -> None:
    rgb = np.zeros((40, 60, 3), np.uint8)
    rgb[10:20, 30:50] = 255
    crop = crop_candidate(rgb, np.array([30, 10, 50, 20], np.float32), 64, 2.0)
    assert crop.shape == (64, 64, 3)
    assert crop[26:38, 20:44].min() > 240
    assert crop[30, 4:14].max() < 30
    corner = crop_candidate(rgb, np.array([0, 0, 8, 8], np.float32), 64, 3.0)
    assert tuple(corner[2, 2]) == OUTSIDE_GREY
    assert crop_candidate(rgb, np.array([70, 50, 80, 60], np.float32), 32, 1.0).min() == OUTSIDE_GREY[2]


def test_crops_come_from_the_smallest_level_that_has_the_pixels() -> None:
    levels = {(400, 400): np.full((400, 400, 3), 10, np.uint8), (100, 100): np.full((100, 100, 3), 200, np.uint8)}
    boxes = np.array([[0, 0, 200, 200], [100, 100, 120, 120]], np.float32)
    crops = crop_candidates(levels, (400, 400), boxes, 64, 2.0)
    assert [int(crop[32, 32, 0]) for crop in crops] == [200, 10]


def test_the_final_score_is_the_product_of_odds() -> None:
    first, second = np.array([0.5, 0.5, 0.8, 0.0], np.float32), np.array([0.5, 0.9, 0.1, 1.0], np.float32)
    logits = combine_logits(first, second, np.array([0, 0, 1, 0]), SETTINGS)
    np.testing.assert_allclose(1 / (1 + np.exp(-logits[:3])), [0.5, 0.9, 0.8], atol=1e-5)
    assert np.isfinite(logits[3])


def test_a_face_stays_and_a_wall_goes() -> None:
    verification = find_card("detect-1").detection.verification
    assert verification is not None
    verifier = CandidateVerifier.open(verification, "cpu", 1)
    rgb = skimage.data.astronaut()
    found = candidates(WALL, FACE, FACE, scores=(0.5, 0.5, 0.5), kinds=(0, 0, 1))
    verified = verifier.verify(found, {rgb.shape[:2]: rgb}, rgb.shape[:2])
    assert verified.boxes[0].tolist() == FACE.tolist()
    assert (verified.scores[0] > 0.6, verified.kinds[0]) == (True, 0)
    assert verified.scores[1:].max() < 0.3
    nothing = verifier.verify(found.select(np.zeros(3, bool)), {}, rgb.shape[:2])
    assert len(nothing.boxes) == 0


def test_a_card_that_is_no_verifier_is_refused() -> None:
    with pytest.raises(ModelError, match="is for upscale, not verify"):
        CandidateVerifier.open(Verification("up2-1", 2.0, (0.3,), ((1.0, 1.0, 0.0),)))


def test_detection_is_less_than_a_megabyte() -> None:
    sizes = [(WEIGHTS_FOLDER / find_card(name).weights).stat().st_size for name in ("detect-1", "verify-3")]
    assert sum(sizes) < MAX_EMBEDDED_BYTES

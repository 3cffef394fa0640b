"""Face alignment: from five landmarks, extracted upright, and changes warped back in place."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from mattebox.enhancement.face_alignment import (
    FFHQ_LANDMARKS,
    TEMPLATE_SIDE_PIXELS,
    FaceAlignment,
    estimate_alignment,
    extract_aligned_face,
    warp_back,
)


def alignment_at(scale: float, degrees: float, middle: tuple[float, float]) -> FaceAlignment:
    """The pose of a square around a place, from its five points."""
    angle = np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (FFHQ_LANDMARKS - TEMPLATE_SIDE_PIXELS / 2) @ turn.T + middle
    return estimate_alignment(points.astype(np.float32))


@pytest.mark.parametrize(("scale", "degrees"), [(1.0, 0), (0.25, 30), (3.0, -45), (0.7, 170)])
def test_five_landmarks_give_scale_rotation_and_position(scale: float, degrees: float) -> None:
    alignment = alignment_at(scale, degrees, (300.0, 200.0))
    assert alignment.scale == pytest.approx(scale, rel=1e-4)
    np.testing.assert_allclose(
        alignment.matrix @ [TEMPLATE_SIDE_PIXELS / 2, TEMPLATE_SIDE_PIXELS / 2] + alignment.translation,
        (300, 200),
        atol=0.01,
    )


def test_inexact_landmarks_are_fitted_by_least_squares() -> None:
    points = FFHQ_LANDMARKS.astype(np.float32)
    points[2] += (8, -3)  # the nose to one side
    alignment = estimate_alignment(points)
    errors = np.linalg.norm(FFHQ_LANDMARKS @ alignment.matrix.T + alignment.translation - points, axis=1)
    assert errors.max() < 9
    assert abs(alignment.scale - 1) < 0.02


def waves(size: tuple[int, int], length: float) -> np.ndarray:
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    planes = [np.sin(2 * np.pi * x / length), np.cos(2 * np.pi * y / length), np.sin(2 * np.pi * (x + y) / length)]
    return np.rint(127.5 + 100 * np.stack(planes, 2)).astype(np.uint8)


@pytest.mark.parametrize(("scale", "degrees"), [(1.0, 20), (0.4, -35), (2.5, 5)])
def test_extracted_pixels_are_those_at_their_positions(scale: float, degrees: float) -> None:
    """Each pixel of the square against the wave itself at its place."""
    alignment = alignment_at(scale, degrees, (750.0, 720.0))
    length = 90.0
    square = extract_aligned_face(waves((1440, 1500), length), alignment)
    row, column = np.mgrid[:TEMPLATE_SIDE_PIXELS, :TEMPLATE_SIDE_PIXELS] + 0.5
    x, y = alignment.matrix @ np.stack([column.ravel(), row.ravel()]) + alignment.translation[:, None]
    wave = (127.5 + 100 * np.sin(2 * np.pi * x / length)) / 255
    np.testing.assert_allclose(square[..., 0].ravel(), wave, atol=0.02)
    wave = (127.5 + 100 * np.cos(2 * np.pi * y / length)) / 255
    np.testing.assert_allclose(square[..., 1].ravel(), wave, atol=0.02)


@pytest.mark.parametrize(("scale", "degrees"), [(1.0, 20), (0.3, -35), (1.7, 5), (2.6, 0)])
def test_there_and_back(scale: float, degrees: float) -> None:
    """A photograph's square, put back, is the photograph, where both can show it."""
    photograph = np.tile(skimage.data.astronaut(), (3, 3, 1))
    alignment = alignment_at(scale, degrees, (768.0, 700.0))
    place, planes = warp_back(extract_aligned_face(photograph, alignment), alignment, photograph.shape[:2])
    inner = np.abs(np.mgrid[place] - np.array([700, 768]).reshape(2, 1, 1)).max(0) < 0.3 * scale * TEMPLATE_SIDE_PIXELS
    expected = photograph[place].astype(np.float32) / 255
    error = np.abs(planes - expected)[inner]
    assert error.mean() < (0.012 if scale <= 1 else 0.03)


def test_beyond_the_photograph_its_last_pixels_go_on_and_nothing_comes_back() -> None:
    photograph = np.full((100, 120, 3), 80, np.uint8)
    alignment = alignment_at(0.3, 10, (5.0, 95.0))
    np.testing.assert_allclose(extract_aligned_face(photograph, alignment), 80 / 255, atol=1e-4)
    (rows, columns), planes = warp_back(
        np.ones((TEMPLATE_SIDE_PIXELS, TEMPLATE_SIDE_PIXELS, 3), np.float32), alignment, (100, 120)
    )
    assert (rows.start, columns.start) >= (0, 0)
    assert rows.stop <= 100
    assert columns.stop <= 120
    assert planes.shape == (rows.stop - rows.start, columns.stop - columns.start, 3)

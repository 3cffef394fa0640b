"""Face restoration: each face in its place, by strength, with the person's own colours, and nothing else changed."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from mattebox.enhancement import face_restoration
from mattebox.enhancement.face_alignment import FFHQ_LANDMARKS, TEMPLATE_SIDE_PIXELS
from mattebox.models.face_detector import Face
from mattebox.types import Floats, Picture


def face(scale: float, middle: tuple[float, float]) -> Face:
    points = (FFHQ_LANDMARKS - TEMPLATE_SIDE_PIXELS / 2) * scale + middle
    (left, top), (right, bottom) = points.min(0), points.max(0)
    return Face((left, top, right, bottom), points.astype(np.float32), 0.9)


def striped(square: Floats) -> Floats:
    """Fine stripes drawn over everything, and all of it lighter: of which only the stripes may stay."""
    return (
        square
        + 0.1
        + 0.2 * np.sign(np.sin(np.arange(TEMPLATE_SIDE_PIXELS) * np.pi / 8))[None, :, None].astype(np.float32)
    )


ASTRONAUT = face(0.33, (223.0, 125.0))


@pytest.fixture
def photograph() -> Picture:
    return Picture(skimage.data.astronaut())


def test_nothing_is_the_picture_itself(photograph: Picture) -> None:
    assert face_restoration.restore_faces(photograph, [ASTRONAUT], striped, TEMPLATE_SIDE_PIXELS, 0) is photograph
    assert face_restoration.restore_faces(photograph, [], striped, TEMPLATE_SIDE_PIXELS, 1) is photograph
    assert (
        face_restoration.restore_faces(photograph, [face(0.05, (200, 200))], striped, TEMPLATE_SIDE_PIXELS, 1)
        is photograph
    )  # too small to know


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_only_the_face_changes_and_its_colour_stays(photograph: Picture, kind: type) -> None:
    factor = 1 if kind == np.uint8 else 257
    picture = Picture((photograph.rgb.astype(np.uint32) * factor).astype(kind))
    result = face_restoration.restore_faces(picture, [ASTRONAUT], striped, TEMPLATE_SIDE_PIXELS, 1)
    change = (result.rgb.astype(float) - picture.rgb) / factor
    changed = np.abs(change).max(-1) > 0
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    reach = 0.46 * TEMPLATE_SIDE_PIXELS * 0.33 + 2
    assert 125 - reach <= rows[0] < rows[-1] <= 133 + reach
    assert 223 - reach <= columns[0] < columns[-1] <= 223 + reach
    middle = change[95:165, 190:256]
    assert np.abs(middle).mean() > 15  # the stripes are there
    assert np.abs(middle.mean((0, 1))).max() < 8  # and a tenth of light, 25 levels, is not


def test_strength_mixes(photograph: Picture) -> None:
    full = (
        face_restoration.restore_faces(photograph, [ASTRONAUT], striped, TEMPLATE_SIDE_PIXELS, 1).rgb.astype(float)
        - photograph.rgb
    )
    partial = (
        face_restoration.restore_faces(photograph, [ASTRONAUT], striped, TEMPLATE_SIDE_PIXELS, 0.4).rgb.astype(float)
        - photograph.rgb
    )
    inside = (photograph.rgb > 60) & (photograph.rgb < 190)  # where nothing is clipped
    assert np.abs(partial - 0.4 * full)[inside].max() <= 1


def test_a_network_that_changes_nothing_changes_nothing(photograph: Picture) -> None:
    result = face_restoration.restore_faces(
        photograph, [ASTRONAUT, face(1.2, (300, 300))], lambda square: square, TEMPLATE_SIDE_PIXELS, 1
    )
    np.testing.assert_array_equal(result.rgb, photograph.rgb)


def test_the_fine_grain_of_a_large_face_stays() -> None:
    """A face larger than the square comes back with the detail that the square cannot show."""
    grain = np.random.default_rng(0).integers(90, 160, (1200, 1200, 3), np.uint8)
    result = face_restoration.restore_faces(
        Picture(grain), [face(2.0, (600, 600))], lambda square: square * 0 + 0.5, TEMPLATE_SIDE_PIXELS, 1
    ).rgb
    assert result[500:700, 500:700].std() > 0.9 * grain.std()


def test_what_is_hidden_and_alpha_stay(photograph: Picture) -> None:
    alpha = np.zeros(photograph.shape, np.uint8)
    alpha[:, :230] = 255
    result = face_restoration.restore_faces(
        Picture(photograph.rgb, alpha), [ASTRONAUT], striped, TEMPLATE_SIDE_PIXELS, 1
    )
    assert result.alpha is alpha
    np.testing.assert_array_equal(result.rgb[alpha == 0], photograph.rgb[alpha == 0])
    assert (result.rgb[alpha > 0] != photograph.rgb[alpha > 0]).any()


def test_it_fades_out_before_the_square_ends() -> None:
    mask = face_restoration.face_blend_mask(TEMPLATE_SIDE_PIXELS)
    assert mask[280, 256] == 1
    assert max(mask[0].max(), mask[-1].max(), mask[:, 0].max(), mask[:, -1].max()) == 0
    assert np.abs(np.diff(mask, axis=0)).max() < 0.05


def test_progress_is_reported(photograph: Picture) -> None:
    reported: list[float] = []
    face_restoration.restore_faces(
        photograph, [ASTRONAUT, face(0.2, (400, 400))], striped, TEMPLATE_SIDE_PIXELS, 1, reported.append
    )
    assert reported == [0.5, 1.0]

"""Placement: positions by arithmetic, nothing stretched, every bit kept by shifts of whole pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattebox.composition.placement import Placement, apply_placement, clear_outside_box, compute_placement
from mattebox.errors import UsageError
from mattebox.recipe.steps import Frame
from mattebox.types import Picture
from tests.io.pictures import noise

SIZE, BOX = (300, 400), (100, 50, 200, 250)  # height x width; left, top, right, bottom: 100 wide, 200 tall


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (Frame(), Placement((300, 400), 1, 0, 0)),
        (Frame(crop="subject"), Placement((200, 100), 1, -100, -50)),
        (Frame(crop="subject", margin="10px"), Placement((220, 120), 1, -90, -40)),
        (Frame(crop="subject", margin="10%"), Placement((250, 125), 1, -88, -25)),
        (Frame(crop="subject", margin="10px 20px 30px 40px"), Placement((240, 160), 1, -60, -40)),
        (Frame(crop="subject", aspect="1:1"), Placement((200, 200), 1, -50, -50)),
        (Frame(crop="subject", aspect="1:1", position="left"), Placement((200, 200), 1, -100, -50)),
        (Frame(aspect="16/9"), Placement((300, 533), 1, 66, 0)),
        (Frame(margin="50px"), Placement((400, 500), 1, 50, 50)),
        (Frame(crop_to="25% 0% 75% 50%"), Placement((150, 200), 1, -100, 0)),
        (Frame(crop_to="50% 50% 100% 100%", size="400"), Placement((300, 400), 2, -400, -300)),
        (Frame(crop_to="0% 0% 100% 50%", fill="50%"), Placement((150, 400), 0.375, 143.75, 18.75)),
        (Frame(size="800"), Placement((600, 800), 2, 0, 0)),
        (Frame(size="1000x1000"), Placement((1000, 1000), 2.5, 0, 125)),
        (Frame(crop="subject", size="1000x1000"), Placement((1000, 1000), 5, -250, -250)),
        (Frame(crop="subject", size="1000x1000", fill="80%"), Placement((1000, 1000), 4, -100, -100)),
        (Frame(crop="subject", size="1000x1000", margin="25%"), Placement((1000, 1000), 2.5, 125, 125)),
        (Frame(fill="50%", position="0% 100%"), Placement((300, 400), 0.75, -75, 112.5)),
        (Frame(crop="subject", size="500x1000", position="original"), Placement((1000, 500), 5, -500, -250)),
        (Frame(fill="original", position="top"), Placement((300, 400), 1, 50, -50)),
        (Frame(fill="original", position="original"), Placement((300, 400), 1, 0, 0)),
        (Frame(fill="50%", position="original"), Placement((300, 400), 0.75, 33.333, 37.5)),
    ],
)
def test_known_placements(frame: Frame, expected: Placement) -> None:
    found = compute_placement(SIZE, BOX, frame)
    assert found.canvas_size == expected.canvas_size
    assert (found.scale, found.left, found.top) == pytest.approx(
        (expected.scale, expected.left, expected.top), abs=0.51
    )
    assert found.scale == pytest.approx(expected.scale)


@given(
    height=st.integers(1, 900), width=st.integers(1, 900), corners=st.tuples(*[st.floats(0, 1)] * 4),
    crop=st.sampled_from(["nothing", "subject"]), fill=st.sampled_from(["any", "30%", "100%"]),
    size=st.sampled_from(["original", "300", "200x500"]), margin=st.sampled_from(["0", "5%", "3px 4%"]),
)  # fmt: skip
def test_the_subject_is_always_on_the_canvas(
    height: int, width: int, corners: tuple[float, ...], crop: str, fill: str, size: str, margin: str
) -> None:
    x, y = sorted(corners[:2]), sorted(corners[2:])
    box = (int(x[0] * (width - 1)), int(y[0] * (height - 1)), int(x[1] * (width - 1)) + 1, int(y[1] * (height - 1)) + 1)
    frame = Frame(crop=crop, fill=fill, size=size, margin=margin)
    at = compute_placement((height, width), box, frame)
    left, top = at.left + at.scale * box[0], at.top + at.scale * box[1]
    right, bottom = at.left + at.scale * box[2], at.top + at.scale * box[3]
    assert left >= -1
    assert top >= -1
    assert right <= at.canvas_size[1] + 1
    assert bottom <= at.canvas_size[0] + 1


@pytest.mark.parametrize(
    "frame",
    [
        Frame(margin="x"), Frame(margin="1 2 3"), Frame(margin="60%"), Frame(size="0"), Frame(size="big"),
        Frame(size="90000"), Frame(aspect="1"), Frame(aspect="0:1"), Frame(size="10x10", aspect="1:1"),
        Frame(fill="0%"), Frame(fill="half"), Frame(position="here"), Frame(position="120%"),
        Frame(crop="subject", size="20x20", margin="12px"), Frame(crop_to="1 2 3 4"), Frame(crop_to="50% 0% 40% 9%"),
        Frame(crop_to="0% 0% 50% 101%"), Frame(crop_to="0% 0% 9% 9%", crop="subject"),
        Frame(crop_to="0% 0% 9% 9%", aspect="1:1"),
    ],
)  # fmt: skip
def test_invalid_values_are_refused_with_the_remedy(frame: Frame) -> None:
    with pytest.raises(UsageError, match=";"):
        compute_placement(SIZE, BOX, frame)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_shifts_by_whole_pixels_keep_every_bit(dtype: type) -> None:
    picture = Picture(noise((30, 40, 3), dtype), noise((30, 40), dtype))
    moved = apply_placement(picture, compute_placement((30, 40), (10, 5, 20, 25), Frame(crop="subject", margin="3px")))
    assert moved.shape == (26, 16)
    assert (moved.rgb == picture.rgb[2:28, 7:23]).all()
    assert moved.alpha is not None
    assert (moved.alpha == picture.alpha[2:28, 7:23]).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_hidden_colours_never_bleed_into_visible_ones(dtype: type) -> None:
    peak = int(np.iinfo(dtype).max)
    rgb = np.zeros((64, 64, 3), dtype)
    rgb[..., 1] = peak  # green hidden behind
    rgb[16:48, 16:48] = (peak, 0, 0)
    alpha = np.zeros((64, 64), dtype)
    alpha[16:48, 16:48] = peak
    for size in ("37", "150"):
        result = apply_placement(Picture(rgb, alpha), compute_placement((64, 64), (16, 16, 48, 48), Frame(size=size)))
        assert result.alpha is not None
        visible = result.alpha > peak // 16
        assert result.rgb[visible][:, 1].max() <= peak // 32
        assert result.rgb[visible][:, 0].min() >= peak - peak // 16


def test_an_opaque_picture_on_a_larger_canvas_is_transparent_around() -> None:
    result = apply_placement(
        Picture(noise((10, 20, 3), np.uint8)), compute_placement((10, 20), (0, 0, 20, 10), Frame(aspect="1:1"))
    )
    assert result.alpha is not None
    assert result.alpha[5:15].min() == 255
    assert result.alpha[:5].max() == result.alpha[15:].max() == 0


def test_a_circle_stays_a_circle() -> None:
    y, x = np.mgrid[:200, :300]
    disc = ((x - 150) ** 2 + (y - 100) ** 2 < 80**2).astype(np.uint8) * 255
    picture = Picture(np.repeat(disc[..., None], 3, 2), disc)
    result = apply_placement(
        picture, compute_placement((200, 300), (71, 21, 230, 180), Frame(crop="subject", size="640x480", fill="90%"))
    )
    assert result.alpha is not None
    inside = result.alpha > 127
    wide, tall = inside.any(0).sum(), inside.any(1).sum()
    assert abs(int(wide) - int(tall)) <= 2
    assert tall == pytest.approx(432, abs=3)


def test_faint_remains_outside_the_box_are_cleared() -> None:
    alpha = np.full((100, 100), 9, np.uint8)
    alpha[20:60, 30:70] = 255
    result = clear_outside_box(Picture(np.zeros((100, 100, 3), np.uint8), alpha), (30, 20, 70, 60))
    assert result.alpha is not None
    assert (result.alpha[19:61, 29:71] == alpha[19:61, 29:71]).all()
    assert result.alpha.astype(int).sum() == 40 * 40 * 255 + (42 * 42 - 40 * 40) * 9

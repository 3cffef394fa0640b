"""Shadows: position, darkness and softness; the outline's width; the reflection's rows."""

import numpy as np
import pytest
import skimage.data

from mattebox.composition.outline import add_outline, distance_transform, parse_outline_width
from mattebox.composition.shadow import render_shadow
from mattebox.errors import UsageError
from mattebox.recipe.steps import Shadow
from mattebox.types import Box, Picture

BOX: Box = (80, 40, 120, 140)  # 40 wide, 100 tall


def block(dtype: type = np.uint8) -> Picture:
    peak = np.iinfo(dtype).max
    alpha = np.zeros((200, 200), dtype)
    alpha[BOX[1] : BOX[3], BOX[0] : BOX[2]] = peak
    rgb = np.zeros((200, 200, 3), dtype)
    rgb[..., 0] = np.arange(200)[:, None]
    return Picture(rgb, alpha)


def shadow_alpha(**settings: object) -> np.ndarray:
    layer = render_shadow(block(), BOX, Shadow(**settings), (0, 0, 0))  # type: ignore[arg-type]
    assert layer is not None
    assert layer.alpha is not None
    return layer.alpha.astype(float) / 255


def test_a_hard_drop_shadow_is_the_subject_moved() -> None:
    alpha = shadow_alpha(kind="drop", softness=0, length=20, angle=90, opacity=50)
    expected = np.zeros((200, 200))
    expected[60:160, 80:120] = 0.5
    assert np.abs(alpha - expected).max() < 0.01


@pytest.mark.parametrize(("angle", "right", "down"), [(0, 1, 0), (90, 0, 1), (180, -1, 0), (270, 0, -1), (45, 1, 1)])
def test_a_drop_shadow_falls_where_the_angle_says(angle: int, right: int, down: int) -> None:
    alpha = shadow_alpha(kind="drop", angle=angle, length=10, softness=4)
    y, x = (np.average(np.arange(200) + 0.5, weights=alpha.sum(a)) for a in (1, 0))
    reach = 10 if 0 in (right, down) else 10 / 2**0.5
    assert (x - 100, y - 90) == pytest.approx((right * reach, down * reach), abs=1.5)


def test_softness_spreads_and_keeps_the_sum() -> None:
    hard, soft = shadow_alpha(kind="drop", softness=0), shadow_alpha(kind="drop", softness=8)
    assert soft.sum() == pytest.approx(hard.sum(), rel=0.02)
    assert ((soft > 0.02) & (soft < 0.4)).sum() > 4 * ((hard > 0.02) & (hard < 0.4)).sum()


def test_a_contact_shadow_lies_at_the_foot() -> None:
    alpha = shadow_alpha(kind="contact")
    below, above = alpha[138:150, 85:115].mean(), alpha[:110].max()
    assert below > 0.2
    assert above < 0.02


def test_contact_is_only_where_the_subject_stands() -> None:
    """A table: two legs on the ground, a top far above it."""
    alpha = np.zeros((200, 200), np.uint8)
    alpha[60:80, 20:180] = 255
    alpha[80:160, 20:35] = alpha[80:160, 165:180] = 255
    layer = render_shadow(
        Picture(np.zeros((200, 200, 3), np.uint8), alpha), (20, 60, 180, 160), Shadow(kind="contact"), (0, 0, 0)
    )
    assert layer is not None
    assert layer.alpha is not None
    row = layer.alpha[161].astype(int)
    assert min(row[27], row[172]) > 4 * max(1, row[95:105].max())


def test_a_cast_shadow_leans_away_and_starts_at_the_foot() -> None:
    alpha = shadow_alpha(kind="cast", angle=45, length=50, softness=1)
    assert alpha[:125].max() < 0.05  # its darkest part lies hidden behind the foot
    assert np.delete(alpha[:138], range(76, 124), 1).max() < 0.05
    upper, lower = (np.average(np.arange(200), weights=alpha[y]) for y in (144, 154))
    assert lower > upper + 15


def test_a_cast_shadow_has_no_light_specks_where_the_ground_is_steep() -> None:
    """A horse: from its tail to its hind legs the ground goes down by several rows a column."""
    alpha = np.zeros((400, 600), np.uint8)
    alpha[20:348, 150:550] = np.where(skimage.data.horse(), 0, 255)
    picture = Picture(np.zeros((400, 600, 3), np.uint8), alpha)
    step = Shadow(kind="cast", angle=160, softness=0, opacity=100)
    layer = render_shadow(picture, (150, 34, 550, 340), step, (0, 0, 0), is_dithered=False)
    assert layer is not None
    assert layer.alpha is not None
    dark = layer.alpha > 100
    beside = dark[:-2, 1:-1] & dark[2:, 1:-1] & dark[1:-1, :-2] & dark[1:-1, 2:]
    assert dark.sum() > 5000
    assert (beside & (layer.alpha[1:-1, 1:-1] < 50)).sum() < 10  # between its legs


def test_a_reflection_mirrors_the_rows_and_fades() -> None:
    picture = block()
    layer = render_shadow(picture, BOX, Shadow(kind="reflection", opacity=100, length=30), (0, 0, 0))
    assert layer is not None
    assert layer.alpha is not None
    assert [int(v) for v in layer.rgb[140:170, 100, 0]] == list(range(138, 108, -1))
    assert layer.alpha[140, 100] > 245
    assert (np.diff(layer.alpha[140:170, 100].astype(int)) < 0).all()
    assert layer.alpha[:139].max() == layer.alpha[170:].max() == 0


def test_a_round_base_and_its_reflection_leave_no_gap() -> None:
    """A mug seen from a little above: the row where its outline ends is another one in each column."""
    y, x = np.mgrid[:200, :200]
    alpha = np.where((abs(x - 100) < 60) & (y > 40) & (y < 150 - ((x - 100) / 60) ** 2 * 8), 255, 0).astype(np.uint8)
    picture, box = Picture(np.full((200, 200, 3), 90, np.uint8), alpha), (41, 41, 160, 150)
    layer = render_shadow(picture, box, Shadow(kind="reflection", opacity=100), (0, 0, 0))
    assert layer is not None
    assert layer.alpha is not None
    below = 200 - np.argmax(alpha[::-1, 45:155] > 0, axis=0)
    assert (layer.alpha[below + 1, np.arange(45, 155)] > 200).all()


def test_a_soft_shadow_is_dithered_and_nothing_stays_nothing() -> None:
    layer = render_shadow(block(), BOX, Shadow(kind="drop", softness=15), (0, 0, 0))
    assert layer is not None
    assert layer.alpha is not None
    row = layer.alpha[90, 130:150].astype(int)
    assert len(np.unique(np.diff(row))) > 2
    assert layer.alpha[:, :20].max() == 0


@pytest.mark.parametrize("kind", ["contact", "drop", "cast", "reflection"])
def test_sixteen_bits_and_large_pictures(kind: str) -> None:
    picture = block(np.uint16)
    layer = render_shadow(picture, BOX, Shadow(kind=kind), (0, 0, 0))  # type: ignore[arg-type]
    assert layer is not None
    assert layer.alpha is not None
    assert layer.alpha.dtype == np.uint16
    assert layer.alpha.max() > 65535 * 0.15
    tall = Picture(np.repeat(np.repeat(block().rgb, 8, 0), 8, 1), np.repeat(np.repeat(block().alpha, 8, 0), 8, 1))
    large = render_shadow(tall, tuple(8 * v for v in BOX), Shadow(kind=kind), (0, 0, 0))  # type: ignore[arg-type]
    small = render_shadow(block(), BOX, Shadow(kind=kind), (0, 0, 0))  # type: ignore[arg-type]
    assert large is not None
    assert small is not None
    shrunk = large.alpha.reshape(200, 8, 200, 8).mean((1, 3))
    assert np.abs(shrunk - small.alpha).mean() < 1.5


def test_nothing_to_see_is_no_layer() -> None:
    assert render_shadow(block(), BOX, Shadow(), (0, 0, 0)) is None
    assert render_shadow(block(), BOX, Shadow(kind="drop", opacity=0), (0, 0, 0)) is None
    assert render_shadow(Picture(np.zeros((9, 9, 3), np.uint8)), (0, 0, 9, 9), Shadow(kind="drop"), (0, 0, 0)) is None


def test_distances_are_euclidean() -> None:
    inside = np.zeros((21, 31), bool)
    inside[10, 15] = True
    y, x = np.mgrid[:21, :31]
    exact = np.hypot(y - 10, x - 15)
    distances = distance_transform(inside, 8)
    assert np.abs(distances - exact)[exact <= 8].max() < 1e-5
    assert distances[exact > 8].min() > 8
    assert distance_transform(np.zeros((4, 4), bool), 3).min() > 3


@pytest.mark.parametrize("width", [1, 6, 40])
def test_an_outline_is_as_wide_as_asked_and_under_the_subject(width: int) -> None:
    result = add_outline(block(), width, (255, 255, 255))
    assert result.alpha is not None
    row = result.alpha[90].astype(float) / 255
    assert row.sum() == pytest.approx(40 + 2 * width, abs=1.5)
    assert result.rgb[90, 100].tolist() == [90, 0, 0]
    assert result.rgb[90, 79].tolist() == [255, 255, 255]


def test_outline_widths_as_users_write_them() -> None:
    assert [parse_outline_width(t, (300, 400)) for t in ("0", "12", "12px", "2%")] == [0, 12, 12, 8]
    for text in ("wide", "-3", "50%"):
        with pytest.raises(UsageError, match="give up to"):
            parse_outline_width(text, (300, 400))


def test_no_haze_is_left_beyond_a_stickers_edge() -> None:
    picture = block()
    assert picture.alpha is not None
    picture.alpha[90, 150] = 100  # faint, and far from the subject
    result = add_outline(picture, 6, (255, 255, 255))
    assert result.alpha is not None
    assert result.alpha[90, 150] == 0
    assert result.alpha[90, 122] == 255


def test_a_furry_edge_does_not_show_in_the_outlines_rim() -> None:
    picture = block()
    assert picture.alpha is not None
    picture.alpha[38:40, 84:120:14] = 255  # tufts of two pixels
    result = add_outline(picture, 12, (255, 255, 255))
    assert result.alpha is not None
    tops = result.alpha[:40, 86:114].astype(float).sum(0) / 255
    assert np.ptp(tops) < 0.6

"""Backdrops: exact where they are simple, smooth where they are gradients, unstretched where they are pictures."""

import numpy as np
import pytest

from mattebox.composition.backdrop import fit_image, linear_gradient, render_backdrop
from mattebox.composition.background_blur import blur_background
from mattebox.composition.background_spec import FlatColour, LinearGradient, RadialGradient, StudioBackdrop
from mattebox.composition.placement import Placement
from mattebox.types import Picture
from tests.io.pictures import noise

IDENTITY = Placement((90, 120), 1.0, 0.0, 0.0)


def canvas(height: int = 90, width: int = 120, dtype: type = np.uint8) -> Picture:
    return Picture(np.zeros((height, width, 3), dtype))


def test_flat_white_is_white_to_the_last_pixel() -> None:
    assert (render_backdrop(FlatColour((255, 255, 255)), canvas()) == 255).all()
    assert (render_backdrop(FlatColour((255, 255, 255)), canvas(dtype=np.uint16)) == 65535).all()


@pytest.mark.parametrize("angle", [0, 90, 180, 270, 37])
def test_gradients_run_corner_to_corner_as_in_css(angle: float) -> None:
    place = linear_gradient((90, 120), angle)
    assert 0 <= place.min() < 0.02
    assert 0.98 < place.max() <= 1
    if angle == 180:
        assert place[0].max() < place[-1].min()
    if angle == 90:
        assert place[:, 0].max() < place[:, -1].min()


def test_a_gradient_shows_no_bands() -> None:
    """Two greys one step apart over many rows: dithered, every row's mean follows the line."""
    result = render_backdrop(LinearGradient(180, ((100, 100, 100), (101, 101, 101))), canvas(200, 400)).astype(float)
    means = result.mean((1, 2))
    assert np.abs(means - np.linspace(100, 101, 200)).max() < 0.12
    assert np.array_equal(
        result, render_backdrop(LinearGradient(180, ((100, 100, 100), (101, 101, 101))), canvas(200, 400))
    )


def test_radial_is_brightest_in_the_middle() -> None:
    result = render_backdrop(RadialGradient(((255, 255, 255), (0, 0, 0))), canvas()).astype(int)
    assert result[45, 60].min() > 245
    assert result[0, 0].max() < 12


def test_a_studio_is_lit_from_the_given_side() -> None:
    left = render_backdrop(StudioBackdrop((200, 200, 200), light=0.0, contrast=1.0), canvas()).astype(float)
    flat = render_backdrop(StudioBackdrop((200, 200, 200), contrast=0.0), canvas()).astype(float)
    assert left[:, :5].mean() > left[:, -5:].mean() + 10
    assert np.abs(flat - 200).max() <= 1
    high, low = (
        render_backdrop(StudioBackdrop((200, 200, 200), horizon=h), canvas()).astype(float).mean() for h in (0.2, 0.9)
    )
    assert high > low + 5


def test_the_studio_floor_is_lighter_than_its_wall() -> None:
    result = render_backdrop(StudioBackdrop((200, 200, 200)), canvas()).astype(float)
    assert result[-10:, 50:70].mean() > result[:10, 50:70].mean() + 15


@pytest.mark.parametrize("fit", ["cover", "contain", "tile"])
def test_a_picture_is_never_stretched(fit: str) -> None:
    y, x = np.mgrid[:80, :200]
    disc = np.where((x - 100) ** 2 + (y - 40) ** 2 < 30**2, 0, 255).astype(np.uint8)
    result = fit_image(Picture(np.repeat(disc[..., None], 3, 2)), canvas(240, 240), fit)[..., 0] < 128
    assert result.shape == (240, 240)
    rows, columns = np.flatnonzero(result[:, 118:122].any(1) if fit != "tile" else result[:80].any(1)), None
    if fit == "tile":
        columns = np.flatnonzero(result[:80, :200].any(0))
        assert (len(rows), len(columns)) == (59, 59)
        return
    columns = np.flatnonzero(result[118:122].any(0))
    scale = 3 if fit == "cover" else 1.2
    assert len(rows) == pytest.approx(60 * scale, abs=3)
    assert len(columns) == pytest.approx(60 * scale, abs=3)


@pytest.mark.parametrize(
    ("alignment", "part_name"), [((0.0, 0.5), "left"), ((0.5, 0.5), "middle"), ((1.0, 0.5), "right")]
)
def test_alignment_selects_the_visible_part(alignment: tuple[float, float], part_name: str) -> None:
    thirds = np.repeat(np.array([10, 120, 240], np.uint8), 40)
    picture = Picture(np.broadcast_to(thirds[None, :, None], (40, 120, 3)).copy())
    result = fit_image(picture, canvas(40, 40), "cover", alignment)
    value = {"left": 10, "middle": 120, "right": 240}[part_name]
    assert np.abs(result[:, 2:-2].astype(int) - value).max() <= 2
    framed = fit_image(picture, canvas(120, 120), "contain", alignment[::-1])
    assert np.flatnonzero((framed[:, 5] == 10).all(1)).tolist() == [round(80 * alignment[0]) + i for i in range(40)]


def test_sixteen_bit_canvases_get_sixteen_bit_backdrops() -> None:
    result = fit_image(Picture(noise((30, 40, 3), np.uint8)), canvas(dtype=np.uint16), "cover")
    assert result.dtype == np.uint16
    assert result.max() > 60000


def test_the_subject_leaves_no_ghost_in_the_blur() -> None:
    """A red subject before green: where it stood, and around it, all is green."""
    rgb = np.zeros((90, 120, 3), np.uint8)
    rgb[..., 1] = 180
    alpha = np.zeros((90, 120), np.uint8)
    alpha[20:70, 30:90] = 255
    rgb[20:70, 30:90] = (255, 0, 0)
    result = blur_background(Picture(rgb), alpha, IDENTITY, 0.03).astype(int)
    assert result[..., 0].max() <= 1
    assert np.abs(result[..., 1] - 180).max() <= 1


def test_blurred_surroundings_go_on_beyond_the_photograph() -> None:
    picture = Picture(noise((60, 80, 3), np.uint8))
    alignment = Placement((200, 200), 1.5, 40.0, 55.0)
    result = blur_background(picture, np.zeros((60, 80), np.uint8), alignment, 0.05)
    assert result.shape == (200, 200, 3)
    assert result.min() > 30
    assert result.astype(float).std() < 25


def test_a_subject_that_fills_everything_leaves_a_plain_backdrop() -> None:
    picture = Picture(noise((60, 80, 3), np.uint8))
    result = blur_background(picture, np.full((60, 80), 255, np.uint8), Placement((60, 80), 1, 0, 0), 0.05)
    assert result.astype(float).std((0, 1)).max() < 3

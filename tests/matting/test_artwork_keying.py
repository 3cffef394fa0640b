"""Flat artwork: detection, and keying against drawn artwork whose alpha and colours are known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.artwork_scenes import ARTWORK_KINDS, ArtworkScene, compress_as_jpeg, draw_artwork, reduce_palette
from mattebox.core.connected_components import dilate
from mattebox.errors import UsageError
from mattebox.matting.artwork_keying import compute_artwork_matte, unmix_backdrop
from mattebox.matting.enclosed_ground import Holes
from mattebox.matting.flat_artwork import Backdrop, detect_artwork, find_backdrop
from mattebox.types import Matte, Picture
from tests.fakes import composite, disc, mosaic

WHITE = Backdrop((255, 255, 255), 0)


def as_picture(scene: ArtworkScene) -> Picture:
    return Picture(np.ascontiguousarray(scene.rgb))


def alpha_of(picture: Picture, holes: Holes = "auto") -> np.ndarray:
    return compute_artwork_matte(picture, find_backdrop(picture), holes).alpha / picture.bit_depth.peak


@pytest.mark.parametrize("kind", ARTWORK_KINDS)
def test_drawn_artwork_is_detected(kind: str) -> None:
    scene = draw_artwork(kind)
    backdrop = Backdrop(ARTWORK_KINDS[kind][1], 0)
    assert detect_artwork(as_picture(scene)) == backdrop
    assert detect_artwork(as_picture(reduce_palette(scene, 64))) == backdrop


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket"])
def test_photographs_are_not_even_on_exact_white(name: str, request: pytest.FixtureRequest) -> None:
    skimage_data = pytest.importorskip("skimage.data")
    photograph = np.ascontiguousarray(getattr(skimage_data, name)())
    assert detect_artwork(Picture(photograph)) is None
    product = composite(disc((300, 400)), mosaic(photograph, (300, 400)), (255, 255, 255))
    assert detect_artwork(product) is None
    scene = ArtworkScene(product.rgb, disc((300, 400)), product.rgb / np.float32(255))
    assert detect_artwork(as_picture(compress_as_jpeg(scene, 85))) is None


def test_a_picture_with_transparency_is_not_detected() -> None:
    scene = draw_artwork("badge")
    assert detect_artwork(Picture(scene.rgb, np.rint(scene.alpha * 255).astype(np.uint8))) is None


@pytest.mark.parametrize("kind", [k for k in ARTWORK_KINDS if k != "enlarged sprite"])
def test_alpha_and_colours_are_those_that_were_drawn(kind: str) -> None:
    scene = draw_artwork(kind)
    picture = as_picture(scene)
    backdrop = find_backdrop(picture)
    matte = compute_artwork_matte(picture, backdrop)
    assert matte.found
    assert np.abs(matte.alpha / 255 - scene.alpha).mean() < 0.0006
    cutout = unmix_backdrop(picture, matte, backdrop).to_array() / 255
    shown, wanted = cutout[..., 3:] * cutout[..., :3], scene.alpha[..., None] * scene.colours
    assert np.abs(shown - wanted).mean() * 255 < 0.2  # on black: no fringe of the backdrop


@pytest.mark.parametrize("kind", ARTWORK_KINDS)
def test_the_cutout_on_its_own_backdrop_is_the_picture(kind: str) -> None:
    picture = as_picture(draw_artwork(kind))
    backdrop = find_backdrop(picture)
    rgba = unmix_backdrop(picture, compute_artwork_matte(picture, backdrop), backdrop).to_array() / 255
    restored = rgba[..., 3:] * rgba[..., :3] + (1 - rgba[..., 3:]) * np.array(backdrop.rgb) / 255
    assert np.abs(restored * 255 - picture.rgb).max() < 2


def test_sixteen_bits_give_the_same_alpha() -> None:
    scene = draw_artwork("badge")
    deep = Picture(scene.rgb.astype(np.uint16) * 257)
    assert np.abs(alpha_of(deep) - alpha_of(as_picture(scene))).max() < 0.003


@pytest.mark.parametrize("kind", ["sprite sheet", "enlarged sprite"])
def test_pixel_art_has_hard_edges_and_its_own_colours(kind: str) -> None:
    picture = as_picture(draw_artwork(kind))
    matte = compute_artwork_matte(picture, find_backdrop(picture))
    assert set(np.unique(matte.alpha)) == {0, 255}
    assert (unmix_backdrop(picture, matte, WHITE).rgb == picture.rgb).all()


def draw_rings() -> Picture:
    """A ring on white, and a face: a dark eye's outline with white inside, within skin."""
    y, x = np.mgrid[:120, :240]
    ring, face = np.hypot(y - 60, x - 60), np.hypot(y - 60, x - 180)
    rgb = np.full((120, 240, 3), 255, np.uint8)
    rgb[(ring < 50) & (ring > 30)] = (200, 30, 30)
    rgb[(face < 50) & (face > 30)] = (240, 200, 160)
    rgb[(face <= 30) & (face > 20)] = (20, 20, 20)
    return Picture(rgb)


@pytest.mark.parametrize(("holes", "ring", "eye"), [("keep", 1, 1), ("auto", 0, 1), ("open", 0, 0)])
def test_enclosed_areas_are_opened_as_asked(holes: Holes, ring: float, eye: float) -> None:
    alpha = alpha_of(draw_rings(), holes)
    assert (alpha[60, 60], alpha[60, 180]) == (ring, eye)
    assert alpha[60, 140] == 1


def test_a_hole_in_what_stands_in_a_hole_is_opened() -> None:
    alpha = alpha_of(as_picture(draw_artwork("badge")))
    assert alpha[225, 200] == 0  # in the triangle, which stands in the ring
    assert alpha[150, 120] == 0
    assert alpha[190, 200] == 1


def test_a_shadow_is_black_and_transparent() -> None:
    scene = draw_artwork("drop shadow")
    picture = as_picture(scene)
    backdrop = find_backdrop(picture)
    matte = compute_artwork_matte(picture, backdrop)
    shadow = (matte.alpha > 20) & (scene.colours.max(axis=2) < 0.01)
    assert 0.03 < shadow.mean() < 0.2
    assert matte.alpha[shadow].max() < 120
    assert unmix_backdrop(picture, matte, backdrop).rgb[shadow].max() < 20  # a rounded level weighs up to 12 there


@pytest.mark.parametrize("kind", ["wordmark", "badge", "chart", "glyph"])
def test_ringing_of_jpeg_leaves_no_specks(kind: str) -> None:
    scene = compress_as_jpeg(draw_artwork(kind), 88)
    alpha = alpha_of(as_picture(scene))
    assert np.abs(alpha - scene.alpha).mean() < 0.002
    far = scene.alpha == 0
    assert (alpha[far] > 0.5).mean() < 0.0005


@pytest.mark.parametrize(("front", "back"), [((240, 140, 20), (30, 70, 190)), ((214, 40, 57), (255, 255, 255))])
@pytest.mark.parametrize(("quality", "subsampling"), [(75, 2), (95, 0)])
def test_compressed_artwork_has_no_fringe_of_the_backdrop(
    front: tuple[int, int, int], back: tuple[int, int, int], quality: int, subsampling: int
) -> None:
    """JPEG keeps chroma at half the size: without care its blends gave an orange disc a blue fringe of 90 levels."""
    alpha = disc((450, 600))
    rgb = composite(alpha, front, back).rgb
    scene = compress_as_jpeg(ArtworkScene(rgb, alpha, rgb / np.float32(255)), quality, subsampling)
    picture = as_picture(scene)
    backdrop = detect_artwork(picture)
    assert backdrop is not None
    assert backdrop.tolerance > 0
    matte = compute_artwork_matte(picture, backdrop)
    cutout = unmix_backdrop(picture, matte, backdrop)
    assert np.abs(matte.alpha / 255 - alpha).mean() < 0.001
    edge = np.abs(alpha - 0.5) < 0.5
    near = (matte.alpha > 12) & dilate(edge, 4)
    fringe = (np.abs(cutout.rgb.astype(float) - front).max(axis=2) * (matte.alpha / 255))[near]
    assert fringe.mean() < 12
    assert np.quantile(fringe, 0.98) < 40


def test_without_a_backdrop_there_is_advice() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    with pytest.raises(UsageError, match="no single colour surrounds the artwork; cut with --by network"):
        find_backdrop(Picture(noise))


def test_nothing_but_backdrop_is_no_artwork() -> None:
    blank = Picture(np.full((40, 60, 3), 200, np.uint8))
    assert detect_artwork(blank) is None
    matte: Matte = compute_artwork_matte(blank, find_backdrop(blank))
    assert not matte.found
    assert not matte.alpha.any()

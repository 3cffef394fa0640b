"""Haze and light by distance: a known veil is found and removed, what has none stays bit for bit, edges, areas."""

import numpy as np
import pytest

import mattebox as mb
from mattebox.core.srgb_pixels import decode_srgb_pixels, encode_srgb_pixels
from mattebox.enhancement.distance_adjustment import adjust_by_distance, estimate_veil
from mattebox.errors import UsageError
from mattebox.types import BitDepth, DepthMap, Floats, Picture

SHAPE = (120, 160)
AIR = np.array([0.7, 0.75, 0.8], np.float32)
NEARNESS = np.repeat(np.linspace(0, 1, SHAPE[0], dtype=np.float32)[:, None], SHAPE[1], 1)  # far is at the top


def scene() -> Floats:
    """Linear light of blocks of many colours, a few of them dark, at all distances."""
    rng = np.random.default_rng(0)
    blocks = rng.choice(np.array([0.0, 0.05, 0.2, 0.5, 0.8], np.float32), (SHAPE[0] // 8, SHAPE[1] // 8, 3))
    return np.repeat(np.repeat(blocks, 8, 0), 8, 1)


def picture(light: Floats) -> Picture:
    return Picture(np.stack([encode_srgb_pixels(light[..., i], BitDepth.EIGHT) for i in range(3)], 2))


def light_of(made: Picture) -> Floats:
    return np.stack([decode_srgb_pixels(made.rgb[..., i]) for i in range(3)], 2)


def hazy(light: Floats, density: float = 1.0) -> Floats:
    share = (0.6 * density * (1 - NEARNESS))[..., None]
    return light * (1 - share) + AIR * share


def test_a_known_veil_is_found_and_removed() -> None:
    clear, veiled = scene(), hazy(scene())
    veil = estimate_veil(picture(veiled), NEARNESS)
    assert np.abs(veil.share_at(NEARNESS[:, 0]) - 0.6 * (1 - NEARNESS[:, 0])).mean() < 0.05
    made = light_of(adjust_by_distance(picture(veiled), NEARNESS, haze=1.0))
    assert np.abs(made - clear).mean() < 0.3 * np.abs(veiled - clear).mean()
    half = light_of(adjust_by_distance(picture(veiled), NEARNESS, haze=0.5))
    assert np.abs(made - clear).mean() < np.abs(half - clear).mean() < np.abs(veiled - clear).mean()


def test_the_veil_does_not_depend_on_the_scale_of_depth() -> None:
    curved = NEARNESS**3  # of the same order
    veil, other = (estimate_veil(picture(hazy(scene())), n) for n in (NEARNESS, curved))
    far = NEARNESS[:, 0] < 0.4
    assert np.abs(veil.share_at(NEARNESS[far, 0]) - other.share_at(curved[far, 0])).max() < 0.2


def test_what_has_no_haze_stays_as_it_is() -> None:
    clear = picture(scene())
    assert adjust_by_distance(clear, NEARNESS, haze=1.0) is clear
    assert adjust_by_distance(clear, NEARNESS) is clear


def test_the_nearest_stays_bit_for_bit_and_noise_is_bounded() -> None:
    veiled = picture(hazy(scene()))
    made = adjust_by_distance(veiled, NEARNESS, haze=1.0, light=-1.0)
    assert np.abs(made.rgb[-2:].astype(int) - veiled.rgb[-2:]).max() <= 1
    white = picture(np.full((*SHAPE, 3), 0.9, np.float32))
    assert np.abs(adjust_by_distance(white, NEARNESS, haze=1.0).rgb.astype(int) - white.rgb).max() <= 2


def test_haze_comes_with_distance() -> None:
    clear = picture(scene())
    made = light_of(adjust_by_distance(clear, NEARNESS, haze=-0.8))
    spread = made.std((1, 2)) / light_of(clear).std((1, 2))
    assert spread[:16].mean() < 0.4
    assert spread[-8:].mean() > 0.9


def test_light_by_distance_in_stops() -> None:
    grey = picture(np.full((*SHAPE, 3), 0.1, np.float32))
    made = light_of(adjust_by_distance(grey, NEARNESS, light=1.0))[..., 0]
    assert made[0].mean() == pytest.approx(0.2, rel=0.05)
    assert made[-1].mean() == pytest.approx(0.1, rel=0.05)
    darker = light_of(adjust_by_distance(grey, NEARNESS, light=-2.0))[..., 0]
    assert darker[0].mean() == pytest.approx(0.025, rel=0.1)


def test_distance_follows_the_pictures_edges() -> None:
    """A depth map of 1/16 of the size, whose edge is blurred: light changes on the dark side of the edge only."""
    light = np.full((160, 160, 3), 0.02, np.float32)
    light[:, 80:] = 0.4
    nearness = np.zeros((10, 10), np.float32)
    nearness[:, 5:] = 1
    made = light_of(adjust_by_distance(picture(light), nearness, light=2.0))[..., 0]
    assert made[80, 74] == pytest.approx(0.08, rel=0.2)
    assert made[80, 86] == pytest.approx(0.4, rel=0.1)


def test_a_full_size_map_leaves_no_rim_around_what_is_near() -> None:
    nearness = np.zeros(SHAPE, np.float32)
    nearness[:, 80:] = 1
    source = picture(np.full((*SHAPE, 3), 0.3, np.float32))
    made = light_of(adjust_by_distance(source, nearness, light=1.0))[..., 0]
    assert np.ptp(made[:, :80]) == 0
    assert (made[:, 80:] == light_of(source)[:, 80:, 0]).all()


def test_sixteen_bits_and_alpha_are_kept() -> None:
    rgb = (np.minimum(hazy(scene()), 1) ** (1 / 2.2) * 65535).astype(np.uint16)
    alpha = np.full(SHAPE, 65535, np.uint16)
    made = adjust_by_distance(Picture(rgb, alpha), NEARNESS, haze=1.0)
    assert made.rgb.dtype == np.uint16
    assert made.alpha is alpha


def test_enhance_by_areas_of_depth() -> None:
    source = picture(scene())
    depth = DepthMap(NEARNESS, "picture")
    near = mb.enhance(source, exposure=1.0, light_only="near", distance_depth=depth).picture
    far = mb.enhance(source, exposure=1.0, light_only="far", distance_depth=depth).picture
    both = mb.enhance(source, exposure=1.0).picture
    assert (near.rgb[:40] == source.rgb[:40]).all()
    assert (near.rgb[-40:] == both.rgb[-40:]).all()
    assert (far.rgb[:40] == both.rgb[:40]).all()
    assert (far.rgb[-40:] == source.rgb[-40:]).all()


def test_a_files_own_depth_counts_and_an_assumed_one_is_said() -> None:
    from dataclasses import replace

    source = replace(picture(hazy(scene())), depth=DepthMap(NEARNESS, "file"))
    own, given = mb.enhance(source, dehaze=80), mb.enhance(source, dehaze=80, distance_depth=DepthMap(NEARNESS, "x"))
    assert (own.picture.rgb == given.picture.rgb).all()
    assert not own.notes
    opaque = np.zeros(SHAPE, np.uint8)
    opaque[40:100, 60:90] = 255
    assumed = mb.enhance(Picture(source.rgb, opaque), dehaze=-50)
    assert any("distance is assumed" in note for note in assumed.notes)


def test_clips_have_no_depth() -> None:
    from mattebox.recipe.flat_parameters import build_recipe
    from mattebox.recipe.recipe import Recipe
    from mattebox.recipe.steps import Save
    from mattebox.video.frame_enhancement import check_clip_recipe

    with pytest.raises(UsageError, match="depth of clips"):
        check_clip_recipe(build_recipe({"dehaze": 40}, Recipe((Save(),))))

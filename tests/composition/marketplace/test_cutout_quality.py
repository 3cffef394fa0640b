"""Hints at bad cutouts: each fault is seen where it is made, and not in the clean picture."""

import msgspec
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

import mattebox as mb
from mattebox.composition.marketplace.compliance import check_compliance
from mattebox.composition.marketplace.cutout_quality import measure_cutout_quality
from mattebox.composition.marketplace.rules import MarketplaceRules, find_rules
from mattebox.types import Picture
from tests.io.pictures import saved

BROWN = np.array([160, 60, 40.0])
SIDE = 1200


def draw_mask(*, holes: bool = False, stray: bool = False) -> np.ndarray:
    """Coverage 0..1 of a mug with a handle, anti-aliased."""
    image = Image.new("L", (2 * SIDE, 2 * SIDE))
    draw = ImageDraw.Draw(image)
    draw.ellipse((1450, 700, 2100, 1500), fill=255)
    draw.ellipse((1600, 850, 1950, 1350), fill=0)
    draw.rounded_rectangle((500, 400, 1600, 2000), 150, fill=255)
    if holes:
        draw.ellipse((800, 900, 900, 970), fill=0)
        draw.ellipse((1100, 1500, 1190, 1590), fill=0)
    if stray:
        draw.ellipse((150, 150, 220, 210), fill=255)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)) / 255


def listing(mask: np.ndarray) -> np.ndarray:
    """The mug, with a little shading, on white."""
    shade = np.linspace(0.85, 1.15, SIDE)[:, None, None]
    return (mask[..., None] * BROWN * shade + 255 * (1 - mask[..., None])).round().astype(np.uint8)


def through_jpeg(rgb: np.ndarray) -> np.ndarray:
    return mb.read(saved(rgb, "jpeg", quality=92, subsampling=0)).rgb


def filter_mask(mask: np.ndarray, image_filter: ImageFilter.Filter) -> np.ndarray:
    return np.asarray(Image.fromarray((mask * 255).astype(np.uint8)).filter(image_filter)) / 255


@pytest.mark.parametrize("as_jpeg", [False, True])
def test_a_clean_cutout_has_no_fault(as_jpeg: bool) -> None:
    rgb = listing(draw_mask())
    quality = measure_cutout_quality(through_jpeg(rgb) if as_jpeg else rgb)
    assert (quality.hole_count, quality.stray_count) == (0, 0)
    assert not quality.is_ragged
    assert not quality.has_fringe
    assert not quality.is_enlarged


@pytest.mark.parametrize("as_jpeg", [False, True])
def test_holes_and_stray_pieces_are_counted(as_jpeg: bool) -> None:
    rgb = listing(draw_mask(holes=True, stray=True))
    quality = measure_cutout_quality(through_jpeg(rgb) if as_jpeg else rgb)
    assert (quality.hole_count, quality.stray_count) == (2, 1)


def test_a_white_label_is_no_hole() -> None:
    rgb = listing(draw_mask())
    rgb[500:560, 400:500] = 250
    assert measure_cutout_quality(rgb).hole_count == 0


def test_steps_are_seen() -> None:
    small = Image.fromarray((draw_mask() > 0.5).astype(np.uint8) * 255).resize((SIDE // 6, SIDE // 6))
    steps = np.asarray(small.resize((SIDE, SIDE), Image.Resampling.NEAREST)) > 127
    assert measure_cutout_quality(listing(steps.astype(float))).is_ragged


@pytest.mark.parametrize("colour", [(40, 180, 60), (60, 90, 200), (30, 30, 30)])
def test_a_rim_of_the_old_background_is_seen(colour: tuple[int, int, int]) -> None:
    mask = draw_mask()
    rgb = listing(mask)
    rgb[(filter_mask(mask, ImageFilter.MaxFilter(7)) > 0.5) & (mask < 0.5)] = colour
    assert measure_cutout_quality(rgb).has_fringe


def test_enlargement_is_seen() -> None:
    small = Image.fromarray(listing(draw_mask())).resize((SIDE // 4, SIDE // 4), Image.Resampling.LANCZOS)
    large = np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    assert measure_cutout_quality(large).is_enlarged
    assert not measure_cutout_quality(np.asarray(small)).is_enlarged


def test_faults_are_advice_and_do_not_fail_a_listing() -> None:
    rules = replace_rules()
    clean, faulty = (
        check_compliance(Picture(listing(draw_mask(holes=faults, stray=faults))), rules) for faults in (False, True)
    )
    assert clean.passed
    assert faulty.passed
    assert [f.rule for f in clean.findings if not f.passed] == []
    assert {f.rule for f in faulty.findings if not f.passed} == {"holes", "stray pieces"}
    assert "drop=..." in str(faulty)


def test_pale_writing_is_a_watermark() -> None:
    rgb = listing(draw_mask())
    for letter in range(6):
        left = 40 + 60 * letter
        rgb[1080:1130, left : left + 30] = 240
    broken = {f.rule for f in check_compliance(Picture(rgb), replace_rules()).findings if not f.passed}
    assert "no watermark" in broken


def replace_rules() -> MarketplaceRules:
    """Amazon's rules, for any size and share of the canvas."""
    return msgspec.structs.replace(find_rules("amazon"), longer_least=None, fill_least=None, fill_most=None)

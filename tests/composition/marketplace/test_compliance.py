"""Marketplaces' rules: a compliant picture passes, and one that breaks a rule fails by that rule."""

from dataclasses import replace

import numpy as np
import pytest

from mattebox.composition.marketplace.compliance import ComplianceReport, FileFacts, RuleFinding, check_compliance
from mattebox.composition.marketplace.measurements import (
    count_text_marks,
    fill_share,
    has_border,
    measure_background,
    subject_box_on_white,
)
from mattebox.composition.marketplace.rules import (
    RULES_FOLDER,
    MarketplaceRules,
    find_rules,
    load_marketplaces,
)
from mattebox.errors import UsageError
from mattebox.types import Picture
from tests.io.pictures import rgb_profile

STRICT = MarketplaceRules(
    name="strict", title="Every rule there is", sources=(), formats=("jpeg",), longer_least=400, longer_most=1000,
    shorter_least=300, pixels_most=900_000, most_bytes=1_000_000, aspect="1:1", white=True, fill_least=0.85,
    fill_most=0.95, eight_bit=True, srgb=True, opaque=True, border_free=True, text_free=True,
)  # fmt: skip


def listing(height: int = 600, width: int = 600, share: float = 0.9, dtype: type = np.uint8) -> Picture:
    """A dark red block on pure white that fills `share` of the shorter side."""
    peak = int(np.iinfo(dtype).max)
    rgb = np.full((height, width, 3), peak, dtype)
    half = round(min(height, width) * share / 2)
    rgb[height // 2 - half : height // 2 + half, width // 2 - half : width // 2 + half] = (peak // 2, peak // 9, 0)
    return Picture(rgb)


def paint(picture: Picture, rows: slice, columns: slice, colour: tuple[int, int, int]) -> Picture:
    rgb = picture.rgb.copy()
    rgb[rows, columns] = colour
    return picture.with_pixels(rgb, picture.alpha)


def failed_rules(
    picture: Picture, format: str = "jpeg", weight: int = 100_000, rules: MarketplaceRules = STRICT
) -> set[str]:
    findings = check_compliance(picture, rules, FileFacts(format, weight)).findings
    return {f.rule for f in findings if not (f.passed or f.advice)}


def test_a_listing_that_keeps_every_rule_passes() -> None:
    verdict = check_compliance(listing(), STRICT, FileFacts("jpeg", 100_000))
    assert verdict.passed
    assert len(verdict.findings) == 22


def bordered() -> Picture:
    picture = listing(share=0.9)
    for rows, columns in ((slice(0, 6), slice(None)), (slice(-6, None), slice(None)),
                          (slice(None), slice(0, 6)), (slice(None), slice(-6, None))):  # fmt: skip
        picture = paint(picture, rows, columns, (20, 20, 120))
    return picture


@pytest.mark.parametrize("share", [0.7, 0.9, 0.96])
def test_a_plain_grey_background_is_no_border(share: float) -> None:
    grey = np.where(listing(600, 900, share).rgb == 255, 130, listing(600, 900, share).rgb).astype(np.uint8)
    assert not has_border(grey)
    assert has_border(bordered().rgb)


def with_text(ink: int = 0) -> Picture:
    picture = listing(800, 800, 0.86)
    for i in range(7):
        picture = paint(picture, slice(12, 30), slice(250 + 26 * i, 266 + 26 * i), (ink, ink, ink))
    return picture


@pytest.mark.parametrize(
    ("picture", "format", "weight", "rules"),
    [
        (listing(), "webp", 1, {"format"}),
        (listing(), "jpeg", 1_000_001, {"weight"}),
        (listing(350, 350), "jpeg", 1, {"longer side, least"}),
        (listing(1001, 1001), "jpeg", 1, {"longer side, most", "pixels"}),
        (listing(290, 290), "jpeg", 1, {"longer side, least", "shorter side, least"}),
        (listing(600, 640), "jpeg", 1, {"aspect", "fill"} - {"fill"}),
        (listing(share=0.7), "jpeg", 1, {"fill"}),
        (listing(share=0.98), "jpeg", 1, {"fill"}),
        (paint(listing(), slice(0, 20), slice(None), (254, 254, 254)), "jpeg", 1, {"white background"}),
        (Picture(np.where(listing().rgb == 255, 250, listing().rgb).astype(np.uint8)), "jpeg", 1, {"white background"}),
        (listing(dtype=np.uint16), "jpeg", 1, {"depth"}),
        (replace(listing(), profile=rgb_profile()), "jpeg", 1, {"colour space"}),
        (listing().with_pixels(listing().rgb, np.full((600, 600), 254, np.uint8)), "jpeg", 1, {"transparency"}),
        (bordered(), "jpeg", 1, {"no border", "white background", "fill"}),
        (with_text(), "jpeg", 1, {"no text"}),
    ],
    ids=lambda v: "+".join(sorted(v)) if isinstance(v, set) else None,
)  # fmt: skip
def test_each_rule_fails_by_itself(picture: Picture, format: str, weight: int, rules: set[str]) -> None:
    verdict = check_compliance(picture, STRICT, FileFacts(format, weight))
    assert {f.rule for f in verdict.findings if not f.passed and not f.advice} == rules
    assert not verdict.passed


def test_a_photograph_in_a_room_is_no_white_background(coffee: Picture) -> None:
    assert {"white background"} <= failed_rules(coffee)


def test_advice_is_reported_and_does_not_fail() -> None:
    import msgspec

    lenient = msgspec.structs.replace(STRICT, advice=("fill",))
    verdict = check_compliance(listing(share=0.5), lenient, FileFacts("jpeg", 1))
    assert verdict.passed
    assert [f.rule for f in verdict.findings if f.advice and not f.passed] == ["fill"]
    assert not next(f for f in verdict.findings if f.advice).passed


def test_a_report_passes_if_all_rules_but_advice_do() -> None:
    good = RuleFinding("a", True, "", "", "")
    bad = RuleFinding("b", False, "", "", "")
    assert ComplianceReport("x", (good,)).passed
    assert not ComplianceReport("x", (good, bad)).passed
    assert ComplianceReport("x", (good, replace(bad, advice=True))).passed


def test_measures() -> None:
    picture = listing(400, 800, 0.5)
    box = subject_box_on_white(picture.rgb)
    assert np.abs(np.array(box) - (300, 100, 500, 300)).max() <= 2
    assert fill_share(box, 800, 400) == pytest.approx(0.5, abs=0.01)
    assert measure_background(picture.rgb, box).white_share == 1
    assert not has_border(picture.rgb)
    assert count_text_marks(picture.rgb) == 0
    assert count_text_marks(with_text().rgb) == 7
    assert count_text_marks(with_text(ink=225).rgb) == 7  # a faint watermark
    assert count_text_marks(with_text(ink=240).rgb) == 0  # haze
    assert subject_box_on_white(np.full((50, 60, 3), 255, np.uint8)) is None


def test_every_marketplace_says_where_its_rules_were_read() -> None:
    assert len(load_marketplaces()) == len(list(RULES_FOLDER.glob("*.toml"))) == 7
    for name, rules in load_marketplaces().items():
        assert rules.name == name
        assert rules.sources
        for source in rules.sources:
            assert source.address.startswith("https://")
            assert source.read > "2026"
        known = {f.rule for f in check_compliance(listing(), rules, FileFacts("jpeg", 1)).findings}
        assert set(rules.advice) <= known


def test_an_unknown_marketplace_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean amazon"):
        find_rules("amazn")


@pytest.mark.parametrize("level", [255, 128, 0])
@pytest.mark.parametrize("name", load_marketplaces())
def test_a_picture_of_one_colour_shows_no_product(name: str, level: int) -> None:
    picture = Picture(np.full((1600, 1600, 3), level, np.uint8))
    verdict = check_compliance(picture, find_rules(name), FileFacts("jpeg", 100_000))
    assert "subject" in {f.rule for f in verdict.findings if not f.passed}
    assert not verdict.passed
    assert "does not pass" in str(verdict)


@pytest.mark.parametrize("name", load_marketplaces())
def test_animations_do_not_pass(name: str) -> None:
    verdict = check_compliance(listing(400, 400), find_rules(name), FileFacts("gif", 100_000, frames=2))
    assert "frames" in {f.rule for f in verdict.findings if not f.passed}
    assert not verdict.passed


def test_pictures_in_memory_are_checked_without_their_files() -> None:
    verdict = check_compliance(listing(), STRICT)
    assert verdict.passed
    assert not {"format", "frames", "weight"} & {f.rule for f in verdict.findings}


def test_a_shadow_on_white_is_told_from_another_background() -> None:
    def remedy(picture: Picture) -> str:
        report = check_compliance(picture, STRICT, FileFacts("jpeg", 100_000))
        return next(f.remedy for f in report.findings if f.rule == "white background" and not f.passed)

    assert "shadow" in remedy(paint(listing(), slice(0, 20), slice(None), (254, 254, 254)))
    grey = Picture(np.where(listing().rgb == 255, 250, listing().rgb).astype(np.uint8))
    assert "background" in remedy(grey)

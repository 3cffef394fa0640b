"""A picture's measurements against a marketplace's rules: pass or fail, each rule with its measure and its remedy.

Knows nothing of how a picture came about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mattebox.composition.alpha_compositing import flatten_onto_colour
from mattebox.composition.marketplace import measurements
from mattebox.composition.marketplace.rules import MarketplaceRules
from mattebox.io import colour
from mattebox.types import BitDepth, Picture

MIN_WHITE_SHARE = 0.999  # of the ground must be exactly white


@dataclass(frozen=True)
class RuleFinding:
    """One rule: its name, whether it is kept, what was `measured` and `wanted`, what mends it, and whether it is only
    advice."""

    rule: str
    passed: bool
    measured: str
    wanted: str
    remedy: str
    advice: bool = False


@dataclass(frozen=True)
class ComplianceReport:
    """All findings for one picture at one marketplace."""

    marketplace: str
    findings: tuple[RuleFinding, ...]

    @property
    def passed(self) -> bool:
        return all(f.passed or f.advice for f in self.findings)


def check_compliance(picture: Picture, format: str, file_bytes: int, rules: MarketplaceRules) -> ComplianceReport:
    """A picture as read from a file of that format and `file_bytes` in bytes."""
    findings = [
        *_check_file(format, file_bytes, rules),
        *_check_size(picture, rules),
        *_check_colours(picture, rules),
        *_check_content(picture, rules),
    ]
    advised = [f if f.rule not in rules.advice else _as_advice(f) for f in findings]
    return ComplianceReport(rules.name, tuple(advised))


def _check_file(format: str, file_bytes: int, rules: MarketplaceRules) -> Iterator[RuleFinding]:
    yield RuleFinding(
        "format", format in rules.formats, format, " or ".join(rules.formats), f"--format {rules.formats[0]}"
    )
    if rules.most_bytes is not None:
        most = rules.most_bytes / 1e6
        yield RuleFinding("weight", file_bytes <= rules.most_bytes, f"{file_bytes / 1e6:.2f} MB", f"at most {most:g} MB",
                      f"--file-limit {most:g}MB")  # fmt: skip


def _check_size(picture: Picture, rules: MarketplaceRules) -> Iterator[RuleFinding]:
    height, width = picture.shape
    shown = f"{width} x {height}"
    longer, shorter = max(width, height), min(width, height)
    if rules.longer_least is not None:
        yield RuleFinding("longer side, least", longer >= rules.longer_least, shown, f"at least {rules.longer_least}",
                      f"--size {rules.longer_least}, from a larger photograph if there is one")  # fmt: skip
    if rules.longer_most is not None:
        yield RuleFinding("longer side, most", longer <= rules.longer_most, shown, f"at most {rules.longer_most}",
                      f"--size {rules.longer_most}")  # fmt: skip
    if rules.shorter_least is not None:
        yield RuleFinding("shorter side, least", shorter >= rules.shorter_least, shown, f"at least {rules.shorter_least}",
                      "--size with a larger number")  # fmt: skip
    if rules.pixels_most is not None:
        yield RuleFinding("pixels", width * height <= rules.pixels_most, f"{width * height / 1e6:.1f} MP",
                      f"at most {rules.pixels_most / 1e6:g} MP", "--size with a smaller number")  # fmt: skip
    if rules.aspect is not None:
        across, down = (float(v) for v in rules.aspect.split(":"))
        kept = abs(width / height * down / across - 1) < 0.01
        yield RuleFinding("aspect", kept, f"{width / height:.3f}:1", rules.aspect, f"--aspect {rules.aspect}")


def _check_colours(picture: Picture, rules: MarketplaceRules) -> Iterator[RuleFinding]:
    if rules.eight_bit:
        yield RuleFinding(
            "depth", picture.bit_depth is BitDepth.EIGHT, f"{picture.bit_depth} bits", "8 bits", "--bit-depth 8"
        )
    if rules.srgb:
        kept = colour.is_srgb(picture.profile)
        yield RuleFinding("colour space", kept, "sRGB" if kept else "another profile", "sRGB", "--profile srgb")
    if rules.opaque:
        opaque = picture.alpha is None or int(picture.alpha.min()) == picture.bit_depth.peak
        yield RuleFinding("transparency", opaque, "none" if opaque else "transparent", "none", "--background white")


def _check_content(picture: Picture, rules: MarketplaceRules) -> Iterator[RuleFinding]:
    """What the picture shows; transparent parts count as white, as they will be shown."""
    peak = picture.bit_depth.peak
    rgb = flatten_onto_colour(picture, (peak, peak, peak)).rgb
    box = measurements.subject_box_on_white(rgb)
    height, width = picture.shape
    if rules.white:
        found = measurements.measure_background(rgb, box)
        kept = found.white_share >= MIN_WHITE_SHARE and found.border_white_share >= 0.5
        told = f"{100 * found.white_share:.1f} % of it 255, darkest {found.darkest_level}, {100 * found.border_white_share:.0f} % of the rim"
        yield RuleFinding("white background", kept, told, "255, 255, 255", "--background white")
    if rules.fill_least is not None or rules.fill_most is not None:
        low, high = rules.fill_least or 0.0, rules.fill_most or 1.0
        share = measurements.fill_share(box, width, height)
        yield RuleFinding("fill", low - 0.002 <= share <= high + 0.002, f"{100 * share:.0f} %",
                      f"{100 * low:.0f} to {100 * high:.0f} %", f"--crop --fill {50 * (low + high):.0f}%")  # fmt: skip
    if rules.border_free:
        framed = measurements.has_border(rgb)
        yield RuleFinding("no border", not framed, "a line around" if framed else "none", "none", "crop the border off")
    if rules.text_free:
        marks = measurements.count_text_marks(rgb)
        told = f"{marks} marks in a row beside the subject" if marks else "none seen"
        yield RuleFinding("no text", not marks, told, "none", "remove the writing, if it is that")


def _as_advice(finding: RuleFinding) -> RuleFinding:
    return RuleFinding(finding.rule, finding.passed, finding.measured, finding.wanted, finding.remedy, advice=True)

"""A picture's measurements against a marketplace's rules: pass or fail, each rule with its measure and its remedy.

Knows nothing of how a picture came about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mattebox.composition.alpha_compositing import over_colour
from mattebox.composition.marketplace import measurements
from mattebox.composition.marketplace.rules import Rules
from mattebox.io import colour
from mattebox.types import Depth, Picture

PURE = 0.999  # of the ground must be exactly white


@dataclass(frozen=True)
class Finding:
    """One rule: its name, whether it is kept, what was `measured` and `wanted`, what mends it, and whether it is only
    advice."""

    rule: str
    passed: bool
    measured: str
    wanted: str
    remedy: str
    advice: bool = False


@dataclass(frozen=True)
class Verdict:
    """All findings for one picture at one marketplace."""

    marketplace: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        return all(f.passed or f.advice for f in self.findings)


def judge(picture: Picture, format: str, weight: int, rules: Rules) -> Verdict:
    """A picture as read from a file of that format and `weight` in bytes."""
    findings = [
        *_file(format, weight, rules),
        *_size(picture, rules),
        *_colours(picture, rules),
        *_shown(picture, rules),
    ]
    advised = [f if f.rule not in rules.advice else _as_advice(f) for f in findings]
    return Verdict(rules.name, tuple(advised))


def _file(format: str, weight: int, rules: Rules) -> Iterator[Finding]:
    yield Finding("format", format in rules.formats, format, " or ".join(rules.formats), f"--format {rules.formats[0]}")
    if rules.most_bytes is not None:
        most = rules.most_bytes / 1e6
        yield Finding("weight", weight <= rules.most_bytes, f"{weight / 1e6:.2f} MB", f"at most {most:g} MB",
                      f"--file-limit {most:g}MB")  # fmt: skip


def _size(picture: Picture, rules: Rules) -> Iterator[Finding]:
    height, width = picture.size
    shown = f"{width} x {height}"
    longer, shorter = max(width, height), min(width, height)
    if rules.longer_least is not None:
        yield Finding("longer side, least", longer >= rules.longer_least, shown, f"at least {rules.longer_least}",
                      f"--size {rules.longer_least}, from a larger photograph if there is one")  # fmt: skip
    if rules.longer_most is not None:
        yield Finding("longer side, most", longer <= rules.longer_most, shown, f"at most {rules.longer_most}",
                      f"--size {rules.longer_most}")  # fmt: skip
    if rules.shorter_least is not None:
        yield Finding("shorter side, least", shorter >= rules.shorter_least, shown, f"at least {rules.shorter_least}",
                      "--size with a larger number")  # fmt: skip
    if rules.pixels_most is not None:
        yield Finding("pixels", width * height <= rules.pixels_most, f"{width * height / 1e6:.1f} MP",
                      f"at most {rules.pixels_most / 1e6:g} MP", "--size with a smaller number")  # fmt: skip
    if rules.aspect is not None:
        across, down = (float(v) for v in rules.aspect.split(":"))
        kept = abs(width / height * down / across - 1) < 0.01
        yield Finding("aspect", kept, f"{width / height:.3f}:1", rules.aspect, f"--aspect {rules.aspect}")


def _colours(picture: Picture, rules: Rules) -> Iterator[Finding]:
    if rules.eight_bit:
        yield Finding("depth", picture.depth is Depth.EIGHT, f"{picture.depth} bits", "8 bits", "--depth 8")
    if rules.srgb:
        kept = colour.is_srgb(picture.profile)
        yield Finding("colour space", kept, "sRGB" if kept else "another profile", "sRGB", "--profile srgb")
    if rules.opaque:
        opaque = picture.alpha is None or int(picture.alpha.min()) == picture.depth.peak
        yield Finding("transparency", opaque, "none" if opaque else "transparent", "none", "--background white")


def _shown(picture: Picture, rules: Rules) -> Iterator[Finding]:
    """What the picture shows; transparent parts count as white, as they will be shown."""
    peak = picture.depth.peak
    rgb = over_colour(picture, (peak, peak, peak)).rgb
    box = measurements.subject_box(rgb)
    height, width = picture.size
    if rules.white:
        found = measurements.ground(rgb, box)
        kept = found.pure >= PURE and found.rim >= 0.5
        told = f"{100 * found.pure:.1f} % of it 255, darkest {found.worst}, {100 * found.rim:.0f} % of the rim"
        yield Finding("white background", kept, told, "255, 255, 255", "--background white")
    if rules.fill_least is not None or rules.fill_most is not None:
        low, high = rules.fill_least or 0.0, rules.fill_most or 1.0
        share = measurements.fill(box, width, height)
        yield Finding("fill", low - 0.002 <= share <= high + 0.002, f"{100 * share:.0f} %",
                      f"{100 * low:.0f} to {100 * high:.0f} %", f"--crop --fill {50 * (low + high):.0f}%")  # fmt: skip
    if rules.border_free:
        framed = measurements.bordered(rgb)
        yield Finding("no border", not framed, "a line around" if framed else "none", "none", "crop the border off")
    if rules.text_free:
        marks = measurements.written(rgb)
        told = f"{marks} marks in a row beside the subject" if marks else "none seen"
        yield Finding("no text", not marks, told, "none", "remove the writing, if it is that")


def _as_advice(finding: Finding) -> Finding:
    return Finding(finding.rule, finding.passed, finding.measured, finding.wanted, finding.remedy, advice=True)

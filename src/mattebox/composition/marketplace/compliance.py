"""Compliance of a picture with a marketplace's rules: pass or fail, each rule with its measurement and remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from mattebox.composition.marketplace import measurements
from mattebox.composition.marketplace.cutout_quality import measure_cutout_quality
from mattebox.composition.marketplace.rules import MarketplaceRules
from mattebox.core.flatten import flatten_on_white
from mattebox.core.interface import name_parameter
from mattebox.io import colour
from mattebox.types import BitDepth, Picture, Pixels

MIN_WHITE_SHARE = 0.999  # of the background must be exactly white
MOSTLY_WHITE_SHARE = 0.5  # from which what is not is a shadow
MIN_BORDER_WHITE_SHARE = 0.5
ASPECT_TOLERANCE = 0.01
FILL_TOLERANCE = 0.002


@dataclass(frozen=True)
class RuleFinding:
    """The result for one rule.

    Attributes
    ----------
    rule
        Its name.
    passed
        Whether the picture complies.
    measured, wanted
        In words.
    remedy
        How to fix the picture.
    advice
        Whether the rule is only a recommendation.
    """

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
        """Whether the picture complies with all rules that are more than advice."""
        return all(f.passed or f.advice for f in self.findings)

    def __str__(self) -> str:
        """One line for the verdict, and one for each rule that is not complied with."""
        verdict = f"{'passes' if self.passed else 'does not pass'} for {self.marketplace}"
        lines = [f"{f.rule}: {f.measured} (wanted: {f.wanted}; {f.remedy})" for f in self.findings if not f.passed]
        return "\n".join([verdict, *lines])


@dataclass(frozen=True)
class FileFacts:
    """What is known of a picture's file: its format, such as "jpeg", its size, and how many frames it has."""

    format: str
    size_bytes: int
    frames: int = 1


def check_compliance(picture: Picture, rules: MarketplaceRules, file: FileFacts | None = None) -> ComplianceReport:
    """Check a picture against a marketplace's rules.

    Parameters
    ----------
    picture
        As decoded from its file.
    rules
        The marketplace's.
    file
        Its file; None for a picture in memory, of which the rules for files are not checked.
    """
    findings = [
        *(() if file is None else _check_file(file, rules)),
        *_check_size(picture, rules),
        *_check_colours(picture, rules),
        *_check_content(picture, rules),
    ]
    return ComplianceReport(rules.name, tuple(replace(f, advice=f.advice or f.rule in rules.advice) for f in findings))


def _check_file(file: FileFacts, rules: MarketplaceRules) -> Iterator[RuleFinding]:
    yield RuleFinding(
        "format",
        file.format in rules.formats,
        file.format,
        " or ".join(rules.formats),
        name_parameter("format", rules.formats[0]),
    )
    yield RuleFinding(
        "frames", file.frames == 1, str(file.frames), "1, not animated", "save a single frame as JPEG or PNG"
    )
    if rules.most_bytes is not None:
        limit = rules.most_bytes / 1e6
        yield RuleFinding("weight", file.size_bytes <= rules.most_bytes, f"{file.size_bytes / 1e6:.2f} MB",
                          f"at most {limit:g} MB", name_parameter("file_limit", f"{limit:g}MB"))  # fmt: skip


def _check_size(picture: Picture, rules: MarketplaceRules) -> Iterator[RuleFinding]:
    width, height = picture.size
    size = f"{width} x {height}"
    longer, shorter = max(width, height), min(width, height)
    if rules.longer_least is not None:
        remedy = f"{name_parameter('size', rules.longer_least)}, from a larger photograph if there is one"
        yield RuleFinding(
            "longer side, least", longer >= rules.longer_least, size, f"at least {rules.longer_least}", remedy
        )
    if rules.longer_most is not None:
        yield RuleFinding("longer side, most", longer <= rules.longer_most, size, f"at most {rules.longer_most}",
                      name_parameter("size", rules.longer_most))  # fmt: skip
    if rules.shorter_least is not None:
        yield RuleFinding("shorter side, least", shorter >= rules.shorter_least, size,
                      f"at least {rules.shorter_least}", f"a larger {name_parameter('size')}")  # fmt: skip
    if rules.pixels_most is not None:
        yield RuleFinding("pixels", width * height <= rules.pixels_most, f"{width * height / 1e6:.1f} MP",
                      f"at most {rules.pixels_most / 1e6:g} MP", f"a smaller {name_parameter('size')}")  # fmt: skip
    if rules.aspect is not None:
        across, down = (float(v) for v in rules.aspect.split(":"))
        complies = abs(width / height * down / across - 1) < ASPECT_TOLERANCE
        yield RuleFinding(
            "aspect", complies, f"{width / height:.3f}:1", rules.aspect, name_parameter("aspect", rules.aspect)
        )


def _check_colours(picture: Picture, rules: MarketplaceRules) -> Iterator[RuleFinding]:
    if rules.eight_bit:
        yield RuleFinding(
            "depth",
            picture.bit_depth is BitDepth.EIGHT,
            f"{picture.bit_depth} bits",
            "8 bits",
            name_parameter("bit_depth", "8"),
        )
    if rules.srgb:
        complies = colour.is_srgb(picture.profile)
        yield RuleFinding(
            "colour space",
            complies,
            "sRGB" if complies else "another profile",
            "sRGB",
            name_parameter("profile", "srgb"),
        )
    if rules.opaque:
        complies = picture.alpha is None or int(picture.alpha.min()) == picture.bit_depth.peak
        yield RuleFinding(
            "transparency",
            complies,
            "none" if complies else "transparent",
            "none",
            name_parameter("background", "white"),
        )


def _check_content(picture: Picture, rules: MarketplaceRules) -> Iterator[RuleFinding]:
    """What the picture shows; transparent parts count as white, as they will be displayed."""
    rgb = flatten_on_white(picture).rgb
    box = measurements.subject_box_on_white(rgb)
    yield RuleFinding("subject", box is not None, "seen" if box else "none: the picture is of one colour", "a product",
                      "take another photograph, or mark the product when cutting it out")  # fmt: skip
    if box is None:
        return
    whiteness = measurements.measure_background(rgb, box)
    if rules.white:
        complies = whiteness.white_share >= MIN_WHITE_SHARE and whiteness.border_white_share >= MIN_BORDER_WHITE_SHARE
        measured = (
            f"{100 * whiteness.white_share:.1f} % of it, darkest level {whiteness.darkest_level}, "
            f"and {100 * whiteness.border_white_share:.0f} % of the picture's border"
        )
        wanted = (
            f"{100 * MIN_WHITE_SHARE:.1f} % of it and {100 * MIN_BORDER_WHITE_SHARE:.0f} % of the border 255, 255, 255"
        )
        is_shaded = whiteness.white_share >= MOSTLY_WHITE_SHARE and not complies
        remedy = name_parameter("shadow", "none") if is_shaded else name_parameter("background", "white")
        yield RuleFinding("white background", complies, measured, wanted, remedy)
    if rules.fill_least is not None or rules.fill_most is not None:
        low, high = rules.fill_least or 0.0, rules.fill_most or 1.0
        share = measurements.fill_share(box, *picture.size)
        complies = low - FILL_TOLERANCE <= share <= high + FILL_TOLERANCE
        remedy = f"{name_parameter('crop', True)} {name_parameter('fill', f'{50 * (low + high):.0f}%')}"
        yield RuleFinding("fill", complies, f"{100 * share:.0f} %", f"{100 * low:.0f} to {100 * high:.0f} %", remedy)
    if rules.border_free:
        border = measurements.has_border(rgb)
        yield RuleFinding("no border", not border, "a line around" if border else "none", "none", "crop the border off")
    if rules.text_free:
        marks = measurements.count_text_marks(rgb)
        measured = f"{marks} marks in a row beside the subject" if marks else "none seen"
        yield RuleFinding("no text", not marks, measured, "none", "remove the writing, if it is that")
    if whiteness.border_white_share >= MIN_BORDER_WHITE_SHARE:
        yield from _check_cutout(rgb)


def _check_cutout(rgb: Pixels) -> Iterator[RuleFinding]:
    """How well a product on white was cut out, as advice: a look decides."""
    quality = measure_cutout_quality(rgb)
    holes, strays, pale_marks = (
        quality.hole_count,
        quality.stray_count,
        measurements.count_text_marks(rgb, is_pale=True),
    )
    keep, drop, edges = (name_parameter(name) for name in ("keep", "drop", "edges"))
    width = quality.edge_width_pixels
    advice = partial(RuleFinding, advice=True)
    yield advice("holes", not holes, f"{holes} in the product" if holes else "none seen", "none",
                 f"look whether they belong; if not, mark them with {keep}")  # fmt: skip
    yield advice("stray pieces", not strays, f"{strays} beside the product" if strays else "none seen", "none",
                 f"look whether they belong; if not, mark them with {drop}")  # fmt: skip
    yield advice("smooth edge", not quality.is_ragged, "steps" if quality.is_ragged else "smooth", "smooth",
                 f"cut out the photograph again, with another {edges}")  # fmt: skip
    yield advice("colour fringe", not quality.has_fringe, f"{quality.fringe_levels:.0f} levels of another colour",
                 "none", f"cut out the photograph again, with {name_parameter('colours', 'clean')}")  # fmt: skip
    yield advice("sharpness", not quality.is_enlarged, "unknown" if width is None else f"edges of {width:.1f} pixels",
                 "sharp", "start from a larger or sharper photograph: this one looks enlarged")  # fmt: skip
    yield advice("no watermark", not pale_marks, f"{pale_marks} pale marks in a row" if pale_marks else "none seen",
                 "none", "use the picture without a watermark, if it is that")  # fmt: skip

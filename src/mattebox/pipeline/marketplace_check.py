"""Checks an encoded file against a marketplace's listing rules.

The file is decoded again as a viewer would, so that JPEG compression counts.
"""

from __future__ import annotations

from mattebox.composition.marketplace.compliance import ComplianceReport, FileFacts, check_compliance
from mattebox.composition.marketplace.rules import find_rules
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.io import header_check
from mattebox.io.reader import read
from mattebox.types import Picture


def check_listing(
    data: bytes, marketplace: str, name: str = "the picture", max_pixels: int = MAX_INPUT_PIXELS
) -> ComplianceReport:
    """Check a file's bytes. UsageError for an unknown marketplace, InputError for what is not an image."""
    rules = find_rules(marketplace)
    header = header_check.read_header(data, name)
    picture = read(data, max_pixels=max_pixels, name=name)
    return check_compliance(picture, rules, FileFacts(header.format, len(data), header.frames))


def check_picture(picture: Picture, marketplace: str) -> ComplianceReport:
    """Check a picture in memory: all but the rules for files. UsageError for an unknown marketplace."""
    return check_compliance(picture, find_rules(marketplace))


def broken_rules(report: ComplianceReport) -> tuple[str, ...]:
    """The rules that the file breaks, each with the measured and the required value; advice is left out."""
    failed = (f for f in report.findings if not f.passed and not f.advice)
    return tuple(f"{f.rule}: {f.measured} (wanted: {f.wanted})" for f in failed)

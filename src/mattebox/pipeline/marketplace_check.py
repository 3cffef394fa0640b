"""Checks an encoded file against a marketplace's listing rules.

The file is decoded again as a viewer would, so that JPEG compression counts.
"""

from __future__ import annotations

from mattebox.composition.marketplace.compliance import ComplianceReport, check_compliance
from mattebox.composition.marketplace.rules import find_rules
from mattebox.io import header_check
from mattebox.io.reader import read

NO_MARKETPLACE = "none"  # `check_for` of a picture that is for no marketplace


def check_listing(data: bytes, marketplace: str, name: str = "the picture") -> ComplianceReport:
    """Check a file's bytes. UsageError for an unknown marketplace, InputError for what is no picture."""
    rules = find_rules(marketplace)
    return check_compliance(read(data, name=name), header_check.read_header(data, name).format, len(data), rules)


def broken_rules(report: ComplianceReport) -> tuple[str, ...]:
    """The rules that the file breaks, each with the measured and the required value; advice is left out."""
    failed = (f for f in report.findings if not f.passed and not f.advice)
    return tuple(f"{f.rule}: {f.measured} (wanted: {f.wanted})" for f in failed)

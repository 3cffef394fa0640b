"""A file that is to be a listing, held against a marketplace's rules as its viewers will decode it.

The part of the corridor between the doors and `compose.commerce`: what was written is read again, so that the coding of
a JPEG counts. Knows nothing of how the file came about.
"""

from __future__ import annotations

from mattebox.composition.marketplace.compliance import ComplianceReport, check_compliance
from mattebox.composition.marketplace.rules import find_rules
from mattebox.io import header_check
from mattebox.io.reader import read

NO_MARKETPLACE = "none"  # the marketplace of a picture that is for none


def check_listing(data: bytes, marketplace: str, name: str = "the picture") -> ComplianceReport:
    """The verdict on a file's bytes. UsageError for an unknown marketplace, InputError for what is no picture."""
    rules = find_rules(marketplace)
    return check_compliance(read(data, name=name), header_check.read_header(data, name).format, len(data), rules)


def broken_rules(verdict: ComplianceReport) -> tuple[str, ...]:
    """The rules that are broken, each with what was measured and wanted; advice is left out."""
    failed = (f for f in verdict.findings if not f.passed and not f.advice)
    return tuple(f"{f.rule}: {f.measured} (wanted: {f.wanted})" for f in failed)

"""A file that is to be a listing, held against a marketplace's rules as its viewers will decode it.

The part of the corridor between the doors and `compose.commerce`: what was written is read again, so that the coding of
a JPEG counts. Knows nothing of how the file came about.
"""

from __future__ import annotations

from mattebox.composition.marketplace.rules import find_rules
from mattebox.composition.marketplace.verdict import Verdict, judge
from mattebox.io import header_check
from mattebox.io.reader import read

NONE = "none"  # the marketplace of a picture that is for none


def held(data: bytes, market: str, name: str = "the picture") -> Verdict:
    """The verdict on a file's bytes. UsageError for an unknown marketplace, InputError for what is no picture."""
    rules = find_rules(market)
    return judge(read(data, name=name), header_check.sniff(data, name).format, len(data), rules)


def broken(verdict: Verdict) -> tuple[str, ...]:
    """The rules that are broken, each with what was measured and wanted; advice is left out."""
    failed = (f for f in verdict.findings if not f.passed and not f.advice)
    return tuple(f"{f.rule}: {f.measured} (wanted: {f.wanted})" for f in failed)

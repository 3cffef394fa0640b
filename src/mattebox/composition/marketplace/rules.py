"""Marketplaces' rules for pictures, as data: one TOML file each, with its source and the day it was read.

Knows how rules are written and found, not how a picture is measured.
"""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from mattebox.errors import UsageError

RULES_FOLDER = Path(__file__).parent / "rules"


class RuleSource(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a rule is written, and when it was read there; `note` where it was not read first-hand."""

    address: str
    read: str
    note: str = ""


class MarketplaceRules(Struct, frozen=True, forbid_unknown_fields=True):
    """What a marketplace asks of a picture; what it does not ask is None or empty.

    Sides in pixels, shares 0..1, `most_bytes` of the file. `advice` holds the fields that are recommended rather than
    required: a picture passes without them, and is told.
    """

    name: str
    title: str
    sources: tuple[RuleSource, ...]
    formats: tuple[str, ...]
    longer_least: int | None = None
    longer_most: int | None = None
    shorter_least: int | None = None
    pixels_most: int | None = None
    most_bytes: int | None = None
    aspect: str | None = None
    white: bool = False
    fill_least: float | None = None
    fill_most: float | None = None
    eight_bit: bool = False
    srgb: bool = False
    opaque: bool = False
    border_free: bool = False
    text_free: bool = False
    advice: tuple[str, ...] = ()


@cache
def load_marketplaces() -> dict[str, MarketplaceRules]:
    """All marketplaces by name."""
    found = (msgspec.toml.decode(p.read_bytes(), type=MarketplaceRules) for p in sorted(RULES_FOLDER.glob("*.toml")))
    return {rules.name: rules for rules in found}


def find_rules(name: str) -> MarketplaceRules:
    """The marketplace of that name. UsageError with the nearest."""
    known = load_marketplaces()
    if name.lower() in known:
        return known[name.lower()]
    near = difflib.get_close_matches(name.lower(), known, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise UsageError(f"there are no rules for {name!r}", f"{hint}choose one of: {', '.join(known)}")

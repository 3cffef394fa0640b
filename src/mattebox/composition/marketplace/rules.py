"""Marketplaces' rules for pictures, as data: one TOML file each, with its sources and the day they were read."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from mattebox.core.struct_types import build_type_info
from mattebox.core.suggestions import suggest_name
from mattebox.errors import UsageError

RULES_FOLDER = Path(__file__).parent / "rules"
NO_MARKETPLACE = "none"  # `check_for` of a picture that is for no marketplace


class RuleSource(Struct, frozen=True, forbid_unknown_fields=True):
    """Where rules are published, and when they were read; `note` where they were not read first-hand."""

    address: str
    read: str
    note: str = ""


class MarketplaceRules(Struct, frozen=True, forbid_unknown_fields=True):
    """A marketplace's rules; None or empty for what it does not require.

    Sides are in pixels, `fill_least` and `fill_most` shares 0..1, `most_bytes` of the file. `advice` names the rules
    that are recommended rather than required: they are reported, but do not fail a picture.
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
    """All marketplaces, by name."""
    build_type_info(MarketplaceRules)
    files = sorted(RULES_FOLDER.glob("*.toml"))
    marketplaces = (msgspec.toml.decode(path.read_bytes(), type=MarketplaceRules) for path in files)
    return {rules.name: rules for rules in marketplaces}


def find_rules(name: str) -> MarketplaceRules:
    """The rules of a marketplace, in any case. UsageError with the nearest name."""
    known = load_marketplaces()
    if name.lower() in known:
        return known[name.lower()]
    raise UsageError(
        f"there are no rules for {name!r}", suggest_name(name, known, f"choose one of: {', '.join(known)}")
    )

"""Boolean values in text, as environment variables, forms and query strings carry them."""

from __future__ import annotations


def parse_boolean(text: str) -> bool | None:
    """True for "true" or "1", False for "false" or "0", in any case; None for anything else."""
    return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())

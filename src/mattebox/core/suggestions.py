"""Suggestions for misspelt names: the same words wherever a name is unknown."""

from __future__ import annotations

from collections.abc import Iterable

MIN_SIMILARITY = 0.6  # of difflib's ratio, 0 to 1


def similar_names(name: str, known: Iterable[str], count: int = 1, min_similarity: float = MIN_SIMILARITY) -> list[str]:
    """The names most similar to one that is unknown, the most similar first; case does not matter."""
    import difflib

    by_lower_case = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), by_lower_case, count, min_similarity)
    return [by_lower_case[match] for match in found]


def suggest_names(names: Iterable[str]) -> str:
    """The question "did you mean ...?"; "" without names."""
    listing = " or ".join(names)
    return f"did you mean {listing}?" if listing else ""


def suggest_name(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The remedy for an unknown name: "did you mean ...?", and what else can be done."""
    question = suggest_names(similar_names(name, known))
    return " ".join(part for part in (question, otherwise) if part)

"""Suggestions for misspelt names: the same words wherever a name is unknown."""

from __future__ import annotations

from collections.abc import Iterable

MIN_SIMILARITY = 0.6  # of difflib's ratio, 0 to 1


def similar_names(name: str, known: Iterable[str], count: int = 1, min_similarity: float = MIN_SIMILARITY) -> list[str]:
    """The names most similar to one that is unknown, the most similar first; case does not matter."""
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    return [by_lower_case[match] for match in _find_nearest(name.lower(), by_lower_case, count, min_similarity)]


def _find_nearest(name: str, candidates: Iterable[str], count: int, min_similarity: float) -> list[str]:
    """What difflib.get_close_matches finds; only those are compared that can still be among the nearest."""
    import difflib

    matcher = difflib.SequenceMatcher()
    matcher.set_seq2(name)
    bounds = []
    for candidate in candidates:
        if _bound_similarity(name, candidate) >= min_similarity:
            matcher.set_seq1(candidate)
            bounds.append((matcher.quick_ratio(), candidate))
    nearest: list[tuple[float, str]] = []
    for bound, candidate in sorted(bounds, reverse=True):
        if bound < (nearest[-1][0] if len(nearest) == count else min_similarity):
            break
        matcher.set_seq1(candidate)
        ratio = matcher.ratio()
        if ratio >= min_similarity:
            nearest = sorted([*nearest, (ratio, candidate)], reverse=True)[:count]
    return [candidate for _, candidate in nearest]


def _bound_similarity(first: str, second: str) -> float:
    """What difflib's ratio is at most, by the letters that only one of the two has."""
    letters, others = set(first), set(second)
    matches = min(len(first) - len(letters - others), len(second) - len(others - letters))
    return 2 * matches / max(len(first) + len(second), 1)


def suggest_names(names: Iterable[str]) -> str:
    """The question "did you mean ...?"; "" without names."""
    listing = " or ".join(names)
    return f"did you mean {listing}?" if listing else ""


def suggest_name(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The remedy for an unknown name: "did you mean ...?", and what else can be done."""
    question = suggest_names(similar_names(name, known))
    return " ".join(part for part in (question, otherwise) if part)

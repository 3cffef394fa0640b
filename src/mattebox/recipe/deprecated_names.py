"""Old names of recipe fields and of their words, accepted for one release with a DeprecationWarning.

The two tables are the only place that names them, for recipe files, Python, HTTP and the command line.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from typing import Any

RENAMED_FIELDS: dict[str, dict[str, str]] = {"save": {"depth": "bit_depth"}}  # step: old field, new field
RENAMED_WORDS: dict[tuple[str, str], dict[str, str]] = {  # step and field: old word, new word
    ("cut", "edges"): {"refined": "colour", "fine": "network", "plain": "none"}
}


class DeprecatedNameWarning(DeprecationWarning):
    """An old name or word that the next release will refuse."""


def replace_deprecated_steps(recipe: Any) -> Any:
    """A decoded, not yet validated recipe with today's names and words; anything else as it is."""
    if not isinstance(recipe, dict) or not isinstance(recipe.get("steps"), list):
        return recipe
    return recipe | {"steps": [_replace_in_step(step) if isinstance(step, dict) else step for step in recipe["steps"]]}


def current_field(step: str, field: str) -> str:
    """Today's name of a step's field."""
    name = RENAMED_FIELDS.get(step, {}).get(field, field)
    if name != field:
        _warn(f"{field} is deprecated and will be removed in the next release; use {name}")
    return name


def current_words(step: str, fields: Mapping[str, Any]) -> dict[str, str]:
    """Today's words of those fields of a step whose values are old ones."""
    current: dict[str, str] = {}
    for (of_step, field), words in RENAMED_WORDS.items():
        value = fields.get(field)
        if of_step == step and isinstance(value, str) and value in words:
            _warn(f'{field} "{value}" is deprecated and will be removed in the next release; use "{words[value]}"')
            current[field] = words[value]
    return current


def _replace_in_step(fields: Mapping[str, Any]) -> dict[str, Any]:
    step, renamed = str(fields.get("step")), {}
    for field, value in fields.items():
        is_ambiguous = RENAMED_FIELDS.get(step, {}).get(field) in fields  # both names: validation refuses the old one
        renamed[field if is_ambiguous else current_field(step, field)] = value
    return renamed | current_words(step, renamed)


def _warn(message: str) -> None:
    """Warn about the line of the caller outside mattebox."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("mattebox"):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, DeprecatedNameWarning, stacklevel=level)

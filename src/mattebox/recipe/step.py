"""`Step`, the base of all steps: a frozen struct with a default for every field."""

from __future__ import annotations

import math
from typing import Any

from msgspec import Struct, StructMeta
from msgspec.structs import force_setattr

from mattebox.errors import UsageError
from mattebox.recipe.deprecated_names import current_field, current_words


class StepMeta(StructMeta):
    """Type of the steps, which accepts the old names of fields where a step is made."""

    def __call__(self, *args: Any, **fields: Any) -> Any:
        return super().__call__(*args, **{current_field(self.__name__.lower(), f): v for f, v in fields.items()})


class Step(Struct, frozen=True, tag=str.lower, tag_field="step", forbid_unknown_fields=True, metaclass=StepMeta):
    """Base of all steps."""

    def __post_init__(self) -> None:
        for field, word in current_words(self.tag(), {f: getattr(self, f) for f in self.__struct_fields__}).items():
            force_setattr(self, field, word)

    @classmethod
    def tag(cls) -> str:
        """The step's name in recipes."""
        return cls.__name__.lower()


def require_finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise UsageError(f"{name} is {value}", "give a number")

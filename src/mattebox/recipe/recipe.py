"""A recipe: the steps done to a photograph, in order."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TypeVar, get_args

import msgspec
from msgspec import Struct

from mattebox.errors import UsageError
from mattebox.recipe.steps import STEP_ORDER, AnyStep, CompositionStep, Cut, Save, Step

S = TypeVar("S", bound=Step)


class Recipe(Struct, frozen=True, forbid_unknown_fields=True):
    """What is done to a photograph, in order. `title` says in a few words what for."""

    steps: tuple[AnyStep, ...]
    title: str = ""

    def __post_init__(self) -> None:
        types = [type(s) for s in self.steps]
        if not types:
            raise UsageError("the recipe has no steps", "add at least one, such as cut")
        if len(set(types)) < len(types):
            raise UsageError("the recipe has the same step twice", "merge the two")
        for before, after in pairwise(types):
            if STEP_ORDER.index(after) < STEP_ORDER.index(before):
                raise UsageError(f"{before.tag()} comes before {after.tag()}", f"put {after.tag()} first")
        if self.cut_step and self.cut_step.output == "matte" and self.has_composition:
            composition = next(t for t in types if issubclass(t, get_args(CompositionStep)))
            raise UsageError(f"a matte has no {composition.tag()}", 'leave it out or ask for output = "cutout"')

    @property
    def cut_step(self) -> Cut | None:
        """The step that cuts, if the recipe has it."""
        return self.find_step(Cut)

    @property
    def required_model(self) -> str | None:
        """The model that its cut needs, if it needs one."""
        return self.cut_step.required_model if self.cut_step else None

    @property
    def has_composition(self) -> bool:
        """Whether anything is done to the picture after the cut."""
        return any(isinstance(s, CompositionStep) for s in self.steps)

    @property
    def save_step(self) -> Save:
        """How the file is written: the recipe's own step or its defaults."""
        return self.find_step(Save) or Save()

    def find_step(self, step_type: type[S]) -> S | None:
        """The step of that type, if the recipe has it."""
        return next((s for s in self.steps if isinstance(s, step_type)), None)

    def without_step(self, step_type: type[Step]) -> Recipe:
        """The recipe without the step of that type."""
        return msgspec.structs.replace(self, steps=tuple(s for s in self.steps if not isinstance(s, step_type)))

    def to_json(self) -> bytes:
        """As JSON, every field of each step."""
        return msgspec.json.format(msgspec.json.encode(self))

    def to_toml(self) -> str:
        """As a recipe file: each step with the fields that differ from their defaults."""
        lines = [f"title = {json.dumps(self.title, ensure_ascii=False)}"] if self.title else []
        for step in self.steps:
            lines += ["", "[[steps]]", f'step = "{step.tag()}"', *_changed_fields(step)]
        return "\n".join(lines).lstrip("\n") + "\n"


def _changed_fields(step: Step) -> list[str]:
    defaults = type(step)()
    values = {f: getattr(step, f) for f in step.__struct_fields__}
    return [f"{f} = {json.dumps(v, ensure_ascii=False)}" for f, v in values.items() if v != getattr(defaults, f)]

"""All steps' fields under flat names, as the command line's flags, `mb.cut(...)` and forms have them.

Derived from the recipe's classes; only where a name reads better otherwise, or as a switch, does this file say so.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from mattebox.errors import UsageError
from mattebox.recipe.deprecated_names import RENAMED_FIELDS, current_field, current_word
from mattebox.recipe.recipe import (
    STEP_ORDER,
    Background,
    Balance,
    Colour,
    Cut,
    Faces,
    Frame,
    Light,
    Outline,
    Recipe,
    Restore,
    Shadow,
    Sharpen,
    Step,
    Style,
    Upscale,
)

FLAT_NAMES: dict[tuple[type[Step], str], str] = {
    (Restore, "amount"): "restore",
    **{(Restore, name): f"restore_{name}" for name in ("model", "effort")},
    (Upscale, "to"): "upscale",
    **{(Upscale, name): f"upscale_{name}" for name in ("model", "detail", "denoise", "effort")},
    (Faces, "strength"): "faces",
    **{(Faces, name): f"faces_{name}" for name in ("model", "finder")},
    (Balance, "white"): "balance",
    **{(Balance, name): f"balance_{name}" for name in ("strength", "only")},
    **{(Light, name): f"light_{name}" for name in ("strength", "only")},
    (Colour, "only"): "colour_only",
    (Style, "picture"): "style",
    **{(Style, name): f"style_{name}" for name in ("method", "strength", "only")},
    (Sharpen, "amount"): "sharpen",
    **{(Sharpen, name): f"sharpen_{name}" for name in ("radius", "threshold", "halo", "only")},
    (Outline, "width"): "outline",
    (Outline, "colour"): "outline_colour",
    (Shadow, "kind"): "shadow",
    **{(Shadow, name): f"shadow_{name}" for name in ("opacity", "softness", "angle", "length", "colour")},
    (Background, "paint"): "background",
    (Background, "fit"): "background_fit",
    (Background, "align"): "background_align",
}
SWITCHES: dict[tuple[type[Step], str], tuple[str, str, str]] = {  # name, value when on, what it does
    (Cut, "output"): ("matte_only", "matte", "write the matte as a grey picture instead of the cutout"),
    (Frame, "crop"): ("crop", "subject", "crop to the subject's box, then add the margin"),
}


class Parameter(NamedTuple):
    """One field of a step under its flat name; `switch_value` is the value it takes when on, for those that are switches."""

    name: str
    step: type[Step]
    field: msgspec.structs.FieldInfo
    help: str
    switch_value: str | None


@cache
def parameters_by_name() -> MappingProxyType[str, Parameter]:
    """Every parameter by its flat name, in the order of the steps."""
    found = (_build_parameter(step, field) for step in STEP_ORDER for field in msgspec.structs.fields(step))
    return MappingProxyType({p.name: p for p in found})


@cache
def deprecated_parameters() -> MappingProxyType[str, Parameter]:
    """The parameters that have an old flat name, by that name."""
    current = {(p.step.__name__.lower(), p.field.name): p for p in parameters_by_name().values()}
    renamed = ((old, current[step, new]) for step, names in RENAMED_FIELDS.items() for old, new in names.items())
    return MappingProxyType({p.name.replace(p.field.name, old): p for old, p in renamed})


def build_recipe(values: Mapping[str, Any], base: Recipe | None = None) -> Recipe:
    """The recipe that flat values describe: the cut, and each other step that has a value of its own.

    With a `base`, its steps with those values changed. UsageError for a name that is none, or a value of the wrong
    kind.
    """
    known = parameters_by_name()
    given: dict[type[Step], dict[str, Any]] = {type(s): msgspec.structs.asdict(s) for s in base.steps} if base else {}
    for name, value in _replace_deprecated_names(values).items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise UsageError(
                f"there is no parameter {name!r}", f"did you mean {near[0]!r}?" if near else "see the help"
            )
        place = known[name]
        if place.switch_value is not None:
            value = place.switch_value if value else place.field.default
        given.setdefault(place.step, {})[place.field.name] = value
    steps = [_convert_step(step, given.get(step, {})) for step in STEP_ORDER]
    kept = {type(s) for s in base.steps} if base else {Cut}
    return Recipe(tuple(s for s in steps if type(s) in kept or s != type(s)()), base.title if base else "")


def limit_to_area(recipe: Recipe, area: str) -> Recipe:
    """The recipe with all its steps that can be told where done to the `subject`, the `background`, or `all`.

    UsageError when none of them can be.
    """
    able = {
        p.name for p in parameters_by_name().values() if p.field.name == "only" and recipe.find_step(p.step) is not None
    }
    if not able:
        raise UsageError(f"only {area} has nothing to do it to", "give light auto, sharpen 80 or the like")
    return build_recipe(dict.fromkeys(able, area), recipe)


def stringify_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Python's numbers and paths as a recipe, which is text, has them: size=1600, background=Path("beach.jpg")."""
    known = parameters_by_name()
    return {
        n: _stringify(value) if n in known and _is_string_parameter(known[n]) else value for n, value in values.items()
    }


def _is_string_parameter(parameter: Parameter) -> bool:
    return parameter.switch_value is None and isinstance(base_type(parameter), msgspec.inspect.StrType)


def _stringify(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _replace_deprecated_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values under today's names, with a DeprecationWarning for each old one."""
    old, current = deprecated_parameters(), {}
    for name, value in values.items():
        parameter = old.get(name)
        if parameter is not None:
            current_field(parameter.step.__name__.lower(), name)
        current[parameter.name if parameter else name] = value
    return current


def _convert_step(step: type[Step], fields: dict[str, Any]) -> Step:
    tag = step.__name__.lower()
    fields = {name: current_word(tag, name, value) for name, value in fields.items()}
    try:
        made: Step = msgspec.convert(fields | {"step": tag}, step)
    except msgspec.ValidationError as error:
        raise _validation_error(step, str(error)) from error
    return made


def _validation_error(step: type[Step], problem: str) -> UsageError:
    """In the parameter's own name, with what it is for as the remedy."""
    what, _, place = problem.partition(" - at `$.")
    at = next((p for p in parameters_by_name().values() if p.step is step and p.field.name == place.rstrip("`")), None)
    if at is None:
        return UsageError(f"{step.__name__.lower()}: {problem}", "see the help for what it may be")
    choice = allowed_words(at)
    wanted = f"choose {', '.join(choice)}; " if choice else ""
    return UsageError(f"{at.name}: {what[:1].lower()}{what[1:]}", wanted + (at.help or "see the help"))


def allowed_words(parameter: Parameter) -> tuple[str, ...]:
    """The words a parameter may be, where it is one of a few."""
    info = base_type(parameter)
    return tuple(map(str, info.values)) if isinstance(info, msgspec.inspect.LiteralType) else ()


def base_type(parameter: Parameter) -> msgspec.inspect.Type:
    """A parameter's type without its description."""
    info = msgspec.inspect.type_info(parameter.field.type)
    return info.type if isinstance(info, msgspec.inspect.Metadata) else info


def _build_parameter(step: type[Step], field: msgspec.structs.FieldInfo) -> Parameter:
    if (step, field.name) in SWITCHES:
        name, value, what = SWITCHES[step, field.name]
        return Parameter(name, step, field, what, value)
    info = msgspec.inspect.type_info(field.type)
    text = str((info.extra_json_schema or {}).get("description", "")) if hasattr(info, "extra_json_schema") else ""
    return Parameter(FLAT_NAMES.get((step, field.name), field.name), step, field, text, None)

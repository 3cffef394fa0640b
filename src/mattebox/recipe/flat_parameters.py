"""All steps' fields under flat names, as the command line's flags, `mb.cut(...)` and forms have them.

A field's flat name is its own unless the field declares another (`field_types.flat`, `field_types.switch`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from msgspec.inspect import Metadata

from mattebox.core.interface import name_parameter
from mattebox.core.suggestions import suggest_name
from mattebox.errors import UsageError
from mattebox.recipe.conversion import convert
from mattebox.recipe.deprecated_names import RENAMED_FIELDS, RENAMED_WORDS, current_field, current_words
from mattebox.recipe.field_types import FLAT_NAME, SWITCH_HELP, SWITCH_VALUE
from mattebox.recipe.foreign_names import describe_foreign_name
from mattebox.recipe.natural_values import natural_text
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import STEP_ORDER, Anonymise, AnyStep, Cut, Faces, Heal, Restore, Scene, Step, Upscale
from mattebox.recipe.validation_wording import describe_problem

AREA_HELP = "the area to change; what works on the whole photograph (noise, faces, upscaling) is left out"
WHOLE_PICTURE_STEPS: tuple[type[Step], ...] = (Anonymise, Heal, Restore, Faces, Upscale)


class Parameter(NamedTuple):
    """One field of a step under its flat name. A switch has a `switch_value`, which the field takes when it is on."""

    name: str
    step: type[Step]
    field: msgspec.structs.FieldInfo
    help: str
    switch_value: str | None

    @property
    def default(self) -> Any:
        """The default of the flat value: a switch is off."""
        return self.field.default if self.switch_value is None else False

    @property
    def deprecated_words(self) -> tuple[str, ...]:
        """Old words that are still accepted."""
        return tuple(RENAMED_WORDS.get((self.step.tag(), self.field.name), {}))


@cache
def parameters_by_name() -> MappingProxyType[str, Parameter]:
    """Every parameter by its flat name, in the order of the steps."""
    parameters = (_build_parameter(step, field) for step in STEP_ORDER for field in msgspec.structs.fields(step))
    return MappingProxyType({p.name: p for p in parameters})


@cache
def deprecated_parameters() -> MappingProxyType[str, Parameter]:
    """The parameters that have an old flat name, by that name."""
    current = {(p.step.tag(), p.field.name): p for p in parameters_by_name().values()}
    renamed = ((old, current[step, new]) for step, names in RENAMED_FIELDS.items() for old, new in names.items())
    return MappingProxyType({p.name.replace(p.field.name, old): p for old, p in renamed})


def build_recipe(values: Mapping[str, Any], base: Recipe | None = None) -> Recipe:
    """Build the recipe that flat values describe.

    Parameters
    ----------
    values
        Values by flat name.
    base
        The recipe that they change. Without it they change a recipe that only cuts.

    Returns
    -------
    Recipe
        The steps of the base, and each other step with a value that is not its default.

    Raises
    ------
    UsageError
        A name is unknown, a value is of the wrong kind, or the steps do not go together.
    """
    fields: dict[type[Step], dict[str, Any]] = {type(s): msgspec.structs.asdict(s) for s in base.steps} if base else {}
    for name, value in _replace_deprecated_names(values).items():
        parameter = _find_parameter(name)
        if parameter.switch_value is not None:
            value = parameter.switch_value if value else parameter.field.default
        fields.setdefault(parameter.step, {})[parameter.field.name] = value
    _keep_given_defaults(fields, values)
    steps = [_convert_step(step, fields.get(step, {})) for step in STEP_ORDER]
    base_types = {type(s) for s in base.steps} if base else {Cut}
    return Recipe(tuple(s for s in steps if type(s) in base_types or s != type(s)()), base.title if base else "")


def _keep_given_defaults(fields: dict[type[Step], dict[str, Any]], values: Mapping[str, Any]) -> None:
    """Name the parameters that were given their defaults to the scene, which would take them for not given."""
    scene = fields.get(Scene, {})
    if scene.get("kind", "none") == "none":
        return
    known = parameters_by_name()
    given = (known[name] for name in values if name in known and known[name].step is not Scene)
    names = {p.name for p in given if fields[p.step][p.field.name] == p.field.default}
    kept = str(scene.get("keep", "none")).replace("none", "").split()
    scene["keep"] = " ".join(sorted({*kept, *names})) or "none"


def limit_to_area(recipe: Recipe, area: str, stated_names: Collection[str] = ()) -> Recipe:
    """Limit all steps of a recipe that have a field `only` to the `subject` or `background`, or lift that with `all`.

    Steps that work on the whole photograph are left out for an area. UsageError when `stated_names`, the parameters
    that the user gave, ask for one of them, and when no step can be limited.
    """
    if area != "all":
        known = parameters_by_name()
        for name in sorted(n for n in stated_names if n in known and known[n].step in WHOLE_PICTURE_STEPS):
            step = recipe.find_step(known[name].step)
            if step is not None and getattr(step, known[name].field.name) not in ("none", 0):
                raise UsageError(
                    f"{name_parameter('only', area)}: {name_parameter(name)} works on the whole photograph",
                    f"do that in a run of its own, or limit single steps, such as {name_parameter('light_only', area)}",
                )
        recipe = Recipe(tuple(s for s in recipe.steps if not isinstance(s, WHOLE_PICTURE_STEPS)))
    names = {
        p.name for p in parameters_by_name().values() if p.field.name == "only" and recipe.find_step(p.step) is not None
    }
    if not names:
        raise UsageError(
            f"only {area}: there is no step that can be limited to an area",
            "add one that can, such as light auto or sharpen 80",
        )
    return build_recipe(dict.fromkeys(names, area), recipe)


def stringify_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with Python's numbers, sequences and paths as the text that recipes hold (see `natural_values`).

    None is the default. UsageError for a sequence that makes no sense, and for a switch that is neither True nor False.
    """
    known = parameters_by_name()
    return {
        n: _stringify(known[n], value) if n in known else value
        for n, value in values.items()
        if value is not None or n not in known
    }


def allowed_words(parameter: Parameter) -> tuple[str, ...]:
    """The words a parameter may be, where it is one of a few."""
    info = base_type(parameter)
    return tuple(map(str, info.values)) if isinstance(info, msgspec.inspect.LiteralType) else ()


def base_type(parameter: Parameter) -> msgspec.inspect.Type:
    """A parameter's type without its description."""
    info = msgspec.inspect.type_info(parameter.field.type)
    return info.type if isinstance(info, Metadata) else info


def _is_string_parameter(parameter: Parameter) -> bool:
    return parameter.switch_value is None and isinstance(base_type(parameter), msgspec.inspect.StrType)


def _stringify(parameter: Parameter, value: Any) -> Any:
    if _is_string_parameter(parameter):
        return natural_text(parameter.name, value, parameter.help)
    value = value.item() if hasattr(value, "item") else value  # NumPy's numbers
    if parameter.switch_value is not None and not isinstance(value, bool):
        raise UsageError(f"{parameter.name}: {value!r} is neither True nor False", "give one of them")
    return value


def _find_parameter(name: str) -> Parameter:
    known = parameters_by_name()
    if name not in known:
        remedy = describe_foreign_name(name) or suggest_name(name, known)
        raise UsageError(f"there is no parameter {name!r}", remedy or "see the help")
    return known[name]


def _replace_deprecated_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values under today's names, with a DeprecationWarning for each old one."""
    old, current = deprecated_parameters(), {}
    for name, value in values.items():
        parameter = old.get(name)
        if parameter is not None:
            current_field(parameter.step.tag(), name)
        current[parameter.name if parameter else name] = value
    return current


def _convert_step(step_type: type[Step], fields: dict[str, Any]) -> AnyStep:
    if not fields:
        return step_type()  # type: ignore[return-value]  # every step is one of AnyStep
    tag = step_type.tag()
    try:
        step: AnyStep = convert({**fields, **current_words(tag, fields), "step": tag}, AnyStep)
    except msgspec.ValidationError as error:
        raise _validation_error(step_type, fields, str(error)) from error
    return step


def _validation_error(step: type[Step], fields: Mapping[str, Any], message: str) -> UsageError:
    """The error under the parameter's flat name, with its help as the remedy."""
    problem, _, path = message.partition(" - at `$.")
    at = next((p for p in parameters_by_name().values() if p.step is step and p.field.name == path.rstrip("`")), None)
    if at is None:
        return UsageError(f"{step.tag()}: {describe_problem(message)}", "see the help for what it may be")
    value = fields.get(at.field.name)
    if isinstance(value, float) and math.isnan(value):  # msgspec says that it breaks the first limit
        problem = "it must be a number, not nan"
    words = allowed_words(at)
    choice = f"choose {', '.join(words)}; " if words else ""
    return UsageError(f"{at.name}: {describe_problem(problem)}", choice + (at.help or "see the help"))


def _build_parameter(step: type[Step], field: msgspec.structs.FieldInfo) -> Parameter:
    info = msgspec.inspect.type_info(field.type)
    extra, schema = (info.extra or {}, info.extra_json_schema or {}) if isinstance(info, Metadata) else ({}, {})
    text = extra.get(SWITCH_HELP) or schema.get("description", "")
    return Parameter(extra.get(FLAT_NAME, field.name), step, field, text, extra.get(SWITCH_VALUE))

"""Parameters of recipes in the signatures and docstrings of the functions that take them, as `help` shows them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from textwrap import indent, wrap
from typing import Any, TypeVar

from mattebox.recipe.flat_parameters import Parameter, parameters_by_name
from mattebox.recipe.presets import ENHANCE_STEPS

PLACEHOLDER = "{parameters}"
WIDTH_CHARACTERS = 100

F = TypeVar("F", bound=Callable[..., Any])


def document_parameters(typed_dict: type, left_out: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Put the parameters of a TypedDict into a function's signature, and their help in place of `{parameters}`."""

    def decorate(function: F) -> F:
        types = _type_texts(typed_dict)
        known = {p.name: p for p in _ordered_parameters() if p.name in types and p.name not in left_out}
        text = "\n".join(_describe(p, types[name]) for name, p in known.items())
        function.__doc__ = (function.__doc__ or "").replace(PLACEHOLDER, indent(text, " " * 4).lstrip())
        function.__signature__ = _extend_signature(function, known, types)  # type: ignore[attr-defined]
        return function

    return decorate


def _ordered_parameters() -> list[Parameter]:
    """Cutting and composing first, then what `enhance` has, too."""
    return sorted(parameters_by_name().values(), key=lambda parameter: parameter.step in ENHANCE_STEPS)


def _extend_signature(function: Callable[..., Any], known: dict[str, Parameter], types: dict[str, str]) -> Any:
    signature = inspect.signature(function)
    stated = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=p.default, annotation=types[name])
        for name, p in known.items()
    ]
    return signature.replace(parameters=[*stated, *more])


def _type_texts(typed_dict: type) -> dict[str, str]:
    """The types of a TypedDict's fields, as they are written."""
    return {name: getattr(a, "__forward_arg__", str(a)) for name, a in typed_dict.__annotations__.items()}


def _describe(parameter: Parameter, type_text: str) -> str:
    """A parameter in the style of NumPy's docstrings."""
    lines = wrap(f"{parameter.help}.", WIDTH_CHARACTERS, break_on_hyphens=False)
    return f"{parameter.name} : {type_text}, default {parameter.default!r}\n{indent(chr(10).join(lines), ' ' * 4)}"

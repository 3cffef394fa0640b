"""Values of request fields: numbers, booleans and text from the strings of forms and query strings."""

from __future__ import annotations

from typing import Any

import msgspec

from mattebox.recipe.flat_parameters import base_type, parameters_by_name
from mattebox.server.booleans import parse_boolean
from mattebox.server.http.problems import Problem


def parse_flat_parameters(fields: dict[str, Any]) -> dict[str, Any]:
    """Convert fields to the types of the flat parameters; other fields stay as they are.

    Raises
    ------
    Problem
        422 when a value is not of its parameter's type.
    """
    parameters, values = parameters_by_name(), {}
    for name, value in fields.items():
        if name in parameters and parameters[name].switch_value is not None and not isinstance(value, bool):
            value = _parse_switch(name, value)
        elif name in parameters and isinstance(value, str):
            plain_type = base_type(parameters[name])
            if isinstance(plain_type, msgspec.inspect.IntType):
                value = _parse_number(name, value, int)
            elif isinstance(plain_type, msgspec.inspect.FloatType):
                value = _parse_number(name, value, float)
        values[name] = value
    return values


def pop_text_field(fields: dict[str, Any], name: str) -> str | None:
    """Remove a text field and return it; None when it is absent or empty. Problem 422 when it is not text."""
    value = fields.pop(name, "")
    if isinstance(value, str):
        return value or None
    raise Problem(422, "invalid_parameter", f"{name} is not text", "send a string, or leave it out")


def pop_boolean_field(fields: dict[str, Any], name: str) -> bool:
    """Remove a field that is true or false, and return it; False when it is absent. Problem 422."""
    value = fields.pop(name, False)
    switch = parse_boolean(value) if isinstance(value, str) else value
    if not isinstance(switch, bool):
        raise Problem(422, "invalid_parameter", f"{name} must be true or false", "send true or false")
    return switch


def pop_count_field(fields: dict[str, Any], name: str) -> int | None:
    """Remove a field that is a positive whole number, and return it; None when it is absent or empty. Problem 422."""
    value = fields.pop(name, "")
    if value == "":
        return None
    count = _parse_number(name, value, int) if isinstance(value, str) else value
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise Problem(422, "invalid_parameter", f"{name} must be a whole number from 1", "send digits")
    return count


def _parse_switch(name: str, value: Any) -> bool:
    parsed = parse_boolean(value) if isinstance(value, str) else None
    if parsed is None:
        raise Problem(422, "invalid_parameter", f"{name} must be true or false", "send true or false")
    return parsed


def _parse_number(name: str, value: str, number_type: type[int] | type[float]) -> float:
    try:
        return number_type(value)
    except ValueError:
        expected = "whole number" if number_type is int else "number"
        raise Problem(422, "invalid_parameter", f"{name} must be a {expected}", "send digits") from None

"""What msgspec says of malformed data, in words for users."""

from __future__ import annotations

import re

TYPE_WORDS = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "array": "a list",
    "object": "named fields", "null": "nothing",
}  # fmt: skip


def describe_problem(message: str) -> str:
    """A message of `msgspec.ValidationError` in plain words, with the place in the data, if it names one."""
    problem, _, path = message.partition(" - at `")
    place = _describe_place(path.rstrip("`"))
    return f"{place}: {_describe_fault(problem)}" if place else _describe_fault(problem)


def _describe_fault(problem: str) -> str:
    if match := re.fullmatch(r"Expected `(int|float)` (<=|>=) (\S+)", problem):
        return f"it may be {'at most' if match[2] == '<=' else 'at least'} {float(match[3]):g}"
    if match := re.fullmatch(r"Expected `([\w| ]+)`, got `(\w+)`", problem):
        wanted = " or ".join(TYPE_WORDS.get(kind, kind) for kind in match[1].split(" | ") if kind != "null")
        return f"it should be {wanted}, not {TYPE_WORDS.get(match[2], match[2])}"
    if match := re.fullmatch(r"(?:Invalid enum value|Invalid value) (.+)", problem):
        return f"{match[1]} is not one of its values"
    if match := re.fullmatch(r"Object missing required field `(\w+)`", problem):
        return f"the field `{match[1]}` is missing"
    if match := re.fullmatch(r"Object contains unknown field `(\w+)`", problem):
        return f"there is no field `{match[1]}`"
    return f"{problem[:1].lower()}{problem[1:]}"


def _describe_place(path: str) -> str:
    """`$.steps[0].size` as "step 1, size"."""
    match = re.fullmatch(r"\$(?:\.steps\[(\d+)\])?\.?(.*)", path)
    if match is None:
        return path
    step = f"step {int(match[1]) + 1}" if match[1] else ""
    return ", ".join(part for part in (step, match[2]) if part)

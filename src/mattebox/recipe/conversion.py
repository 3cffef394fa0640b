"""Conversion of decoded data into recipes and steps."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from mattebox.core.struct_types import build_type_info
from mattebox.errors import MatteboxError, UsageError

MAX_DIGITS = 100  # of a number in a text, such as a size; more would be infinite, and Python refuses to read thousands
_LONG_NUMBER = re.compile(rf"[0-9]{{{MAX_DIGITS + 1}}}")


def convert(data: Any, kind: Any) -> Any:
    """`msgspec.convert`, but errors that the types raise themselves keep their own wording and remedy.

    Raises
    ------
    msgspec.ValidationError
        A step, field or value is unknown.
    UsageError
        As `__post_init__` of the types raise it; msgspec would wrap it, as it does every ValueError. Or a number has
        more than MAX_DIGITS digits.
    """
    _check_digits(data, "recipe")
    build_type_info(kind)
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, MatteboxError):
            raise error.__cause__ from None
        raise


def _check_digits(data: Any, name: str) -> None:
    """UsageError for numbers with too many digits in the texts of decoded data, under the name of their field."""
    unchecked = [(name, data)]  # not by recursion: data may be nested deeper than Python's stack
    while unchecked:
        name, value = unchecked.pop()
        if isinstance(value, str) and _LONG_NUMBER.search(value):
            raise UsageError(f"{name}: a number has more than {MAX_DIGITS} digits", "give one with fewer")
        if isinstance(value, dict):
            unchecked += [(str(key)[:40], part) for key, part in value.items()]
        elif isinstance(value, list | tuple):
            unchecked += [(name, part) for part in value]

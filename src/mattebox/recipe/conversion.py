"""Conversion of decoded data into recipes and steps."""

from __future__ import annotations

from typing import Any

import msgspec

from mattebox.core.struct_types import build_type_info
from mattebox.errors import MatteboxError


def convert(data: Any, kind: Any) -> Any:
    """`msgspec.convert`, but errors that the types raise themselves keep their own wording and remedy.

    Raises
    ------
    msgspec.ValidationError
        A step, field or value is unknown.
    UsageError
        As `__post_init__` of the types raise it; msgspec would wrap it, as it does every ValueError.
    """
    build_type_info(kind)
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, MatteboxError):
            raise error.__cause__ from None
        raise

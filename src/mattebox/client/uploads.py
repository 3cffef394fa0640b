"""Files of a request: the photograph, and pictures that parameters name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, BinaryIO

from mattebox.io.sources import read_bytes

UploadSource = str | os.PathLike[str] | bytes | BinaryIO

IMAGE_PARAMETERS = (
    "background",
    "style",
    "bokeh_depth",
    "distance_depth",
    "heal",
    "trimap",
    "garbage",
    "holdout",
    "core",
)  # parameters that may name a picture


def take_pictures(fields: dict[str, str]) -> dict[str, UploadSource]:
    """Remove the parameters that name files from a request's fields; their files, by the names of their fields."""
    return {f"{name}_image": fields.pop(name) for name in IMAGE_PARAMETERS if _is_file(fields.get(name))}


def read_uploads(source: UploadSource | None, images: Mapping[str, UploadSource] | None) -> dict[str, bytes]:
    """Contents of the photograph, as "image", and of further pictures by name. InputMissing, InputUnreadable."""
    pictures = {"image": source} if source is not None else {}
    return {name: read_bytes(content) for name, content in {**(images or {}), **pictures}.items()}


def _is_file(value: Any) -> bool:
    return isinstance(value, str | os.PathLike) and os.path.isfile(value)

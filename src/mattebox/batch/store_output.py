"""Writes results of a batch to object stores, and says what was written."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mattebox.errors import OutputExists
from mattebox.io.object_store import find_object, write_object
from mattebox.io.store_address import StoreAddress
from mattebox.io.writer import output_format, write
from mattebox.types import Picture


@dataclass(frozen=True)
class StoredResult:
    """The bytes of a result, and the version of the object that they became."""

    content: bytes
    version: str


def check_absent(target: StoreAddress) -> None:
    """OutputExists where there is such an object, before work is done in vain."""
    if find_object(target) is not None:
        raise OutputExists(f"{target}: already exists", "choose another output, or replace it with --overwrite")


def store_picture(picture: Picture, target: StoreAddress, *, overwrite: bool, **options: Any) -> StoredResult:
    """Encode a picture in the format of the target's suffix and write it; `options` as of `io.writer.write`.

    OutputError, also for formats without a place for Content Credentials where the result is signed.
    """
    kind = output_format(Path(target.name), options.pop("format", None))
    file = io.BytesIO()
    write(picture, file, format=kind.name, **options)
    content = file.getvalue()
    return StoredResult(content, write_object(target, content, overwrite=overwrite))

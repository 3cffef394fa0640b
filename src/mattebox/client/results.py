"""Results of a server: an encoded file and what was done."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mattebox.client.transport import ServerResponse
from mattebox.io.atomic_write import write_bytes

JsonObject = Mapping[str, Any]


@dataclass(frozen=True)
class ServerResult:
    """A result from a server.

    Attributes
    ----------
    content : bytes
        The encoded file.
    mime : str
        Its MIME type.
    width, height : int
        Its size in pixels.
    confidence : float or None
        Of the matte, 0 to 1; None when nothing was cut.
    box : (left, top, right, bottom) or None
        Of the subject, in pixels of the matte.
    details : mapping
        Everything that the server reports: `notes`, `model`, `seconds` by stage, ...
    """

    content: bytes
    mime: str
    width: int
    height: int
    confidence: float | None
    box: tuple[int, ...] | None
    details: JsonObject

    @property
    def found(self) -> bool | None:
        """Whether it is clear that there is a subject, else `notes` says so; None when nothing was cut."""
        return self.details.get("found")

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for the user."""
        return tuple(self.details.get("notes", ()))

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write the file, completely or not at all. OutputError."""
        write_bytes(Path(path), self.content, overwrite=overwrite)


def parse_result(response: ServerResponse) -> ServerResult:
    """The result in a response with a picture."""
    details = json.loads(response.headers["x-made"])
    box = details.get("box")
    return ServerResult(
        response.body, details["mime"], details["width"], details["height"], details.get("confidence"),
        None if box is None else tuple(box), details,
    )  # fmt: skip

"""Media types of the clips that the server makes, by format."""

from __future__ import annotations

MIME_BY_FORMAT = {
    "webm": "video/webm", "mp4": "video/mp4", "prores": "video/quicktime", "qtrle": "video/quicktime",
    "ffv1": "video/x-matroska",
}  # fmt: skip

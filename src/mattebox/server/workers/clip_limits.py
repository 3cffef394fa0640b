"""Limits of a clip's task in a worker: the bytes of its result, and its seconds."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mattebox.errors import InputTooLarge, OutputError
from mattebox.server.progress import IntervalReporter

if TYPE_CHECKING:
    from mattebox.types import OnProgress
    from mattebox.video.clip_result import ClipProgress


class LimitedFile(io.BytesIO):
    """A file in memory that refuses to grow beyond so many bytes. OutputError."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__()
        self._max_bytes = max_bytes

    def write(self, data: Any) -> int:
        """Write bytes."""
        if self.tell() + len(data) > self._max_bytes:
            raise OutputError(
                f"the result has more than {self._max_bytes} bytes", "choose webm or mp4, or send a shorter clip"
            )
        return super().write(data)


def limit_progress(max_seconds: float, on_progress: OnProgress) -> Callable[[ClipProgress], None]:
    """Reports the share that is done now and then, and ends a clip that is longer than the server takes."""
    report = IntervalReporter(on_progress)

    def update(progress: ClipProgress) -> None:
        if progress.seconds > max_seconds or (progress.total_seconds or 0) > max_seconds:
            raise InputTooLarge(f"the clip is longer than {max_seconds:g} s", "send a part of it, with from and until")
        if progress.total_seconds:
            report(min(progress.seconds / progress.total_seconds, 0.999))

    return update

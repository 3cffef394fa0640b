"""The progress line of a clip on a terminal: frames, place in the clip, rate, time left."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mattebox.video.clip_result import ClipProgress

INTERVAL_SECONDS = 0.2


class ClipProgressLine:
    """Rewrites one line on standard error, where that is a terminal."""

    def __init__(self, name: str) -> None:
        self._name, self._is_shown, self._last_update = name, sys.stderr.isatty(), 0.0

    def update(self, progress: ClipProgress) -> None:
        """Show how far the clip is."""
        now = time.monotonic()
        if not self._is_shown or now - self._last_update < INTERVAL_SECONDS:
            return
        self._last_update = now
        self._write(f"{self._name}: {describe_progress(progress)}")

    def clear(self) -> None:
        """Remove the line."""
        if self._is_shown:
            self._write("")

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{text}"[:200])
        sys.stderr.flush()


def describe_progress(progress: ClipProgress) -> str:
    """Frames, place, rate and time left as text."""
    text = f"frame {progress.frames}, {progress.seconds:.1f} s"
    if progress.total_seconds and progress.seconds > 0:
        share = min(progress.seconds / progress.total_seconds, 1.0)
        left = progress.frames / progress.rate * (1 - share) / share
        text += f" of {progress.total_seconds:.1f} s"
        return f"{text}, {progress.rate:.1f} frames a second, {left:.0f} s left"
    return f"{text}, {progress.rate:.1f} frames a second"

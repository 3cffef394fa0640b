"""The report of a clip: one line of JSON for each frame."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from mattebox.io.atomic_write import replacement_file
from mattebox.video.frame_cutout import CutFrame


def frame_fields(frame: CutFrame) -> dict[str, object]:
    """A frame as JSON data."""
    return {
        "frame": frame.index,
        "time": round(frame.time, 6),
        "origin": frame.origin,
        "scene_cut": frame.is_cut,
        "found": frame.matte.found,
        "confidence": round(frame.matte.confidence, 4),
        "box": list(frame.matte.box) if frame.matte.found else None,
    }


class FrameReport:
    """Writes the line of each frame to a text file."""

    def __init__(self, file: TextIO, source: str) -> None:
        self._file, self._source = file, source

    def add(self, frame: CutFrame) -> None:
        """Write a frame's line."""
        self._file.write(json.dumps({"input": self._source, **frame_fields(frame)}) + "\n")


@contextlib.contextmanager
def open_report(path: Path, source: str) -> Iterator[FrameReport]:
    """A report that gets its name when the clip is done; an earlier one is replaced. OutputError."""
    with replacement_file(path, overwrite=True) as temporary_path, temporary_path.open("w", encoding="utf-8") as file:
        yield FrameReport(file, source)

"""The report of a clip: one line of JSON for each frame."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Self, TextIO

import msgspec

from mattebox.io.atomic_write import replacement_file
from mattebox.types import Box
from mattebox.video.coarse_matte import MatteOrigin
from mattebox.video.frame_cutout import CutFrame


class FrameRow(msgspec.Struct, frozen=True):
    """What is reported of a frame."""

    frame: int
    time: float
    origin: MatteOrigin
    scene_cut: bool
    found: bool
    confidence: float
    box: Box | None

    @classmethod
    def of(cls, frame: CutFrame) -> Self:
        """The row of a frame."""
        matte = frame.matte
        return cls(
            frame.index,
            round(frame.time, 6),
            frame.origin,
            frame.is_cut,
            matte.found,
            round(matte.confidence, 4),
            matte.box if matte.found else None,
        )


class FrameReport:
    """Writes the line of each frame to a text file."""

    def __init__(self, file: TextIO, source: str) -> None:
        self._file, self._source = file, source

    def add(self, row: FrameRow) -> None:
        """Write a frame's line."""
        self._file.write(json.dumps({"input": self._source, **msgspec.to_builtins(row)}) + "\n")


@contextlib.contextmanager
def open_report(path: Path, source: str) -> Iterator[FrameReport]:
    """A report that gets its name when the clip is done; an earlier one is replaced. OutputError."""
    with replacement_file(path, overwrite=True) as temporary_path, temporary_path.open("w", encoding="utf-8") as file:
        yield FrameReport(file, source)

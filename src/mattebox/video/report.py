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
from mattebox.video.clip_frame import ClipFrame
from mattebox.video.coarse_matte import MatteOrigin
from mattebox.video.frame_cutout import CutFrame


class FrameRow(msgspec.Struct, frozen=True):
    """What is reported of a frame.

    Attributes
    ----------
    frame : int
        Its place within what was cut, from 0.
    number : int or None
        The number of its picture, in a sequence.
    time : float
        Seconds from the beginning of what was cut.
    timecode : str or None
        Where the clip has one.
    origin : "network", "reused", "carried", "key" or "trimap"
        Where its matte comes from.
    scene_cut : bool
        Whether a new scene starts here.
    found : bool
        Whether it is clear that there is a subject.
    confidence : float
        Of the matte, 0 to 1.
    share : float
        Of the frame that is subject, 0 to 1.
    box : (left, top, right, bottom) or None
        Of the subject, in pixels.
    """

    frame: int
    number: int | None
    time: float
    timecode: str | None
    origin: MatteOrigin
    scene_cut: bool
    found: bool
    confidence: float
    share: float
    box: Box | None

    @classmethod
    def of(cls, frame: CutFrame, source: ClipFrame, timecode: str | None = None) -> Self:
        """The row of a frame; `timecode` is that of the frame."""
        matte = frame.matte
        return cls(
            frame.index,
            source.number,
            round(frame.time, 6),
            timecode,
            frame.origin,
            frame.is_cut,
            matte.found,
            round(matte.confidence, 4),
            round(float(matte.alpha.mean()) / matte.bit_depth.peak, 5),
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

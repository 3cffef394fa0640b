"""What is recorded of a clip's frames while it is cut: the report, the counts, and the marks of a timeline."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from types import TracebackType
from typing import Self

from mattebox.video.clip_frame import ClipFrame, FrameSource
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_result import ClipResult
from mattebox.video.clip_sheet import LeastConfidentFrames
from mattebox.video.frame_cutout import CutFrame
from mattebox.video.report import FrameReport, FrameRow, open_report
from mattebox.video.sequence_writer import output_pattern
from mattebox.video.time_text import advance_timecode
from mattebox.video.timeline import Timeline, TimelineMedia, media_of_source


class ClipRecords:
    """Records frames, in constant memory but for those that a timeline marks. Use it with `with`: the report gets its
    name when the block ends without an error.

    Attributes
    ----------
    result : ClipResult
        The counts so far.
    least_confident : LeastConfidentFrames
    """

    def __init__(self, job: ClipJob, reader: FrameSource) -> None:
        self.result = ClipResult(job.target)
        self._job, self._reader = job, reader
        self.least_confident = LeastConfidentFrames()
        self._stack = contextlib.ExitStack()
        self._lines: FrameReport | None = None
        self._marked: list[FrameRow] = []
        self._first_number: int | None = None
        self._end = Fraction(0)

    def __enter__(self) -> Self:
        if self._job.report is not None:
            self._lines = self._stack.enter_context(open_report(self._job.report, self._job.source.name))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def describe(self, frame: CutFrame, source: ClipFrame) -> FrameRow:
        """The row of a frame."""
        info, timecode = self._reader.info, self._reader.info.timecode
        if timecode is not None:
            passed = round((source.time + (self._job.options.start or 0)) * info.rate)
            timecode = advance_timecode(timecode, passed, info.rate)
        return FrameRow.of(frame, source, timecode)

    def add(self, row: FrameRow) -> None:
        """Record a frame."""
        self.result.add(row)
        if self._lines is not None:
            self._lines.add(row)
        if self.result.frames == 1:
            self._first_number = row.number
        if self._job.timeline is not None and (row.scene_cut or not row.found):
            self._marked.append(row)
        self._end = Fraction(row.time) + 1 / self._reader.info.rate

    def write_summaries(self) -> None:
        """Write the timeline and the sheet, if they are wanted. OutputError."""
        if self._job.sheet is not None:
            self.least_confident.write(self._job.sheet, self._job.source.name)
        self._write_timeline()

    def _write_timeline(self) -> None:
        job, info, options = self._job, self._reader.info, self._job.options
        if job.timeline is None:
            return
        pattern = output_pattern(job.target, options.format) if options.format.is_sequence else None
        media = TimelineMedia(job.target, pattern, self._first_number or 0)
        timeline = Timeline(
            job.source.name, media_of_source(self._reader), media, info.rate,
            round((options.start or 0) * info.rate), round(self._end * info.rate),
        )  # fmt: skip
        timeline.write(job.timeline, self._marked)

"""Cutting a clip in segments that are kept beside the result, so that a killed run continues after the last of them.

At the end the packets of all segments are joined, without encoding anything again, with the clip's sound. Segments do
not depend on where a run began (`coherence`).
"""

from __future__ import annotations

import contextlib
import time as clock
from pathlib import Path

from mattebox.core.interface import name_parameter
from mattebox.errors import InputUnreadable, UsageError
from mattebox.io.writer import check_not_input
from mattebox.video.clip_frame import ClipFrame
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_records import ClipRecords
from mattebox.video.clip_result import ClipResult
from mattebox.video.clip_sheet import LeastConfidentFrames, SheetCell
from mattebox.video.clip_signing import ClipSigner
from mattebox.video.clip_stages import open_stages
from mattebox.video.frame_cutout import CutFrame
from mattebox.video.frame_sources import open_frames, source_files
from mattebox.video.joining import join_segments
from mattebox.video.key_frames import KEY_SPAN, MAX_LOOK_AHEAD
from mattebox.video.matte_names import matte_paths
from mattebox.video.report import FrameRow
from mattebox.video.segment_folder import ClipSegment, SegmentFolder, job_fingerprint
from mattebox.video.segment_writing import open_segment_place, segment_length, write_segments
from mattebox.video.sequence_writer import SequenceWriter


class CutSegment(ClipSegment, kw_only=True):
    """A segment of a cut clip: the rows of its frames, and what it has for a contact sheet."""

    rows: list[FrameRow]
    cells: list[SheetCell]


def cut_clip_in_segments(job: ClipJob, *, segment_frames: int | None = None) -> ClipResult:
    """Cut the subject out of a clip, continuing where an earlier run with the same parameters was interrupted.

    Errors as for `cut_clip`; `segment_frames` is the length of a segment, a multiple of 6. UsageError for Cryptomatte,
    whose names are those of all frames before.
    """
    options, started = job.options, clock.monotonic()
    check_not_input(job.target, (job.source,))
    if options.cryptomatte:
        raise UsageError(
            "Cryptomatte cannot be resumed: its names are those of the frames before",
            f"leave out {name_parameter('resume', True)} or {name_parameter('cryptomatte', True)}",
        )
    segment_frames = segment_frames or segment_length(options)
    if segment_frames % KEY_SPAN:
        raise ValueError(f"segment_frames is {segment_frames}; give a multiple of {KEY_SPAN}")
    signer = ClipSigner(job.source, job.target, options)
    folder = SegmentFolder(job.target, _fingerprint(job, segment_frames), CutSegment)
    resumed_frames = folder.frames
    with contextlib.ExitStack() as stack:
        stack.push(folder.forget_unfit)
        reader = stack.enter_context(open_frames(job))
        stages = stack.enter_context(open_stages(job, reader))
        records = stack.enter_context(ClipRecords(job, reader))
        cut_frames = stages.iter_cut_frames(
            segment_frames=segment_frames, resume_from=folder.resume_point(MAX_LOOK_AHEAD)
        )
        frames = stack.enter_context(contextlib.closing(cut_frames))
        new_frames = (item for item in frames if item[0].index >= resumed_frames)
        place = open_segment_place(
            job.target, reader, options, folder, reader.info.size, transparent=options.is_transparent
        )
        recorder = _CutRecorder(job, records)
        for last in write_segments(new_frames, folder, place, recorder, segment_frames):
            elapsed = max(clock.monotonic() - started, 1e-6)
            job.tell_progress(reader, last.index + 1, float(last.time), (last.index + 1 - resumed_frames) / elapsed)
        if not folder.finished:
            folder.remove()
            raise InputUnreadable(f"{job.source}: there is no frame {job.describe_range()}", "choose other times")
        for segment in folder.finished:
            records.least_confident.merge(segment.cells)
            for row in segment.rows:
                records.add(row)
        result = records.result
        if isinstance(place, SequenceWriter):
            result.size, notes = place.size, place.notes
        else:
            result.size, notes = join_segments(
                folder, job.target, reader, options, reader.info.size, transparent=options.is_transparent,
                finish=lambda path, size: signer.sign(path, stages.session, (reader.info.size, size)),
            )  # fmt: skip
    records.write_summaries()
    folder.remove()
    result.seconds = clock.monotonic() - started
    resumed = (f"{resumed_frames} frames had been done before",) if resumed_frames else ()
    result.notes = (*resumed, *reader.notes(), *notes, *result.subject_notes())
    return result


class _CutRecorder:
    """Gathers the rows of a segment, and its least confident frames where a sheet is wanted."""

    def __init__(self, job: ClipJob, records: ClipRecords) -> None:
        self._records, self._wants_sheet = records, job.sheet is not None
        self._rows: list[FrameRow] = []
        self._least_confident = LeastConfidentFrames()

    def add(self, frame: CutFrame, source: ClipFrame) -> None:
        row = self._records.describe(frame, source)
        self._rows.append(row)
        if self._wants_sheet:
            self._least_confident.offer(row, frame)

    def finish(self, stamps: list[int]) -> CutSegment:
        segment = CutSegment(stamps=stamps, rows=self._rows, cells=self._least_confident.cells)
        self._rows, self._least_confident = [], LeastConfidentFrames()
        return segment


def _fingerprint(job: ClipJob, segment_frames: int) -> str:
    options = job.options
    drawn = (path for name in matte_paths(options.cut).values() for path in source_files(Path(name)))
    steps = options.whole_recipe.steps
    return job_fingerprint(
        job.source, options, steps, drawn, options.coherence, segment_frames, job.sheet is not None
    )  # fmt: skip

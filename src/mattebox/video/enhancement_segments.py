"""Enhancing a clip in segments that are kept beside the result, so that a killed run continues after the last of them.

A segment's note holds what later measurements need of the frames so far: the result is that of an undisturbed run.
"""

from __future__ import annotations

import contextlib
import time as clock
from itertools import chain

from mattebox.errors import InputUnreadable
from mattebox.io.writer import check_not_input
from mattebox.video.clip_enhancement import EnhancedFrame, EnhancementResult, iter_enhanced_frames, open_enhancer
from mattebox.video.clip_frame import ClipFrame
from mattebox.video.enhancement_job import EnhancementJob
from mattebox.video.frame_sources import open_frames
from mattebox.video.joining import join_segments
from mattebox.video.segment_folder import ClipSegment, SegmentFolder, job_fingerprint
from mattebox.video.segment_writing import open_segment_place, segment_length, write_segments
from mattebox.video.sequence_writer import SequenceWriter
from mattebox.video.steady_measurement import MeasurementState

LOOK_BEHIND_FRAMES = 2  # that say whether the first missing frame is a new scene, and what its fields are


class EnhancedSegment(ClipSegment, kw_only=True):
    """A segment of an enhanced clip: its scene cuts in seconds, the size and notes of its frames, and what later
    measurements need of it."""

    scene_cuts: list[float]
    size: tuple[int, int]
    notes: tuple[str, ...]
    state: MeasurementState


def enhance_clip_in_segments(job: EnhancementJob, *, segment_frames: int | None = None) -> EnhancementResult:
    """Enhance a clip, continuing where an earlier run with the same parameters was interrupted.

    Errors as for `enhance_clip`; `segment_frames` is the length of a segment.
    """
    options, started = job.options, clock.monotonic()
    check_not_input(job.target, (job.source,))
    segment_frames = segment_frames or segment_length(options)
    enhancer = open_enhancer(job)
    fingerprint = job_fingerprint(job.source, options, options.recipe.steps, (), segment_frames)
    folder = SegmentFolder(job.target, fingerprint, EnhancedSegment)
    resumed_frames = folder.frames
    with contextlib.ExitStack() as stack:
        stack.push(folder.forget_unfit)
        reader = stack.enter_context(open_frames(job))
        job.check_size(reader.info.size)
        enhanced = iter_enhanced_frames(
            reader, job, enhancer, resume_from=folder.resume_point(LOOK_BEHIND_FRAMES),
            finished_frames=resumed_frames,
            state=folder.finished[-1].state if folder.finished else None,
        )  # fmt: skip
        frames = stack.enter_context(contextlib.closing(enhanced))
        first = next(frames, None)
        if first is None and not folder.finished:
            folder.remove()
            raise InputUnreadable(f"{job.source}: there is no frame in this part", "choose other times")
        size = folder.finished[0].size if first is None else first[0].picture.size
        transparent = reader.info.has_alpha
        place = open_segment_place(job.target, reader, options, folder, size, transparent=transparent)
        if first is not None:
            for last in write_segments(chain((first,), frames), folder, place, _EnhancementRecorder(), segment_frames):
                elapsed = max(clock.monotonic() - started, 1e-6)
                done = last.index + 1
                job.tell_progress(reader, done, float(last.time), (done - resumed_frames) / elapsed)
        if isinstance(place, SequenceWriter):
            size, notes = place.size, place.notes
        else:
            size, notes = join_segments(folder, job.target, reader, options, size, transparent=transparent)
    folder.remove()
    segments = folder.finished
    resumed = (f"{resumed_frames} frames had been done before",) if resumed_frames else ()
    return EnhancementResult(
        job.target, folder.frames, [time for segment in segments for time in segment.scene_cuts], size,
        clock.monotonic() - started, (*resumed, *reader.notes(), *notes, *segments[0].notes),
    )  # fmt: skip


class _EnhancementRecorder:
    """Gathers the scene cuts of a segment, and what its last frame leaves to those after it."""

    def __init__(self) -> None:
        self._cuts: list[float] = []
        self._last: EnhancedFrame | None = None

    def add(self, frame: EnhancedFrame, source: ClipFrame) -> None:
        if frame.is_cut:
            self._cuts.append(round(float(source.time), 6))
        self._last = frame

    def finish(self, stamps: list[int]) -> EnhancedSegment:
        last = self._last
        assert last is not None
        notes = tuple(dict.fromkeys(last.picture.notes))
        segment = EnhancedSegment(
            stamps=stamps, scene_cuts=self._cuts, size=last.picture.size, notes=notes, state=last.state
        )
        self._cuts = []
        return segment

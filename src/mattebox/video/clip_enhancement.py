"""Enhancing a clip: frames are measured in their order, enhanced side by side, and written with their sound."""

from __future__ import annotations

import contextlib
import time as clock
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from mattebox.core import cpu_threads
from mattebox.errors import InputUnreadable
from mattebox.io.writer import check_not_input
from mattebox.types import Picture
from mattebox.video.clip_frame import ClipFrame, FrameSource, ResumePoint
from mattebox.video.clip_output import open_clip_output
from mattebox.video.concurrency import map_ahead, read_ahead
from mattebox.video.enhancement_job import EnhancementJob
from mattebox.video.frame_enhancement import FrameEnhancer, check_clip_recipe
from mattebox.video.frame_sources import open_frames
from mattebox.video.frame_stages import MAX_FINISHING_WORKERS, QUEUED_FRAMES
from mattebox.video.matte_prediction import iter_described_frames
from mattebox.video.steady_measurement import FramePlan, MeasurementState, SteadyMeasurement


class EnhancedFrame(NamedTuple):
    """A frame that is ready to be written.

    Attributes
    ----------
    picture : Picture
    is_cut : bool
        Whether a new scene starts here.
    state : MeasurementState
        What the measurements after this frame need of those so far.
    """

    picture: Picture
    is_cut: bool
    state: MeasurementState


class _PlannedFrame(NamedTuple):
    """A frame with what it gets."""

    source: ClipFrame
    plan: FramePlan
    is_cut: bool
    state: MeasurementState


@dataclass
class EnhancementResult:
    """What became of a clip.

    Attributes
    ----------
    path : Path
    frames : int
        Frames that were written.
    scene_cuts : list of float
        Times in seconds at which new scenes start, and measurements begin anew.
    size : (int, int)
        Width and height of the result.
    seconds : float
        That it took.
    notes : tuple of str
        Remarks for the user.
    """

    path: Path
    frames: int = 0
    scene_cuts: list[float] = field(default_factory=list)
    size: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


def enhance_clip(job: EnhancementJob) -> EnhancementResult:
    """Enhance a clip.

    Raises
    ------
    InputError, OutputError, UsageError, ModelError, DeviceError
        Nothing is left under the target's name.
    """
    options, started, result = job.options, clock.monotonic(), EnhancementResult(job.target)
    if job.content is None:
        check_not_input(job.target, (job.source,))
    enhancer = open_enhancer(job)
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(open_frames(job))
        job.check_size(reader.info.size)
        frames = stack.enter_context(contextlib.closing(iter_enhanced_frames(reader, job, enhancer)))
        first = next(frames, None)
        if first is None:
            raise InputUnreadable(f"{job.source}: there is no frame in this part", "choose other times")
        output = stack.enter_context(
            open_clip_output(
                job.target, reader, options, transparent=reader.info.has_alpha, size=first[0].picture.size,
                sink=job.sink,
            )
        )  # fmt: skip
        for frame, source in chain((first,), frames):
            output.write(frame, source)
            result.frames += 1
            if frame.is_cut:
                result.scene_cuts.append(round(float(source.time), 6))
            elapsed = max(clock.monotonic() - started, 1e-6)
            job.tell_progress(reader, result.frames, float(source.time), result.frames / elapsed)
        result.size = output.size
    result.seconds = clock.monotonic() - started
    result.notes = (*reader.notes(), *output.notes, *dict.fromkeys(first[0].picture.notes))
    return result


def open_enhancer(job: EnhancementJob) -> FrameEnhancer:
    """What enhances the frames of a job, with its networks open. UsageError, ModelError, DeviceError."""
    check_clip_recipe(job.options.recipe)
    enhancer = FrameEnhancer(job.options.recipe, job.options.device, job.options.threads, job.open_image)
    enhancer.open_networks()
    return enhancer


def iter_enhanced_frames(
    reader: FrameSource,
    job: EnhancementJob,
    enhancer: FrameEnhancer,
    *,
    resume_from: ResumePoint | None = None,
    finished_frames: int = 0,
    state: MeasurementState | None = None,
) -> Generator[tuple[EnhancedFrame, ClipFrame], None, None]:
    """The enhanced frames with what they came from, computed side by side in threads.

    Parameters
    ----------
    reader : FrameSource
    job : EnhancementJob
    enhancer : FrameEnhancer
    resume_from : ResumePoint, optional
        Where to begin within the clip: some frames before the first that is missing.
    finished_frames : int
        How many frames an earlier run has finished; they are not enhanced.
    state : MeasurementState, optional
        What was measured of them.
    """
    options = job.options
    frames = read_ahead(
        reader.frames(options.start, options.end, options.every, resume_from=resume_from), QUEUED_FRAMES
    )
    measurement = SteadyMeasurement(options.recipe, state)
    planned = read_ahead(_iter_planned_frames(frames, measurement, finished_frames), QUEUED_FRAMES)

    def enhance(item: _PlannedFrame) -> tuple[EnhancedFrame, ClipFrame]:
        picture = enhancer.enhance(item.source.picture, item.plan)
        return EnhancedFrame(picture, item.is_cut, item.state), item.source

    workers = min(cpu_threads.process_cpu_count(), MAX_FINISHING_WORKERS)
    with (
        contextlib.closing(frames),
        contextlib.closing(planned),
        contextlib.closing(map_ahead(enhance, planned, workers)) as enhanced,
    ):
        yield from enhanced


def _iter_planned_frames(
    frames: Iterable[ClipFrame], measurement: SteadyMeasurement, finished_frames: int
) -> Iterator[_PlannedFrame]:
    """Frames with their plans, in their order; those that are finished only say whether the next one is a new scene."""
    for described, frame in iter_described_frames(frames):
        if frame.index >= finished_frames:
            plan = measurement.measure(frame.picture, described.time, is_cut=described.is_cut)
            yield _PlannedFrame(frame, plan, described.is_cut, measurement.state)

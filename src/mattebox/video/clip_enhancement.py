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
from mattebox.video.clip_frame import ClipFrame, FrameSource
from mattebox.video.clip_output import open_clip_output
from mattebox.video.clip_result import ClipProgress
from mattebox.video.concurrency import map_ahead, read_ahead
from mattebox.video.enhancement_job import EnhancementJob
from mattebox.video.frame_enhancement import FrameEnhancer, check_clip_recipe
from mattebox.video.frame_sources import open_frames
from mattebox.video.frame_stages import MAX_FINISHING_WORKERS, QUEUED_FRAMES
from mattebox.video.matte_prediction import iter_described_frames
from mattebox.video.steady_measurement import FramePlan, SteadyMeasurement


class EnhancedFrame(NamedTuple):
    """A frame that is ready to be written, what it came from, and its plan."""

    picture: Picture
    source: ClipFrame
    plan: FramePlan


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
    check_not_input(job.target, (job.source,))
    check_clip_recipe(options.recipe)
    enhancer = FrameEnhancer(options.recipe, options.device, options.threads, job.open_image)
    enhancer.open_networks()
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(open_frames(job))
        frames = stack.enter_context(contextlib.closing(_iter_enhanced(reader, job, enhancer, result)))
        first = next(frames, None)
        if first is None:
            raise InputUnreadable(f"{job.source}: there is no frame in this part", "choose other times")
        output = stack.enter_context(
            open_clip_output(
                job.target, reader, options, transparent=reader.info.has_alpha, size=first.picture.size
            )
        )  # fmt: skip
        for frame in chain((first,), frames):
            output.write(frame, frame.source)
            result.frames += 1
            _tell_progress(job, reader, result, float(frame.source.time), clock.monotonic() - started)
        result.size = output.size
    result.seconds = clock.monotonic() - started
    result.notes = (*reader.notes(), *output.notes, *dict.fromkeys(first.picture.notes))
    return result


def _iter_enhanced(
    reader: FrameSource, job: EnhancementJob, enhancer: FrameEnhancer, result: EnhancementResult
) -> Generator[EnhancedFrame, None, None]:
    options = job.options
    frames = read_ahead(reader.frames(options.start, options.end, options.every), QUEUED_FRAMES)
    planned = read_ahead(_iter_planned(frames, job, result), QUEUED_FRAMES)

    def enhance(item: tuple[ClipFrame, FramePlan]) -> EnhancedFrame:
        source, plan = item
        return EnhancedFrame(enhancer.enhance(source.picture, plan), source, plan)

    workers = min(cpu_threads.process_cpu_count(), MAX_FINISHING_WORKERS)
    with (
        contextlib.closing(frames),
        contextlib.closing(planned),
        contextlib.closing(map_ahead(enhance, planned, workers)) as enhanced,
    ):
        yield from enhanced


def _iter_planned(
    frames: Iterable[ClipFrame], job: EnhancementJob, result: EnhancementResult
) -> Iterator[tuple[ClipFrame, FramePlan]]:
    """Frames with their plans, in their order."""
    measurement = SteadyMeasurement(job.options.recipe)
    for described, frame in iter_described_frames(frames):
        if described.is_cut:
            result.scene_cuts.append(round(described.time, 6))
        yield frame, measurement.measure(frame.picture, described.time, is_cut=described.is_cut)


def _tell_progress(
    job: EnhancementJob, reader: FrameSource, result: EnhancementResult, time: float, elapsed: float
) -> None:
    if job.on_progress is None:
        return
    options, duration = job.options, reader.info.duration
    ends = [end for end in (options.end, duration) if end is not None]
    total = float(min(ends) - (options.start or 0)) if ends else None
    job.on_progress(ClipProgress(result.frames, time, total, result.frames / max(elapsed, 1e-6)))

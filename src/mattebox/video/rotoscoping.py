"""Rotoscoping: a clip cut out by mattes or marks on key frames, carried both ways and blended between."""

from __future__ import annotations

import contextlib
import time as clock
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from mattebox.core import cpu_threads
from mattebox.errors import InputUnreadable, UsageError
from mattebox.io.writer import check_not_input
from mattebox.matting.confidence import expected_iou
from mattebox.matting.matte_operations import as_floats, as_pixels
from mattebox.types import BitDepth, Matte, subject_box
from mattebox.video.backgrounds import BackgroundRenderer
from mattebox.video.clip_frame import ClipFrame, FrameSource
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_output import open_clip_output
from mattebox.video.clip_records import ClipRecords
from mattebox.video.clip_result import ClipResult
from mattebox.video.coarse_matte import CoarseMatte
from mattebox.video.concurrency import map_ahead, read_ahead
from mattebox.video.frame_composition import compose_frame
from mattebox.video.frame_cutout import CutFrame, render_carried_frame
from mattebox.video.frame_sources import open_frames, source_files
from mattebox.video.frame_stages import MAX_FINISHING_WORKERS, QUEUED_FRAMES
from mattebox.video.matte_prediction import iter_described_frames
from mattebox.video.roto_intervals import IntervalCarrier
from mattebox.video.roto_keys import RotoKey
from mattebox.video.roto_store import IntervalStore


@dataclass(frozen=True)
class RotoJob:
    """A clip to rotoscope: the job that cuts it, its key frames in their order, and what keeps the mattes between."""

    clip: ClipJob
    keys: Sequence[RotoKey]
    store: IntervalStore


def rotoscope_clip(job: RotoJob) -> ClipResult:
    """Cut a clip out by its key frames.

    Raises
    ------
    InputError, OutputError, UsageError, ModelError, DeviceError
        Nothing is left under the target's name; what was carried so far is kept beside it.
    """
    clip, options, started = job.clip, job.clip.options, clock.monotonic()
    if options.start is not None or options.end is not None or options.every != 1:
        raise UsageError(
            "key frames are numbered by the whole clip", "rotoscope it whole, and cut a part of the result"
        )
    if clip.content is None:
        check_not_input(clip.target, (clip.source,))
    keys, store = job.keys, job.store
    with contextlib.ExitStack() as stack:
        session = clip.open_network()
        reader = stack.enter_context(open_frames(clip))
        carrier = IntervalCarrier(keys, store, _identity(clip), session)
        with contextlib.closing(read_ahead(reader.frames(), QUEUED_FRAMES)) as frames:
            for frame in frames:
                carrier.push(frame)
        carrier.flush()
        if carrier.unused_keys:
            number = min(carrier.unused_keys)
            raise UsageError(f"the key of frame {number} belongs to no frame", "number keys as the report does")
        renderer = BackgroundRenderer(options.background, clip.open_image)
        stack.callback(renderer.close)
        records = stack.enter_context(ClipRecords(clip, reader))
        output = stack.enter_context(
            open_clip_output(
                clip.target, reader, options, transparent=options.is_transparent, cryptomatte=options.cryptomatte,
                sink=clip.sink,
            )
        )  # fmt: skip
        finished = stack.enter_context(
            contextlib.closing(_iter_rotoscoped(reader, job, store, {key.number: key for key in keys}, renderer))
        )
        result = records.result
        for cut, source in finished:
            output.write(cut, source)
            row = records.describe(cut, source)
            records.add(row)
            if clip.sheet is not None:
                records.least_confident.offer(row, cut)
            elapsed = max(clock.monotonic() - started, 1e-6)
            clip.tell_progress(reader, result.frames, cut.time, result.frames / elapsed)
        if not result.frames:
            raise InputUnreadable(f"{clip.source}: there is no frame", "export it again")
        result.size = output.size
    records.write_summaries()
    store.remove_others()
    result.seconds = clock.monotonic() - started
    reused = (f"{store.reused_count} of {store.reused_count + store.computed_count} intervals had been carried before",)
    result.notes = (*(reused if store.reused_count else ()), *reader.notes(), *output.notes)
    return result


def _iter_rotoscoped(
    reader: FrameSource, job: RotoJob, store: IntervalStore, keys: dict[int, RotoKey], renderer: BackgroundRenderer
) -> Generator[tuple[CutFrame, ClipFrame], None, None]:
    """The finished frames with what they came from."""
    options = job.clip.options
    frames = read_ahead(reader.frames(), QUEUED_FRAMES)

    def pair() -> Iterator[tuple[CoarseMatte, ClipFrame, np.ndarray]]:
        for (described, frame), alpha in zip(iter_described_frames(frames), store.iter_mattes(), strict=True):
            yield described, frame, alpha

    def finish(item: tuple[CoarseMatte, ClipFrame, np.ndarray]) -> tuple[CutFrame, ClipFrame]:
        described, frame, alpha = item
        key = keys.get(described.index if frame.number is None else frame.number)
        exact = None
        if key is not None and not key.has_marks:
            exact = as_pixels(key.load_matte(frame.picture, job.clip.open_network()), frame.picture.bit_depth)
        coarse = as_pixels(as_floats(alpha), BitDepth.SIXTEEN)
        confidence = 1.0 if key is not None else expected_iou(as_floats(alpha))
        matte = Matte(coarse, confidence, bool((alpha > 127).any()), subject_box(coarse))
        cut = render_carried_frame(described, matte, exact, options.cut)
        return compose_frame(cut, options, renderer, frame.time), frame

    workers = 1 if renderer.is_sequential else min(cpu_threads.process_cpu_count(), MAX_FINISHING_WORKERS)
    with (
        contextlib.closing(frames),
        contextlib.closing(map_ahead(finish, pair(), workers)) as finished,
    ):
        yield from finished


def _identity(clip: ClipJob) -> str:
    statuses: list[object] = [clip.content and sha256(clip.content).hexdigest()]
    statuses += [
        (str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns)
        for path in (() if clip.content is not None else source_files(clip.source))
    ]
    options = clip.options
    parts = (statuses, str(options.rate), options.input_colour, options.deinterlace)
    return sha256(repr(parts).encode()).hexdigest()

"""Cutting a clip in one go: the file gets its name when it is complete."""

from __future__ import annotations

import contextlib
import time as clock

from mattebox.errors import InputUnreadable
from mattebox.io.writer import check_not_input
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_output import open_clip_output
from mattebox.video.clip_records import ClipRecords
from mattebox.video.clip_result import ClipResult
from mattebox.video.clip_signing import ClipSigner
from mattebox.video.clip_stages import open_stages
from mattebox.video.frame_sources import open_frames


def cut_clip(job: ClipJob) -> ClipResult:
    """Cut the subject out of a clip.

    Raises
    ------
    InputError, OutputError, UsageError, ModelError, DeviceError
        Nothing is left under the target's name.
    """
    options, started = job.options, clock.monotonic()
    if job.content is None:
        check_not_input(job.target, (job.source,))
    signer = ClipSigner(job.source, job.target, options)
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(open_frames(job))
        stages = stack.enter_context(open_stages(job, reader))
        records = stack.enter_context(ClipRecords(job, reader))
        output = stack.enter_context(
            open_clip_output(
                job.target, reader, options, transparent=options.is_transparent, cryptomatte=options.cryptomatte,
                sink=job.sink,
                finish=lambda path: signer.sign(path, stages.session, (reader.info.size, output.size)),
            )
        )  # fmt: skip
        frames = stack.enter_context(contextlib.closing(stages.iter_cut_frames()))
        result = records.result
        for frame, source in frames:
            output.write(frame, source)
            row = records.describe(frame, source)
            records.add(row)
            if job.sheet is not None:
                records.least_confident.offer(row, frame)
            elapsed = max(clock.monotonic() - started, 1e-6)
            job.tell_progress(reader, result.frames, frame.time, result.frames / elapsed)
        if not result.frames:
            raise InputUnreadable(f"{job.source}: there is no frame {job.describe_range()}", "choose other times")
        result.size = output.size
    records.write_summaries()
    result.seconds = clock.monotonic() - started
    result.notes = (*reader.notes(), *output.notes, *result.subject_notes())
    return result

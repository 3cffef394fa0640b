"""Cutting a clip in one go: the file gets its name when it is complete."""

from __future__ import annotations

import contextlib
import time as clock

from mattebox.errors import InputUnreadable
from mattebox.io.writer import check_not_input
from mattebox.video.backgrounds import BackgroundRenderer
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_output import open_clip_output
from mattebox.video.clip_result import ClipResult
from mattebox.video.clip_signing import ClipSigner
from mattebox.video.frame_stages import iter_cut_frames
from mattebox.video.reader import VideoReader
from mattebox.video.report import FrameRow, open_report


def cut_clip(job: ClipJob) -> ClipResult:
    """Cut the subject out of a clip.

    Raises
    ------
    InputError, OutputError, UsageError, ModelError, DeviceError
        Nothing is left under the target's name.
    """
    options = job.options
    check_not_input(job.target, (job.source,))
    signer = ClipSigner(job.source, job.target, options)
    started, result = clock.monotonic(), ClipResult(job.target)
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(VideoReader(job.source))
        renderer = BackgroundRenderer(options.background, job.open_image)
        stack.callback(renderer.close)
        network = job.open_network()
        output = stack.enter_context(
            open_clip_output(
                job.target, reader, options,
                finish=lambda path: signer.sign(path, network.card, (reader.info.size, output.size)),
            )
        )  # fmt: skip
        lines = None if job.report is None else stack.enter_context(open_report(job.report, job.source.name))
        frames = stack.enter_context(contextlib.closing(iter_cut_frames(reader, options, network, renderer)))
        for frame, pts in frames:
            output.write(frame.picture, pts)
            row = FrameRow.of(frame)
            result.add(row)
            if lines is not None:
                lines.add(row)
            elapsed = max(clock.monotonic() - started, 1e-6)
            job.tell_progress(reader, result.frames, frame.time, result.frames / elapsed)
        if not result.frames:
            raise InputUnreadable(f"{job.source}: there is no frame {job.describe_range()}", "choose other times")
        result.size = output.size
    result.seconds = clock.monotonic() - started
    result.notes = (*reader.notes(), *output.notes, *result.subject_notes())
    return result

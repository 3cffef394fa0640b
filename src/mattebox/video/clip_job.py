"""Cutting a clip in one go: the file gets its name when it is complete."""

from __future__ import annotations

import contextlib
import time as clock
from collections.abc import Callable
from pathlib import Path

from mattebox.errors import InputUnreadable
from mattebox.io.reader import read_cached
from mattebox.io.writer import check_not_input
from mattebox.models.matte_session import Session, open_session
from mattebox.types import OpenImage
from mattebox.video.backgrounds import BackgroundRenderer
from mattebox.video.clip_options import ClipOptions
from mattebox.video.clip_output import open_clip_output
from mattebox.video.clip_result import ClipProgress, ClipResult
from mattebox.video.clip_signing import ClipSigner
from mattebox.video.frame_stages import iter_cut_frames
from mattebox.video.reader import VideoReader
from mattebox.video.report import FrameRow, open_report
from mattebox.video.time_text import format_time


def cut_clip(
    source: Path,
    target: Path,
    options: ClipOptions,
    *,
    session: Session | None = None,
    open_image: OpenImage = read_cached,
    report: Path | None = None,
    on_progress: Callable[[ClipProgress], None] | None = None,
) -> ClipResult:
    """Cut the subject out of a clip.

    Parameters
    ----------
    source, target : Path
        The clip, and the result: a file, or for a sequence a folder or pattern.
    options : ClipOptions
    session : Session, optional
        An open network in place of the step's model.
    open_image : callable
        Opens the picture that the background names.
    report : Path, optional
        Takes a line of JSON for each frame.
    on_progress : callable, optional
        Called after each frame that was written.

    Raises
    ------
    InputError, OutputError, UsageError, ModelError, DeviceError
        Nothing is left under the target's name.
    """
    check_not_input(target, (source,))
    signer = ClipSigner(source, target, options)
    started, result = clock.monotonic(), ClipResult(target)
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(VideoReader(source))
        renderer = BackgroundRenderer(options.background, open_image)
        stack.callback(renderer.close)
        network = session or open_session(options.cut.model, options.device, options.threads)
        output = stack.enter_context(
            open_clip_output(target, reader, options.format, transparent=options.is_transparent, start=options.start,
                             end=options.end, every=options.every, overwrite=options.overwrite,
                             finish=lambda path: signer.sign(path, network.card, (reader.info.size, output.size)))
        )  # fmt: skip
        lines = None if report is None else stack.enter_context(open_report(report, source.name))
        frames = stack.enter_context(contextlib.closing(iter_cut_frames(reader, options, network, renderer)))
        for frame, pts in frames:
            output.write(frame.picture, pts)
            row = FrameRow.of(frame)
            result.add(row)
            if lines is not None:
                lines.add(row)
            if on_progress is not None:
                elapsed = max(clock.monotonic() - started, 1e-6)
                on_progress(
                    ClipProgress(result.frames, frame.time, clip_length(reader, options), result.frames / elapsed)
                )
        if not result.frames:
            raise InputUnreadable(f"{source}: there is no frame {describe_range(options)}", "choose other times")
        result.size = output.size
    result.seconds = clock.monotonic() - started
    result.notes = (*reader.notes(), *output.notes, *result.subject_notes())
    return result


def clip_length(reader: VideoReader, options: ClipOptions) -> float | None:
    """Seconds of the clip that are cut, where they are known."""
    ends = [end for end in (options.end, reader.info.duration) if end is not None]
    return float(min(ends) - (options.start or 0)) if ends else None


def describe_range(options: ClipOptions) -> str:
    """The part of a clip that is cut, for errors."""
    words = []
    if options.start is not None:
        words.append(f"from {format_time(options.start)}")
    if options.end is not None:
        words.append(f"until {format_time(options.end)}")
    return " ".join(words) or "that can be decoded"

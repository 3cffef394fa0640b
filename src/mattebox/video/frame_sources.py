"""Opening of what frames come from: a clip's file, or numbered pictures."""

from __future__ import annotations

from pathlib import Path

from mattebox.core.interface import name_parameter
from mattebox.errors import InputUnreadable, UsageError
from mattebox.video.clip_frame import FrameSource
from mattebox.video.clip_job import ClipJob
from mattebox.video.enhancement_job import EnhancementJob
from mattebox.video.reader import VideoReader
from mattebox.video.sequence_pattern import is_sequence_name, parse_sequence
from mattebox.video.sequence_reader import SequenceReader

PICTURE_SUFFIXES = frozenset(
    (".exr", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".tga", ".dpx", ".psd", ".heic", ".avif")
)


def open_frames(job: ClipJob | EnhancementJob) -> FrameSource:
    """Open a job's clip or sequence of pictures.

    Raises
    ------
    InputMissing, InputUnreadable, InputTooLarge
    UsageError
        A rate or colour space is given for a clip, which states its own.
    """
    path, options = job.source, job.options
    if job.content is not None:
        return VideoReader(path, content=job.content, max_pixels=job.max_frame_pixels, deinterlace=options.deinterlace)
    if is_sequence_name(path):
        return SequenceReader(path, options.rate, options.input_colour)
    if path.suffix.lower() in PICTURE_SUFFIXES:
        raise InputUnreadable(
            f"{path}: is a picture, not a clip", f"give a sequence by its pattern, such as shot.####{path.suffix}"
        )
    if options.rate is not None or options.input_colour != "auto":
        name = "rate" if options.rate is not None else "input_colour"
        raise UsageError(
            f"{path}: states its own rate and colours", f"give {name_parameter(name)} for sequences of pictures only"
        )
    return VideoReader(path, deinterlace=options.deinterlace)


def source_files(path: Path) -> list[Path]:
    """The files that frames come from. InputMissing for a sequence without pictures."""
    if not is_sequence_name(path):
        return [path]
    pattern = parse_sequence(path)
    return [pattern.path_of(number) for number in pattern.list_numbers()]

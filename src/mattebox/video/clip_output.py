"""Where the frames of a clip go: a file that gets its name when it is complete, or numbered pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Protocol

from mattebox.io.atomic_write import replacement_file
from mattebox.io.output_profile import convert_for_output
from mattebox.types import ImageSize
from mattebox.video.clip_frame import ClipFrame, FinishedFrame, FrameSource
from mattebox.video.output_options import OutputOptions
from mattebox.video.passthrough import PassthroughStreams
from mattebox.video.reader import VideoReader
from mattebox.video.sequence_pattern import check_output_pattern
from mattebox.video.sequence_reader import SequenceReader
from mattebox.video.sequence_writer import SequenceWriter
from mattebox.video.writer import VideoWriter


class ClipOutput(Protocol):
    """Takes frames with what they came from. `size` is what is written, `notes` are for the user."""

    size: ImageSize
    notes: list[str]

    def write(self, frame: FinishedFrame, source: ClipFrame) -> None:
        """Take the next frame. OutputError."""


class ClipFile:
    """One file for all frames. Sequences of pictures, whose colours a profile states, are converted to sRGB."""

    def __init__(self, writer: VideoWriter, *, is_from_pictures: bool) -> None:
        self.writer, self.size, self.notes = writer, writer.size, writer.notes
        self._is_from_pictures = is_from_pictures

    def write(self, frame: FinishedFrame, source: ClipFrame) -> None:
        """Encode the next frame. OutputError."""
        picture = frame.picture
        if self._is_from_pictures and picture.profile is not None:
            picture = convert_for_output(picture, srgb=True)
        self.writer.write(picture, source.pts)


@contextlib.contextmanager
def open_clip_output(
    target: Path,
    reader: FrameSource,
    options: OutputOptions,
    *,
    transparent: bool,
    cryptomatte: bool = False,
    size: ImageSize | None = None,
    finish: Callable[[Path], None] | None = None,
    sink: BinaryIO | None = None,
) -> Iterator[ClipOutput]:
    """Open an output for the frames of a clip, with the sound of the part that is cut. OutputError.

    `size` is that of the frames, where it is not the clip's. `finish` is called with the complete file, before it gets
    its name. A `sink` takes the file in place of `target`.
    """
    if options.format.is_sequence:
        output = SequenceWriter(target, replace(reader.info, size=size or reader.info.size), options, cryptomatte)
        if isinstance(reader, SequenceReader):
            check_output_pattern(output.pattern, reader.numbers, reader.source_paths)
        yield output
        return
    with open_clip_file(
        target, reader, options, transparent=transparent, size=size, finish=finish, sink=sink
    ) as writer:
        yield ClipFile(writer, is_from_pictures=isinstance(reader, SequenceReader))


@contextlib.contextmanager
def open_clip_file(
    target: Path,
    reader: FrameSource,
    options: OutputOptions,
    *,
    transparent: bool,
    size: ImageSize | None = None,
    finish: Callable[[Path], None] | None = None,
    sink: BinaryIO | None = None,
) -> Iterator[VideoWriter]:
    """Open a file for the frames of a clip; see `open_clip_output`. OutputError."""
    info = replace(reader.info, rate=reader.info.rate / options.every, size=size or reader.info.size)
    with contextlib.ExitStack() as files:
        place: Path | BinaryIO = sink or files.enter_context(replacement_file(target, overwrite=options.overwrite))
        with contextlib.ExitStack() as stack:
            sound = None
            if isinstance(reader, VideoReader):
                first = (options.start or 0) + reader.start
                last = None if options.end is None else options.end + reader.start
                sound = stack.enter_context(
                    contextlib.closing(PassthroughStreams(reader.path, first, last, reader.content))
                )
            writer = VideoWriter(place, options.format, info, transparent=transparent, sound=sound, name=target)
            yield stack.enter_context(writer)
        if finish is not None and isinstance(place, Path):
            finish(place)

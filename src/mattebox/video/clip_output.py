"""Where the frames of a clip go: a file that gets its name when it is complete, or numbered pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from mattebox.io.atomic_write import replacement_file
from mattebox.types import ImageSize, Picture
from mattebox.video.formats import ClipFormat
from mattebox.video.passthrough import PassthroughStreams
from mattebox.video.reader import VideoReader
from mattebox.video.sequence import SequenceWriter
from mattebox.video.writer import VideoWriter


class ClipOutput(Protocol):
    """Takes pictures with their time stamps. `size` is what is written, `notes` are for the user."""

    size: ImageSize
    notes: list[str]

    def write(self, picture: Picture, pts: int) -> None:
        """Take the next picture. OutputError."""


@contextlib.contextmanager
def open_clip_output(
    target: Path,
    reader: VideoReader,
    format: ClipFormat,
    *,
    transparent: bool,
    start: Fraction | None,
    end: Fraction | None,
    every: int,
    overwrite: bool,
    finish: Callable[[Path], None] | None = None,
) -> Iterator[ClipOutput]:
    """Open an output for the frames of a clip from `start` until `end`, with its sound. OutputError.

    `finish` is called with the complete file, before it gets its name.
    """
    if format.is_sequence:
        yield SequenceWriter(target, reader.info.size, overwrite=overwrite)
        return
    info = replace(reader.info, rate=reader.info.rate / every)
    first = (start or 0) + reader.start
    last = None if end is None else end + reader.start
    with replacement_file(target, overwrite=overwrite) as temporary_path:
        with contextlib.closing(PassthroughStreams(reader.path, first, last)) as sound:
            writer = VideoWriter(temporary_path, format, info, transparent=transparent, sound=sound, name=target)
            with writer:
                yield writer
        if finish is not None:
            finish(temporary_path)

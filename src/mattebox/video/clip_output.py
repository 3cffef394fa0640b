"""Where the frames of a clip go: a file that gets its name when it is complete, or numbered pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from mattebox.io.atomic_write import replacement_file
from mattebox.types import ImageSize, Picture
from mattebox.video.clip_options import ClipOptions
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
    options: ClipOptions,
    *,
    finish: Callable[[Path], None] | None = None,
) -> Iterator[ClipOutput]:
    """Open an output for the frames of a clip, with the sound of the part that is cut. OutputError.

    `finish` is called with the complete file, before it gets its name.
    """
    if options.format.is_sequence:
        yield SequenceWriter(target, reader.info.size, overwrite=options.overwrite)
        return
    info = replace(reader.info, rate=reader.info.rate / options.every)
    first = (options.start or 0) + reader.start
    last = None if options.end is None else options.end + reader.start
    with replacement_file(target, overwrite=options.overwrite) as temporary_path:
        with contextlib.closing(PassthroughStreams(reader.path, first, last)) as sound, VideoWriter(
            temporary_path, options.format, info,
            transparent=options.is_transparent, sound=sound, name=target,
        ) as writer:  # fmt: skip
            yield writer
        if finish is not None:
            finish(temporary_path)

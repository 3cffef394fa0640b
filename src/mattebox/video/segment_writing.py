"""Writing of a clip's frames in segments: to a file each, or, where they are pictures, to their own names at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from mattebox.io.atomic_write import replacement_file
from mattebox.types import ImageSize
from mattebox.video.clip_frame import ClipFrame, FinishedFrame, FrameSource
from mattebox.video.clip_output import ClipFile, ClipOutput
from mattebox.video.output_options import OutputOptions
from mattebox.video.segment_folder import SEGMENT_FRAMES, SEGMENT_PICTURES, S, SegmentFolder
from mattebox.video.sequence_pattern import check_output_pattern
from mattebox.video.sequence_reader import SequenceReader
from mattebox.video.sequence_writer import SequenceWriter
from mattebox.video.writer import VideoWriter

F = TypeVar("F", bound=FinishedFrame)
F_in = TypeVar("F_in", bound=FinishedFrame, contravariant=True)
S_out = TypeVar("S_out", covariant=True)


class SegmentRecorder(Protocol[F_in, S_out]):
    """Gathers what is to be known of a segment's frames."""

    def add(self, frame: F_in, source: ClipFrame) -> None:
        """Take a frame that was written."""

    def finish(self, stamps: list[int]) -> S_out:
        """The segment of the frames since the last one, with their time stamps."""


@dataclass(frozen=True)
class SegmentFiles:
    """Where the segments of a clip's file are written: a file each."""

    paths: Iterator[Path]
    reader: FrameSource
    options: OutputOptions
    size: ImageSize
    transparent: bool

    @contextlib.contextmanager
    def open_segment(self) -> Iterator[ClipOutput]:
        """The next segment's file, which gets its name when it is complete. OutputError."""
        options, info = self.options, self.reader.info
        info = replace(info, size=self.size, rate=info.rate / options.every, timecode=None, chapters=(), tags={})
        path = next(self.paths)
        with (
            replacement_file(path, overwrite=True) as temporary_path,
            VideoWriter(temporary_path, options.format, info, transparent=self.transparent, name=path) as writer,
        ):
            yield ClipFile(writer, is_from_pictures=isinstance(self.reader, SequenceReader))


def segment_length(options: OutputOptions) -> int:
    """Frames of a segment, by default; a multiple of the distance of key frames."""
    return SEGMENT_PICTURES if options.format.is_sequence else SEGMENT_FRAMES


def open_segment_place(
    target: Path, reader: FrameSource, options: OutputOptions, folder: SegmentFolder[S], size: ImageSize,
    *, transparent: bool,
) -> SegmentFiles | SequenceWriter:  # fmt: skip
    """Where segments are written. Pictures behind the last finished segment may be there, from the killed run.

    Parameters
    ----------
    target : Path
        The result.
    reader : FrameSource
    options : OutputOptions
    folder : SegmentFolder
    size : (int, int)
        Width and height of the frames.
    transparent : bool
        Whether they have alpha.

    Raises
    ------
    OutputError
    """
    if not options.format.is_sequence:
        paths = (folder.segment_path(len(folder.finished)) for _ in iter(int, 1))
        return SegmentFiles(paths, reader, options, size, transparent)
    writer = SequenceWriter(
        target, replace(reader.info, size=size),
        replace(options, overwrite=options.overwrite or folder.is_continued),
    )  # fmt: skip
    if isinstance(reader, SequenceReader):
        check_output_pattern(writer.pattern, reader.numbers, reader.source_paths)
    return writer


def write_segments(
    frames: Iterator[tuple[F, ClipFrame]],
    folder: SegmentFolder[S],
    place: SegmentFiles | SequenceWriter,
    recorder: SegmentRecorder[F, S],
    segment_frames: int,
) -> Iterator[ClipFrame]:
    """Write frames to segments; after each that is complete, the last frame of it."""
    is_file = isinstance(place, SegmentFiles)
    following = next(frames, None)
    while following is not None:
        stamps: list[int] = []
        source = following[1]
        with place.open_segment() if isinstance(place, SegmentFiles) else contextlib.nullcontext(place) as output:
            while following is not None and len(stamps) < segment_frames:
                frame, source = following
                stamps.append(source.pts)
                output.write(frame, replace(source, pts=source.pts - stamps[0]) if is_file else source)
                recorder.add(frame, source)
                following = next(frames, None)
        folder.add(recorder.finish(stamps))
        yield source

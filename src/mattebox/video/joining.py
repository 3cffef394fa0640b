"""Joining of segments: their packets one after the other with their exact time stamps, nothing encoded again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import av

from mattebox.types import ImageSize
from mattebox.video.clip_frame import FrameSource
from mattebox.video.clip_options import ClipOptions
from mattebox.video.clip_output import open_clip_file
from mattebox.video.writer import VideoWriter


def join_segments(
    paths: Sequence[Path],
    stamps: Sequence[Sequence[int]],
    target: Path,
    reader: FrameSource,
    options: ClipOptions,
    finish: Callable[[Path, ImageSize], None],
) -> tuple[ImageSize, list[str]]:
    """Join segments to the result, with the clip's sound and metadata.

    Parameters
    ----------
    paths : sequence of Path
        The segments, whose encoders never change the order of frames.
    stamps : sequence of sequence of int
        The time stamps of their frames, in units of the clip's time base.
    target : Path
        The result.
    reader : VideoReader
        The clip.
    options : ClipOptions
    finish : callable
        Called with the complete file and its size, before it gets its name.

    Returns
    -------
    tuple of (int, int) and list of str
        Width and height, and notes on the sound.

    Raises
    ------
    OutputError
        It cannot be written; the segments are left.
    """
    info = reader.info
    last_duration = max(round(options.every / info.rate / info.time_base), 1)
    ends = [*(times[0] for times in stamps[1:]), stamps[-1][-1] + last_duration]
    with open_clip_file(
        target, reader, options, transparent=options.is_transparent, finish=lambda path: finish(path, output.size)
    ) as output:
        for path, times, end in zip(paths, stamps, ends, strict=True):
            _copy_segment(path, [*times, end], output)
    return output.size, output.notes


def _copy_segment(path: Path, times: Sequence[int], output: VideoWriter) -> None:
    """Copy a segment's packets; `times` are their time stamps, and the time at which the last ends."""
    with av.open(str(path)) as segment:
        packets = (packet for packet in segment.demux(segment.streams.video[0]) if packet.size)
        for packet, (pts, following) in zip(packets, pairwise(times), strict=True):
            output.copy(packet, pts, following - pts)

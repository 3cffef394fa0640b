"""Joining of segments: their packets one after the other with their exact time stamps, nothing encoded again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer
from av.video.stream import VideoStream

from mattebox.types import ImageSize
from mattebox.video.clip_frame import FrameSource
from mattebox.video.clip_output import open_clip_file
from mattebox.video.output_options import OutputOptions
from mattebox.video.segment_folder import S, SegmentFolder
from mattebox.video.writer import VideoWriter

ANNEX_B_FILTERS = {"h264": "h264_mp4toannexb", "hevc": "hevc_mp4toannexb"}  # by the codec's name


def join_segments(
    folder: SegmentFolder[S],
    target: Path,
    reader: FrameSource,
    options: OutputOptions,
    size: ImageSize,
    *,
    transparent: bool,
    finish: Callable[[Path, ImageSize], None] | None = None,
) -> tuple[ImageSize, list[str]]:
    """Join segments to the result, with the clip's sound and metadata.

    Parameters
    ----------
    folder : SegmentFolder
        The segments, whose encoders never change the order of frames.
    target : Path
        The result.
    reader : VideoReader
        The clip.
    options : OutputOptions
    size : (int, int)
        Width and height of the frames.
    transparent : bool
        Whether they have alpha.
    finish : callable, optional
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
    info, stamps = reader.info, [segment.stamps for segment in folder.finished]
    last_duration = max(round(options.every / info.rate / info.time_base), 1)
    ends = [*(times[0] for times in stamps[1:]), stamps[-1][-1] + last_duration]
    output: VideoWriter

    def finish_file(path: Path) -> None:
        if finish is not None:
            finish(path, output.size)

    with open_clip_file(target, reader, options, transparent=transparent, size=size, finish=finish_file) as output:
        for path, times, end in zip(folder.paths, stamps, ends, strict=True):
            _copy_segment(path, [*times, end], output)
    return output.size, output.notes


def _copy_segment(path: Path, times: Sequence[int], output: VideoWriter) -> None:
    """Copy a segment's packets; `times` are their time stamps, and the time at which the last ends."""
    with av.open(str(path)) as segment:
        packets = _iter_packets(segment, segment.streams.video[0])
        for packet, (pts, following) in zip(packets, pairwise(times), strict=True):
            output.copy(packet, pts, following - pts)


def _iter_packets(segment: InputContainer, stream: VideoStream) -> Iterator[av.Packet[VideoStream]]:
    """The packets of a segment as an encoder gives them: those of H.264 and HEVC have lost their start codes in it."""
    name = ANNEX_B_FILTERS.get(stream.codec_context.name)
    start_codes = None if name is None else BitStreamFilterContext(name, stream)
    for packet in segment.demux(stream):
        if packet.size:
            yield from (packet,) if start_codes is None else start_codes.filter(packet)

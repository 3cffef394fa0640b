"""What a container and its streams say: time base, duration, colour tags, time code and chapters."""

from __future__ import annotations

from fractions import Fraction

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from mattebox.video.clip_info import Chapter, ColourTags


def stream_time_base(stream: VideoStream) -> Fraction:
    return stream.time_base or Fraction(1, 90000)


def stream_duration(stream: VideoStream, container: InputContainer) -> Fraction | None:
    if stream.duration:
        return stream.duration * stream_time_base(stream)
    return Fraction(container.duration, av.time_base) if container.duration else None


def read_colour_tags(frame: av.VideoFrame, stream: VideoStream) -> ColourTags:
    """The frame's tags; where it states none, its stream's."""

    def choose(of_frame: int, of_stream: int) -> int:
        return int(of_frame) if of_frame not in (0, 2) else int(of_stream) or 2

    return ColourTags(
        choose(frame.color_primaries, stream.color_primaries),
        choose(frame.color_trc, stream.color_trc),
        choose(frame.colorspace, stream.colorspace),
        int(frame.color_range or stream.color_range),
    )


def find_timecode(container: InputContainer) -> str | None:
    """The time code of the first frame: of the video stream, of a time code track, or of the file."""
    places = [*(stream.metadata for stream in container.streams), container.metadata]
    found = (value for place in places for key, value in place.items() if key.lower() == "timecode")
    return next(found, None)


def read_chapters(container: InputContainer) -> tuple[Chapter, ...]:
    return tuple(
        Chapter(c["start"] * c["time_base"], c["end"] * c["time_base"], c["metadata"])
        for c in container.chapters()
        if c["time_base"]
    )

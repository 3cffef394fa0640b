"""`VideoReader`: the frames of a clip, upright, with their own time stamps, and what is wrong with it.

Damaged frames are left out and named; the others keep their times.
"""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.video.stream import VideoStream

from mattebox.core.interface import name_parameter
from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.errors import InputUnreadable
from mattebox.video import frame_conversion
from mattebox.video.clip_frame import ClipFrame, ResumePoint
from mattebox.video.clip_info import ClipInfo
from mattebox.video.container import create_decoder, find_video_stream, open_container
from mattebox.video.deinterlacing import Deinterlacer
from mattebox.video.frame_size import changed_size_error, upright_size
from mattebox.video.stream_info import (
    find_timecode,
    read_chapters,
    read_colour_tags,
    stream_duration,
    stream_time_base,
)
from mattebox.video.time_text import format_time

DEFAULT_RATE = Fraction(25)  # of a clip of one frame that states none
MAX_MISSING_SECONDS = Fraction(1, 2)  # between the last frame and the duration that the file states
MAX_NAMED_FRAMES = 5  # of damaged ones in a note


class VideoReader:
    """A clip, open for reading. Use it with `with`.

    Parameters
    ----------
    path : path
        The file.
    content : bytes, optional
        The file's bytes, which `path` then only names.
    max_pixels : int
        Limit of a frame's size.
    deinterlace : bool
        Whether frames are two fields each, which become one.

    Attributes
    ----------
    info : ClipInfo
        What the clip says about itself.
    damaged_times : list of Fraction
        Times in seconds of the frames that could not be decoded, so far.
    start : Fraction
        Seconds in the file's own time at which it begins, which are this reader's zero; 0 for most files.
    ends_early : bool
        Whether the file stopped before its stated end; known once all frames were read.

    Raises
    ------
    InputMissing
        There is no such file.
    InputTooLarge
        Its frames have more pixels than the limit.
    InputUnreadable
        It is no video, has no video stream, or is cut off so that nothing can be read.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        content: bytes | None = None,
        max_pixels: int = MAX_INPUT_PIXELS,
        deinterlace: bool = False,
    ) -> None:
        self.path, self.content, self._deinterlaces = Path(path), content, deinterlace
        self.damaged_times: list[Fraction] = []
        self.ends_early = False
        self._had_errors = False
        self._container = open_container(self.path, content)
        self.start = max(Fraction(self._container.start_time or 0, av.time_base), Fraction(0))
        try:
            self._stream = find_video_stream(self._container, self.path, max_pixels)
            self._decoder = create_decoder(self._stream)
            self.info = self._read_info()
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    @property
    def has_sound(self) -> bool:
        """Whether the clip has a sound track."""
        return bool(self._container.streams.audio)

    def frames(
        self,
        start: Fraction | None = None,
        end: Fraction | None = None,
        every: int = 1,
        *,
        resume_from: ResumePoint | None = None,
    ) -> Iterator[ClipFrame]:
        """The frames from `start` up to, but without, `end` (seconds), and of these the first of each `every`.

        Time stamps count from `start`. With `resume_from`, the frames before that one are left out.
        """
        first_index, first_pts = resume_from or (0, None)
        time_base, zero = self.info.time_base, (start or 0) + self.start
        offset = round(zero / time_base)
        self._seek(zero if first_pts is None else zero + first_pts * time_base)
        count, last_pts = 0, None
        for frame in self._iter_whole_frames(start, end):
            assert frame.pts is not None
            time = frame.pts * time_base
            if (start is not None and time < zero) or (last_pts is not None and frame.pts <= last_pts):
                continue
            if first_pts is not None and frame.pts - offset < first_pts:
                continue
            if end is not None and time >= end + self.start:
                return
            last_pts = frame.pts
            if count % every == 0:
                picture = frame_conversion.picture_from_frame(frame, self.info.colour, self.info.rotation)
                yield ClipFrame(picture, first_index + count // every, frame.pts - offset, time_base)
            count += 1
        if last_pts is not None and end is None:
            self._note_early_end(last_pts * time_base - self.start)

    def notes(self) -> tuple[str, ...]:
        """Remarks on what was read so far."""
        notes = []
        if self.info.is_interlaced and not self._deinterlaces:
            notes.append(
                f"the clip is interlaced, and moving edges are combs: try {name_parameter('deinterlace', True)}"
            )
        if self.damaged_times:
            named = ", ".join(format_time(time) for time in self.damaged_times[:MAX_NAMED_FRAMES])
            more = ", ..." if len(self.damaged_times) > MAX_NAMED_FRAMES else ""
            count = len(self.damaged_times)
            notes.append(f"{count} damaged frame{'s' if count > 1 else ''} left out, at {named}{more}")
        if self.ends_early:
            notes.append("the file is cut off: it ends before the time that it states")
        return tuple(notes)

    def _read_info(self) -> ClipInfo:
        frame = self._first_frame()
        stream = self._stream
        pixel_aspect = stream.sample_aspect_ratio or Fraction(1)
        duration = stream_duration(stream, self._container)
        return ClipInfo(
            size=upright_size(frame, frame.rotation),
            time_base=stream_time_base(stream),
            rate=stream.average_rate or stream.guessed_rate or DEFAULT_RATE,
            duration=duration,
            depth=frame_conversion.bit_depth(frame),
            has_alpha=frame_conversion.has_alpha(frame),
            colour=read_colour_tags(frame, stream),
            pixel_aspect=1 / pixel_aspect if frame.rotation % 180 else pixel_aspect,
            rotation=frame.rotation,
            timecode=find_timecode(self._container),
            tags={**self._container.metadata},
            chapters=read_chapters(self._container),
            is_interlaced=bool(frame.interlaced_frame),
        )

    def frame_times(self) -> list[Fraction]:
        """The times of all frames in seconds, as `frames` yields them: decoded, but not made pictures of."""
        self._seek(self.start)
        times: list[Fraction] = []
        for frame in self._iter_whole_frames(None, None):
            time = (frame.pts or 0) * self.info.time_base - self.start
            if not times or time > times[-1]:
                times.append(time)
        return times

    def _iter_whole_frames(self, start: Fraction | None, end: Fraction | None) -> Iterator[av.VideoFrame]:
        """Decoded frames, deinterlaced where that was asked for."""
        deinterlacer = Deinterlacer() if self._deinterlaces else None
        for frame in self._decode(start):
            if upright_size(frame, self.info.rotation) != self.info.size:
                time = (frame.pts or 0) * self.info.time_base - self.start
                if end is not None and time >= end:
                    break
                raise changed_size_error(self.path, self.info, frame, time)
            if deinterlacer is None:
                yield frame
            else:
                yield from deinterlacer.push(frame)
        if deinterlacer is not None:
            yield from deinterlacer.flush()

    def _first_frame(self) -> av.VideoFrame:
        for frame in self._decode(None):
            return frame
        raise InputUnreadable(
            f"{self.path}: none of its frames can be decoded", "export the clip again, as MP4 (H.264) for instance"
        )

    def _seek(self, time: Fraction) -> None:
        """Go to the key frame before a time of the file."""
        offset = int(time / stream_time_base(self._stream)) if time else min(self._stream.start_time or 0, 0)
        with contextlib.suppress(av.error.FFmpegError):  # streams that cannot seek are read from where they are
            self._container.seek(offset, stream=self._stream, backward=True)
        self._decoder.flush_buffers()

    def _decode(self, start: Fraction | None) -> Iterator[av.VideoFrame]:
        """Decoded frames with time stamps; damaged ones are noted, but not those before `start`."""
        expected: list[int] = []  # time stamps of packets whose frames have not come, a heap
        self._had_errors = False
        for packet in self._demux():
            if packet.size and packet.pts is not None and not packet.is_discard:
                heapq.heappush(expected, packet.pts)
            for frame in self._decode_packet(packet):
                stamps = _pop_until(expected, frame.pts or 0)
                self._had_errors |= frame.is_corrupt
                if frame.is_corrupt:
                    stamps.append(frame.pts or 0)
                self._note_damage(stamps, start)
                if not frame.is_corrupt:
                    yield frame
        self._note_damage(sorted(expected), start)

    def _decode_packet(self, packet: av.Packet[VideoStream]) -> list[av.VideoFrame]:
        """The frames with time stamps that are ready; which frame an error belongs to, only what is missing says."""
        try:
            frames = self._decoder.decode(packet)
        except av.error.EOFError:
            return []
        except (av.error.InvalidDataError, av.error.ExternalError, av.error.ArgumentError):
            self._had_errors = True
            return []
        for frame in frames:
            if frame.pts is None:
                frame.pts = frame.dts
        return [frame for frame in frames if frame.pts is not None]

    def _demux(self) -> Iterator[av.Packet[VideoStream]]:
        try:
            yield from self._container.demux(self._stream)
        except (av.error.InvalidDataError, av.error.EOFError):
            self.ends_early = True

    def _note_damage(self, stamps: list[int], start: Fraction | None) -> None:
        """Note the frames of these time stamps as missing, where there were errors: some packets never show a frame."""
        if not self._had_errors:
            return
        times = [pts * stream_time_base(self._stream) - self.start for pts in stamps]
        self.damaged_times += [t for t in times if (start is None or t >= start) and t not in self.damaged_times]

    def _note_early_end(self, last_time: Fraction) -> None:
        duration = self.info.duration
        if duration is not None and last_time + 1 / self.info.rate + MAX_MISSING_SECONDS < duration:
            self.ends_early = True


def _pop_until(expected: list[int], pts: int) -> list[int]:
    """Take all time stamps up to `pts` from a heap, and return those before it."""
    missing = []
    while expected and expected[0] <= pts:
        stamp = heapq.heappop(expected)
        if stamp < pts:
            missing.append(stamp)
    return missing

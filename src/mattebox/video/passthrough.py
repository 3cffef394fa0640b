"""Sound and subtitles of a clip: copied packet by packet where the container takes them, else transcoded (sound) or
left out with a note (subtitles).

The source is demuxed a second time, beside the frames, so that nothing is kept in memory: `mux_until` writes what
belongs before a frame just before the frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer

from mattebox.video.container import open_container
from mattebox.video.formats import ClipFormat

OPUS_RATES = (48000, 24000, 16000, 12000, 8000)
SOUND_BIT_RATE = 160_000
SEEK_MARGIN_SECONDS = Fraction(1)


@dataclass
class _Track:
    """One stream of the source and where it goes; `resampler` only where it is transcoded."""

    source: Any
    target: Any
    resampler: av.AudioResampler | None = None


@dataclass
class PassthroughStreams:
    """Sound and subtitles of a clip on their way into an output.

    Attributes
    ----------
    path : Path
        The clip.
    start, end : Fraction, Fraction or None
        Seconds of the file that are kept; time stamps are moved by -start.
    content : bytes or None
        The clip's bytes, which `path` then only names.
    notes : list of str
        What was transcoded or left out.
    """

    path: Path
    start: Fraction = Fraction(0)
    end: Fraction | None = None
    content: bytes | None = None
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._container = open_container(self.path, self.content)
        self._tracks: dict[int, _Track] = {}
        self._items: Iterator[tuple[Fraction, Any]] = iter(())
        self._next: tuple[Fraction, Any] | None = None
        self._output: OutputContainer | None = None

    def add_to(self, output: OutputContainer, format: ClipFormat) -> None:
        """Add the streams to an output, before its first packet."""
        self._output = output
        for stream in self._container.streams.audio:
            self._add_sound(stream, output, format)
        for subtitle in self._container.streams.subtitles:
            name = subtitle.codec_context.name
            if format.subtitle_codecs and name not in format.subtitle_codecs:
                self.notes.append(f"subtitles ({name}) left out: {format.name} cannot hold them")
                continue
            self._tracks[subtitle.index] = _Track(subtitle, output.add_stream_from_template(subtitle))
        if self._tracks:
            self._items = self._iter_packets()
            self._next = next(self._items, None)

    def mux_until(self, time: Fraction | None) -> None:
        """Write all that comes before `time` (seconds of the output); None for the rest, and the encoders' last."""
        while self._next is not None and (time is None or self._next[0] < time):
            assert self._output is not None
            self._output.mux(self._next[1])
            self._next = next(self._items, None)

    def close(self) -> None:
        """Close the clip."""
        self._container.close()

    def _add_sound(self, stream: AudioStream, output: OutputContainer, format: ClipFormat) -> None:
        name = stream.codec_context.name
        if not format.sound_codecs or name in format.sound_codecs:
            self._tracks[stream.index] = _Track(stream, output.add_stream_from_template(stream))
            return
        rate, encoder = stream.rate, format.sound_encoder
        if encoder == "libopus":
            rate = next((r for r in reversed(OPUS_RATES) if r >= rate), OPUS_RATES[0])
        layout = stream.layout.name if stream.layout.nb_channels <= 2 else "stereo"
        target = output.add_stream(encoder, rate=rate, layout=layout)
        assert isinstance(target, AudioStream)
        if not encoder.startswith("pcm"):
            target.bit_rate = SOUND_BIT_RATE
        target.metadata.update({k: v for k, v in stream.metadata.items() if k in ("language", "title")})
        resampler = av.AudioResampler(format=target.format, layout=layout, rate=rate)
        self._tracks[stream.index] = _Track(stream, target, resampler)
        self.notes.append(f"sound transcoded from {name} to {encoder}: {format.name} cannot hold it otherwise")

    def _iter_packets(self) -> Iterator[tuple[Fraction, Any]]:
        """Packets for the output, with their times there."""
        start = self.start
        if start > SEEK_MARGIN_SECONDS:
            self._container.seek(int((start - SEEK_MARGIN_SECONDS) * av.time_base), backward=True)
        for packet in self._demux():
            track = self._tracks[packet.stream.index]
            time = Fraction(0) if packet.pts is None else packet.pts * packet.time_base
            if packet.size and (packet.dts is None or time < start or (self.end is not None and time >= self.end)):
                continue
            if track.resampler is not None:
                yield from self._transcode(track, packet)
            elif packet.size:
                offset = round(start / packet.time_base)
                packet.pts = None if packet.pts is None else packet.pts - offset
                packet.dts -= offset
                packet.stream = track.target
                yield time - start, packet
        for track in self._tracks.values():
            if track.resampler is not None:
                yield from self._encode(track, [*track.resampler.resample(None), None])

    def _demux(self) -> Iterator[Any]:
        try:
            yield from self._container.demux(*(track.source for track in self._tracks.values()))
        except (av.error.InvalidDataError, av.error.EOFError):
            self.notes.append("the sound is cut off")

    def _transcode(self, track: _Track, packet: Any) -> Iterator[tuple[Fraction, Any]]:
        assert track.resampler is not None
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            return
        for frame in frames:
            if frame.pts is not None:
                frame.pts -= round(self.start / frame.time_base)
            yield from self._encode(track, track.resampler.resample(frame))

    def _encode(self, track: _Track, frames: list[Any]) -> Iterator[tuple[Fraction, Any]]:
        for frame in frames:
            for encoded in track.target.encode(frame):
                yield (encoded.pts or 0) * encoded.time_base, encoded

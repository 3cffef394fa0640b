"""`VideoWriter`: pictures with time stamps into a clip, with sound, colour tags, time code, chapters and tags.

Writes to the path that it is given; that nothing half-written gets the final name is the caller's part
(`io.atomic_write.replacement_file`).
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import av
from av.container import OutputContainer
from av.video.stream import VideoStream

from mattebox.errors import OutputError
from mattebox.io.atomic_write import output_error
from mattebox.types import ImageSize, Picture
from mattebox.video import frame_conversion
from mattebox.video.clip_info import RGB_MATRIX, ClipInfo
from mattebox.video.formats import ClipFormat, Encoding, require_encoder
from mattebox.video.hidden_colours import clear_hidden_colours
from mattebox.video.passthrough import PassthroughStreams

KEPT_TAGS = ("title", "artist", "album", "date", "comment", "copyright", "description", "genre", "creation_time")
FINEST_TIME_BASE = Fraction(1, 1_000_000)


class VideoWriter:
    """A clip, open for writing. Use it with `with`; after an exception inside, the file is incomplete.

    `size` is what is written, `notes` are remarks for the user.

    Parameters
    ----------
    path : Path or binary file
        The file. Its suffix does not matter.
    format : ClipFormat
    info : ClipInfo
        Of the clip that the frames come from, with the size of the output.
    transparent : bool
        Whether the pictures have alpha.
    sound : PassthroughStreams, optional
        Sound and subtitles.
    name : Path, optional
        The file's final name, for errors.

    Raises
    ------
    OutputError
        The format cannot hold alpha, its encoder is not built in, or the file cannot be written.
    """

    def __init__(
        self,
        path: Path | BinaryIO,
        format: ClipFormat,
        info: ClipInfo,
        *,
        transparent: bool,
        sound: PassthroughStreams | None = None,
        name: Path | None = None,
    ) -> None:
        self._sound = sound
        self._name = name or (path if isinstance(path, Path) else Path("the result"))
        even_size = info.size[0] % 2 == info.size[1] % 2 == 0
        encoding = format.choose_encoding(transparent=transparent, depth=info.depth, even_size=even_size)
        require_encoder(encoding, format)
        self.encoding, self._format = encoding, format
        self.size = even_numbers(info.size) if encoding.needs_even_size else info.size
        self.notes: list[str] = []
        if self.size != info.size:
            self.notes.append(f"{encoding.codec} takes even sizes only: the last row or column is repeated")
        self._time_base, self._is_copied = info.time_base, False
        self._tags = frame_conversion.output_tags(info.colour, info.size[1], encoding.codec)
        try:
            self._container: OutputContainer = av.open(
                str(path) if isinstance(path, Path) else path,
                "w",
                format=format.container,
                options=_muxer_options(format, info),
            )
            self._stream = self._add_video(encoding, info)
            _copy_metadata(self._container, info)
            if sound is not None:
                sound.add_to(self._container, format)
                self.notes += sound.notes
        except OSError as error:
            raise output_error(error, self._name) from error
        except (av.error.FFmpegError, ValueError) as error:
            raise _encoder_error(error, encoding, self.size) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()
            return
        try:
            self._container.close()
        except (OSError, av.error.FFmpegError):  # the first error is the one that counts
            return

    def write(self, picture: Picture, pts: int) -> None:
        """Encode a picture with its time stamp, in units of the clip's time base. OutputError."""
        if not self._format.keeps_hidden_colours:
            picture = clear_hidden_colours(picture)
        frame = frame_conversion.frame_from_picture(picture, self.encoding.pixel_format, self._tags, self.size)
        frame.pts, frame.time_base = pts, self._time_base
        try:
            self._mux(self._stream.encode(frame))
        except OSError as error:
            raise output_error(error, self._name) from error
        except av.error.FFmpegError as error:
            raise _encoder_error(error, self.encoding, self.size) from error

    def copy(self, packet: av.Packet[VideoStream], pts: int, duration: int) -> None:
        """Write an encoded frame of a clip of the same format and size, with its time stamp and duration. OutputError.

        A clip is either written or copied.
        """
        self._is_copied = True
        packet.stream, packet.time_base = self._stream, self._time_base
        packet.pts = packet.dts = pts
        packet.duration = duration
        try:
            self._mux([packet])
        except OSError as error:
            raise output_error(error, self._name) from error

    def _finish(self) -> None:
        try:
            if not self._is_copied:
                self._mux(self._stream.encode(None))
            if self._sound is not None:
                self._sound.mux_until(None)
            self._container.close()
        except OSError as error:
            raise output_error(error, self._name) from error

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            if self._sound is not None and packet.pts is not None:
                self._sound.mux_until(packet.pts * packet.time_base)
            self._container.mux(packet)

    def _add_video(self, encoding: Encoding, info: ClipInfo) -> VideoStream:
        stream = self._container.add_stream(encoding.codec, rate=info.rate, options=dict(encoding.options))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = self.size
        stream.pix_fmt = encoding.pixel_format
        stream.time_base = stream.codec_context.time_base = info.time_base
        stream.codec_context.sample_aspect_ratio = info.pixel_aspect
        if encoding.tag:
            stream.codec_context.codec_tag = encoding.tag
        stream.color_primaries, stream.color_trc = self._tags.primaries, self._tags.transfer
        if not av.VideoFormat(encoding.pixel_format).is_rgb:
            stream.colorspace, stream.color_range = self._tags.matrix, self._tags.range
        else:
            stream.colorspace = RGB_MATRIX
        if info.timecode is not None:
            stream.metadata["timecode"] = info.timecode
        stream.thread_type = "AUTO"
        return stream


def even_numbers(size: ImageSize) -> ImageSize:
    """The size, each number raised to an even one."""
    return size[0] + size[0] % 2, size[1] + size[1] % 2


def _muxer_options(format: ClipFormat, info: ClipInfo) -> dict[str, str]:
    """MOV and MP4 count the time before the first frame in units of their own, milliseconds by default."""
    if format.container not in ("mov", "mp4") or info.time_base.numerator != 1:
        return {}
    return {"movie_timescale": str(info.time_base.denominator)}


def _copy_metadata(container: OutputContainer, info: ClipInfo) -> None:
    container.metadata.update({key: value for key, value in info.tags.items() if key.lower() in KEPT_TAGS})
    if info.chapters:
        chapters = [
            {
                "id": number,
                "start": round(chapter.start * 1000),
                "end": round(chapter.end * 1000),
                "time_base": Fraction(1, 1000),
                "metadata": dict(chapter.tags),
            }
            for number, chapter in enumerate(info.chapters, 1)
        ]
        container.set_chapters(chapters)  # type: ignore[arg-type]


def _encoder_error(error: Exception, encoding: Encoding, size: ImageSize) -> OutputError:
    width, height = size
    return OutputError(
        f"{encoding.codec} refused {width} x {height} pixels of {encoding.pixel_format} ({str(error)[:80]})",
        "choose another format",
    )

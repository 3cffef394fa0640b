"""Opening of a clip's file: its container, its video stream, and a decoder that keeps alpha.

The alpha of VP8 and VP9 comes from libvpx, because FFmpeg's own decoders drop it.
"""

from __future__ import annotations

import contextlib
import struct
from io import BytesIO
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from mattebox.errors import InputMissing, InputTooLarge, InputUnreadable

ALPHA_DECODERS = {"vp9": "libvpx-vp9", "vp8": "libvpx"}


def open_container(path: Path, content: bytes | None = None) -> InputContainer:
    """Open a clip's file, or its bytes, which `path` then only names. InputMissing, InputUnreadable."""
    if content is not None:
        try:
            return av.open(BytesIO(content), "r", metadata_errors="replace")
        except (av.error.FFmpegError, OSError) as error:
            raise _unreadable_error(path) from error
    if not path.exists():
        raise InputMissing(f"{path}: there is no such file", "check the path")
    if path.is_file() and not path.stat().st_size:
        raise InputUnreadable(f"{path}: is empty (0 bytes)", "copy or export the clip again, completely")
    if path.is_dir():
        raise InputUnreadable(f"{path}: is a folder, not a video", "give the clips in it")
    try:
        return av.open(str(path), metadata_errors="replace")
    except av.error.FFmpegError as error:
        if _lacks_index(path):
            raise InputUnreadable(
                f"{path}: is cut off, and its index (at the end of an MP4 or MOV) is missing",
                "copy or export the clip again, completely",
            ) from error
        raise _unreadable_error(path) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputUnreadable(f"{path}: cannot be read ({reason})", "check its permissions") from error


def _unreadable_error(path: Path) -> InputUnreadable:
    return InputUnreadable(
        f"{path}: is not a video, or of an unsupported kind", "export it as MP4 (H.264) for instance"
    )


def _lacks_index(path: Path) -> bool:
    """Whether a file is an MP4 or MOV without its index: no box `moov` among the outermost (ISO/IEC 14496-12, 4.2)."""
    with contextlib.suppress(OSError, struct.error), path.open("rb") as file:
        is_mp4, end = False, path.stat().st_size
        while file.tell() < end:
            start = file.tell()
            size, kind = struct.unpack(">I4s", file.read(8))
            if size == 1:
                (size,) = struct.unpack(">Q", file.read(8))
            is_mp4 = is_mp4 or kind == b"ftyp"
            if not is_mp4 or kind == b"moov" or size < 8:
                return bool(is_mp4 and kind != b"moov")
            file.seek(start + size)
        return is_mp4
    return False


def find_video_stream(container: InputContainer, path: Path, max_pixels: int) -> VideoStream:
    """The first video stream that is no cover picture. InputUnreadable, InputTooLarge."""
    covers = av.stream.Disposition.attached_pic
    for stream in container.streams.video:
        if not stream.disposition & covers:
            if stream.codec_context is None:
                raise InputUnreadable(
                    f"{path}: its video is of an unknown kind", "export it as MP4 (H.264) for instance"
                )
            width, height = stream.codec_context.width, stream.codec_context.height
            if width * height > max_pixels:
                raise InputTooLarge(
                    f"{path}: has frames of {width} x {height} pixels, {width * height / 1e6:.3g} megapixels; the "
                    f"limit is {max_pixels / 1e6:.3g}",
                    "export it smaller",
                )
            stream.thread_type = "AUTO"
            return stream
    what = "only sound" if container.streams.audio else "no pictures"
    raise InputUnreadable(f"{path}: has no video stream, {what}", "give a clip with a picture")


def create_decoder(stream: VideoStream) -> av.VideoCodecContext:
    context = stream.codec_context
    name = ALPHA_DECODERS.get(context.name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        return context
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.extradata = context.extradata
    return decoder

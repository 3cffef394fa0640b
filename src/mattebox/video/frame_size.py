"""The size of a clip's frames, which may change within a file: a phone was turned, or a call's picture got smaller."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from mattebox.core.interface import name_parameter
from mattebox.errors import InputUnreadable
from mattebox.types import ImageSize
from mattebox.video.clip_info import ClipInfo
from mattebox.video.time_text import format_time


def upright_size(frame: av.VideoFrame, rotation: int) -> ImageSize:
    """Width and height of a frame that is turned by `rotation` degrees."""
    return (frame.height, frame.width) if rotation % 180 else (frame.width, frame.height)


def changed_size_error(path: Path, info: ClipInfo, frame: av.VideoFrame, time: Fraction) -> InputUnreadable:
    """The error for a frame of another size than the first."""
    first, other = ("{} x {}".format(*size) for size in (info.size, upright_size(frame, info.rotation)))
    return InputUnreadable(
        f"{path}: its frames change from {first} to {other} pixels at {format_time(time)}",
        f"export it in one size, or end before that with {name_parameter('until')}",
    )

"""Frames of a clip, and where they come from: a clip's file, or numbered pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from mattebox.io.scene_light import SceneLight
from mattebox.types import Picture
from mattebox.video.clip_info import ClipInfo


@dataclass(frozen=True, eq=False)
class ClipFrame:
    """A frame of a clip.

    Attributes
    ----------
    picture : Picture
    index : int
        Its place within what is read, from 0.
    pts : int
        Time stamp, in units of `time_base` (seconds).
    number : int or None
        The number in its file's name, where it is one of a sequence of pictures.
    light : SceneLight or None
        Linear light of its file, where the picture does not hold all of it.
    """

    picture: Picture
    index: int
    pts: int
    time_base: Fraction
    number: int | None = None
    light: SceneLight | None = None

    @property
    def time(self) -> Fraction:
        """Seconds from the clip's zero."""
        return self.pts * self.time_base


class ResumePoint(NamedTuple):
    """A frame to begin at: its number and its time stamp, as `frames` gave them."""

    number: int
    pts: int


class FrameSource(Protocol):
    """The frames of a clip or of a sequence of pictures; used with `with`.

    Attributes
    ----------
    path : Path
        The file, or the sequence's pattern.
    info : ClipInfo
        What it says about itself.
    start : Fraction
        Seconds in the file's own time at which it begins, which are the frames' zero.
    """

    path: Path
    info: ClipInfo
    start: Fraction

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def frames(
        self,
        start: Fraction | None = None,
        end: Fraction | None = None,
        every: int = 1,
        *,
        resume_from: ResumePoint | None = None,
    ) -> Iterator[ClipFrame]:
        """The frames from `start` up to, but without, `end` (seconds), and of these the first of each `every`."""

    def notes(self) -> tuple[str, ...]:
        """Remarks on what was read so far."""


class FinishedFrame(Protocol):
    """A frame that is ready to be written."""

    @property
    def picture(self) -> Picture:
        """What is written."""

"""`ClipJob`: one clip to cut out: where it comes from and goes to, how it is cut, and who is told how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.io.reader import read_cached
from mattebox.models.matte_session import Session, open_session
from mattebox.types import OpenImage
from mattebox.video.clip_frame import FrameSource
from mattebox.video.clip_options import ClipOptions
from mattebox.video.clip_result import ClipProgress
from mattebox.video.time_text import format_time


@dataclass(frozen=True)
class ClipJob:
    """A clip to cut out.

    Attributes
    ----------
    source, target : Path
        The clip, and the result: a file, or for a sequence a folder or pattern.
    options : ClipOptions
        How it is cut.
    session : Session, optional
        An open network in place of the step's model.
    open_image : callable
        Opens the pictures that the steps name, such as a background.
    report : Path, optional
        Takes a line of JSON for each frame.
    timeline : Path, optional
        Takes a timeline for editors (OpenTimelineIO).
    sheet : Path, optional
        Takes a page with the least confident frames.
    content : bytes, optional
        The clip's bytes, which `source` then only names.
    sink : binary file, optional
        Takes the result in place of `target`.
    max_frame_pixels : int
        Limit of a frame's size.
    on_progress : callable, optional
        Called after each frame, or each segment, that was written.
    """

    source: Path
    target: Path
    options: ClipOptions
    session: Session | None = None
    open_image: OpenImage = read_cached
    report: Path | None = None
    timeline: Path | None = None
    sheet: Path | None = None
    content: bytes | None = None
    sink: BinaryIO | None = None
    max_frame_pixels: int = MAX_INPUT_PIXELS
    on_progress: Callable[[ClipProgress], None] | None = None

    def open_network(self) -> Session:
        """The network that cuts. ModelError, DeviceError."""
        return self.session or open_session(self.options.cut.model, self.options.device, self.options.threads)

    def tell_progress(self, reader: FrameSource, frames: int, seconds: float, rate: float) -> None:
        """Tell whoever wants to know that so many frames are done, up to a time in the clip."""
        if self.on_progress is not None:
            self.on_progress(ClipProgress(frames, seconds, self.options.part_seconds(reader.info.duration), rate))

    def describe_range(self) -> str:
        """The part of the clip that is cut, for errors."""
        words = []
        if self.options.start is not None:
            words.append(f"from {format_time(self.options.start)}")
        if self.options.end is not None:
            words.append(f"until {format_time(self.options.end)}")
        return " ".join(words) or "that can be decoded"

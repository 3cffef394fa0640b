"""What all work on clips has in common: the format, the part of the clip, and where networks run."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from mattebox.core.interface import name_parameter
from mattebox.errors import UsageError
from mattebox.io.scene_light import InputColour
from mattebox.video.formats import ClipFormat

MAX_RATE = 1000


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """How a clip is read and written.

    Attributes
    ----------
    format : ClipFormat
    start, end : Fraction or None
        Seconds of the clip that are taken; the result begins at 0.
    every : int
        Of so many frames the first is kept.
    overwrite : bool
        Whether existing files may be replaced.
    device, threads
        Where networks run.
    rate : Fraction or None
        Frames per second of a sequence of pictures; None for what they state, else 24.
    input_colour : {"auto", "linear", "srgb", "acescg", "aces"}
        What the values of a sequence of pictures are; auto goes by the files.
    deinterlace : bool
        Whether the clip's frames are two fields each, which become one.
    """

    format: ClipFormat
    start: Fraction | None = None
    end: Fraction | None = None
    every: int = 1
    overwrite: bool = True
    device: str = "auto"
    threads: int | None = None
    rate: Fraction | None = None
    input_colour: InputColour = "auto"
    deinterlace: bool = False

    def __post_init__(self) -> None:
        if self.every < 1:
            raise UsageError(f"every: {self.every} is not positive", "give 1 for all frames, 2 for every other, ...")
        if self.end is not None and self.end <= (self.start or 0):
            raise UsageError("the end does not lie behind the start", f"give a later {name_parameter('until')}")
        if self.rate is not None and not 0 < self.rate <= MAX_RATE:
            raise UsageError(f"{float(self.rate):g} is no rate of frames", "give one such as 24 or 24000/1001")

    def part_seconds(self, duration: Fraction | None) -> float | None:
        """Seconds that are taken of a clip of this duration, where they are known."""
        ends = [time for time in (self.end, duration) if time is not None]
        return float(min(ends) - (self.start or 0)) if ends else None

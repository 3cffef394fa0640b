"""`SequenceReader`: numbered pictures as the frames of a clip. Missing and damaged ones are left out and named."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.errors import InputError, InputUnreadable
from mattebox.io.scene_light import FilmFrame, InputColour, read_film_frame
from mattebox.types import BitDepth
from mattebox.video.clip_frame import ClipFrame, ResumePoint
from mattebox.video.clip_info import FULL_RANGE, ClipInfo, ColourTags
from mattebox.video.sequence_pattern import describe_numbers, parse_sequence

DEFAULT_RATE = Fraction(24)
SRGB_TAGS = ColourTags(primaries=1, transfer=13, matrix=1, range=FULL_RANGE)
FLOAT_BITS = 32


class SequenceReader:
    """Numbered pictures, open for reading. Use it with `with`.

    Parameters
    ----------
    path : Path
        The pattern, such as shot.%04d.exr, with a range behind it where not all are wanted.
    rate : Fraction, optional
        Frames per second; by default what the first picture states, else 24.
    colour : str
        What the pictures' values are (`io.scene_light`).

    Attributes
    ----------
    numbers, missing, damaged : list of int
        The numbers of the pictures that there are, that lack within the range, and that could not be read so far.

    Raises
    ------
    InputMissing, InputUnreadable, InputTooLarge, UsageError
    """

    def __init__(self, path: Path, rate: Fraction | None = None, colour: InputColour = "auto") -> None:
        self.path, self.start, self._colour = path, Fraction(0), colour
        self.pattern = parse_sequence(path)
        self.numbers = self.pattern.list_numbers()
        self.missing = self.pattern.list_missing(self.numbers)
        self.damaged: list[int] = []
        self._states_rate = rate is not None
        first = self._read_first()
        self._states_rate |= first.rate is not None
        self.info = self._describe(first, rate or first.rate or DEFAULT_RATE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    @property
    def source_paths(self) -> list[Path]:
        """The files."""
        return [self.pattern.path_of(number) for number in self.numbers]

    def frames(
        self,
        start: Fraction | None = None,
        end: Fraction | None = None,
        every: int = 1,
        *,
        resume_from: ResumePoint | None = None,
    ) -> Iterator[ClipFrame]:
        """The pictures from `start` up to, but without, `end` (seconds), and of these the first of each `every`.

        Time stamps count frames from `start`; where a picture is missing, its time passes.
        """
        first_index, first_pts = resume_from or (0, None)
        offset, index = round((start or 0) / self.info.time_base), 0
        for number in self.numbers:
            pts = (number - self._first_number) // self._step - offset
            is_late = end is not None and (pts + offset) * self.info.time_base >= end
            if pts < 0 or is_late or pts % every or (first_pts is not None and pts < first_pts):
                continue
            frame = self._read(number)
            if frame is None:
                continue
            yield ClipFrame(frame.picture, first_index + index, pts, self.info.time_base, number, frame.light)
            index += 1

    def notes(self) -> tuple[str, ...]:
        """Remarks on what is missing, and on what was read so far."""
        notes = []
        for numbers, what in ((self.missing, "missing"), (self.damaged, "damaged, left out")):
            if numbers:
                plural = "s" if len(numbers) > 1 else ""
                notes.append(f"{len(numbers)} frame{plural} {what}: {describe_numbers(numbers)}")
        if not self._states_rate:
            notes.append(f"the pictures state no rate: {self.info.rate} frames a second taken")
        return tuple(notes)

    @property
    def _first_number(self) -> int:
        return self.pattern.range.start if self.pattern.range is not None else self.numbers[0]

    @property
    def _step(self) -> int:
        return self.pattern.range.step if self.pattern.range is not None else 1

    def _read_first(self) -> FilmFrame:
        for number in self.numbers:
            frame = self._read(number, is_first=True)
            if frame is not None:
                return frame
        raise InputUnreadable(
            f"{self.path}: none of its {len(self.numbers)} pictures can be read", "export the sequence again"
        )

    def _read(self, number: int, *, is_first: bool = False) -> FilmFrame | None:
        """The picture of a number, or None, noted, where it cannot be read. InputUnreadable for another size."""
        path = self.pattern.path_of(number)
        try:
            frame = read_film_frame(path, self._colour, MAX_INPUT_PIXELS)
        except InputError as error:
            if "extra package" in error.problem:
                raise
            if number not in self.damaged:
                self.damaged.append(number)
            return None
        if not is_first and frame.picture.size != self.info.size:
            (width, height), (wanted_width, wanted_height) = frame.picture.size, self.info.size
            raise InputUnreadable(
                f"{path}: is {width} x {height} pixels, the pictures before it {wanted_width} x {wanted_height}",
                "give pictures of one size",
            )
        return frame

    def _describe(self, first: FilmFrame, rate: Fraction) -> ClipInfo:
        is_float = first.light is not None and not first.light.is_half
        depth = FLOAT_BITS if is_float else int(first.picture.bit_depth)
        last = self.pattern.range[-1] if self.pattern.range is not None else self.numbers[-1]
        count = (last - self._first_number) // self._step + 1
        return ClipInfo(
            size=first.picture.size,
            time_base=1 / rate,
            rate=rate,
            duration=count / rate,
            depth=depth if is_float or first.picture.bit_depth is BitDepth.SIXTEEN else 8,
            has_alpha=first.picture.alpha is not None,
            colour=SRGB_TAGS,
            timecode=first.timecode,
        )

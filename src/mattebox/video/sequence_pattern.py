"""Names of numbered pictures: `shot.%04d.exr`, `shot.####.png`; with a range as Nuke has it, `shot.####.exr 1-100`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from mattebox.errors import InputMissing, OutputError, UsageError

NUMBER_PATTERN = re.compile(r"%0?(\d*)d|(#+)")
RANGE_PATTERN = re.compile(r"(.*\S)\s+(\d+)-(\d+)(?:x(\d+))?")
MAX_SEQUENCE_FRAMES = 10_000_000
MAX_NAMED_RANGES = 6  # of missing frames in a note


@dataclass(frozen=True)
class SequencePattern:
    """The name of a sequence of pictures.

    Attributes
    ----------
    folder : Path
    prefix, suffix : str
        What stands before and behind the number.
    digits : int
        The number has at least so many.
    range : range or None
        The numbers that are asked for; None for all that there are.
    """

    folder: Path
    prefix: str
    suffix: str
    digits: int
    range: range | None = None

    def path_of(self, number: int) -> Path:
        """The file of a number."""
        return self.folder / f"{self.prefix}{str(number).zfill(self.digits)}{self.suffix}"

    @property
    def stem(self) -> str:
        """What the pictures have in common, without dots at its end."""
        return self.prefix.rstrip("._- ") or self.folder.name

    @property
    def label(self) -> str:
        """The pattern with %04d, as compositing programs write it."""
        return f"{self.prefix}%0{self.digits}d{self.suffix}"

    def list_numbers(self) -> list[int]:
        """The numbers of the pictures that exist, rising; of a range, those within it. InputMissing."""
        name = re.compile(re.escape(self.prefix) + r"(\d+)" + re.escape(self.suffix))
        entries = self.folder.iterdir() if self.folder.is_dir() else ()
        matches = (name.fullmatch(entry.name) for entry in entries)
        # as written by %04d: at least so many digits, and no more zeros before them
        numbers = sorted(int(m[1]) for m in matches if m and m[1] == str(int(m[1])).zfill(self.digits))
        if self.range is not None:
            numbers = [number for number in numbers if number in self.range]
        if not numbers:
            where = f" from {self.range.start} to {self.range[-1]}" if self.range else ""
            raise InputMissing(
                f"{self.folder / self.label}: there is no picture of this name{where}",
                "check the folder, the number of digits and the range",
            )
        return numbers

    def list_missing(self, numbers: Sequence[int]) -> list[int]:
        """The numbers that lack a picture, between the first and last, or within the range."""
        expected = self.range or range(numbers[0], numbers[-1] + 1)
        known = set(numbers)
        return [number for number in expected if number not in known]


def is_sequence_name(name: str | Path) -> bool:
    """Whether a name stands for numbered pictures."""
    match = RANGE_PATTERN.fullmatch(Path(name).name)
    return NUMBER_PATTERN.search(match[1] if match else Path(name).name) is not None and not Path(name).exists()


def parse_sequence(name: str | Path) -> SequencePattern:
    """The pattern of a sequence's name. UsageError where it has no number."""
    path = Path(name)
    text, frames = path.name, None
    if (match := RANGE_PATTERN.fullmatch(text)) is not None:
        text, frames = match[1], range(int(match[2]), int(match[3]) + 1, int(match[4] or 1))
        if not frames or len(frames) > MAX_SEQUENCE_FRAMES:
            raise UsageError(
                f"{match[2]}-{match[3]} is no range of frames", "give the first and the last, as 1001-1100"
            )
    number = NUMBER_PATTERN.search(text)
    if number is None:
        raise UsageError(f"{path}: has no frame number", "give a name such as shot.%04d.exr or shot.####.png")
    digits = len(number[2]) if number[2] else int(number[1] or 1)
    return SequencePattern(path.parent, text[: number.start()], text[number.end() :], digits, frames)


def check_output_pattern(pattern: SequencePattern, numbers: Iterable[int], inputs: Iterable[Path]) -> None:
    """OutputError where a picture would be written over one that is read."""
    sources = {path.resolve() for path in inputs}
    for number in numbers:
        if pattern.path_of(number).resolve() in sources:
            raise OutputError(
                f"{pattern.path_of(number)}: is one of the pictures that are read", "choose another name or folder"
            )


def describe_numbers(numbers: Sequence[int]) -> str:
    """Numbers as ranges: 1004, 1007-1009."""
    runs = [[n for _, n in run] for _, run in groupby(enumerate(numbers), lambda item: item[1] - item[0])]
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return ", ".join(texts[:MAX_NAMED_RANGES]) + (", ..." if len(texts) > MAX_NAMED_RANGES else "")

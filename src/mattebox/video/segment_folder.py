"""The finished segments of a clip, in a hidden folder beside the result, so that a killed run continues after them.

Each is a file of the result's own kind without sound (for numbered pictures, the pictures themselves have their names),
with a file of JSON beside it that says which frames it has and when.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from mattebox._version import __version__
from mattebox.errors import OutputExists
from mattebox.io.atomic_write import make_folder, write_bytes
from mattebox.recipe.steps import Step
from mattebox.video.clip_frame import ResumePoint
from mattebox.video.frame_sources import source_files
from mattebox.video.output_options import OutputOptions

SEGMENT_FRAMES, SEGMENT_PICTURES = 240, 24
FOLDER_SUFFIX = ".mattebox-segments"


class ClipSegment(msgspec.Struct, kw_only=True):
    """What a segment holds: the time stamps of its frames, in units of the clip's time base."""

    stamps: list[int]


S = TypeVar("S", bound=ClipSegment)


class SegmentFolder(Generic[S]):
    """The finished segments of one job; those of another job are removed.

    Parameters
    ----------
    target : Path
        The result.
    fingerprint : str
        Of the clip and of all that decides the result.
    kind : type
        Of the segments.

    Attributes
    ----------
    is_continued : bool
        Whether an earlier run of the same job left it.
    finished : list of ClipSegment
    """

    def __init__(self, target: Path, fingerprint: str, kind: type[S]) -> None:
        self.path, self._kind = target.with_name(f".{target.name}{FOLDER_SUFFIX}"), kind
        make_folder(self.path)
        note = self.path / "job.txt"
        self.is_continued = note.exists() and note.read_text(encoding="utf-8") == fingerprint
        if not self.is_continued:
            for file in self.path.iterdir():
                file.unlink()
            write_bytes(note, fingerprint.encode(), overwrite=True)
        self.finished = list(self._iter_stored())

    @property
    def frames(self) -> int:
        """How many frames the finished segments have."""
        return sum(len(segment.stamps) for segment in self.finished)

    @property
    def paths(self) -> list[Path]:
        """The files of the finished segments."""
        return [self.segment_path(number) for number in range(len(self.finished))]

    def segment_path(self, number: int) -> Path:
        """The file of a segment."""
        return self.path / f"{number:06}.clip"

    def add(self, segment: S) -> None:
        """Note that the next segment's file is complete."""
        write_bytes(self._note_path(len(self.finished)), msgspec.json.encode(segment), overwrite=True)
        self.finished.append(segment)

    def resume_point(self, look_behind: int) -> ResumePoint | None:
        """So many frames before the first that is missing; None where nothing is finished."""
        stamps = [stamp for segment in self.finished for stamp in segment.stamps]
        index = max(len(stamps) - look_behind, 0)
        return ResumePoint(index, stamps[index]) if stamps else None

    def remove(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def forget_unfit(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Leave nothing of a run that met pictures which are not its own: the next must not take them for its own."""
        if isinstance(error, OutputExists) and not self.is_continued and not self.finished:
            self.remove()

    def _note_path(self, number: int) -> Path:
        return self.path / f"{number:06}.json"

    def _iter_stored(self) -> Iterator[S]:
        number = 0
        while (path := self._note_path(number)).exists():
            yield msgspec.json.decode(path.read_bytes(), type=self._kind)
            number += 1


def job_fingerprint(
    source: Path, options: OutputOptions, steps: Iterable[Step], files: Iterable[Path], *others: Any
) -> str:
    """Of a clip's file and of all that decides the result.

    Parameters
    ----------
    source : Path
        The clip, or the pattern of numbered pictures.
    options : OutputOptions
    steps : iterable of Step
        Of the recipe.
    files : iterable of Path
        Further ones; these and those that the steps name count by size and time, too.
    *others
        What else decides it, as values that JSON can hold.
    """
    steps = tuple(steps)
    statuses = [path.stat() for path in (*source_files(source), *files, *_named_files(steps)) if path.exists()]
    parts = (
        __version__, str(source.resolve()), [(status.st_size, status.st_mtime_ns) for status in statuses],
        options.format.name, str(options.start), str(options.end), options.every, str(options.rate),
        options.input_colour, options.deinterlace, steps, others,
    )  # fmt: skip
    return sha256(msgspec.json.encode(parts)).hexdigest()


def _named_files(steps: Iterable[Step]) -> Iterator[Path]:
    """The files that parameters of steps name."""
    for step in steps:
        for value in msgspec.structs.asdict(step).values():
            with contextlib.suppress(OSError, ValueError):  # no possible path
                if isinstance(value, str) and value and Path(value).is_file():
                    yield Path(value)

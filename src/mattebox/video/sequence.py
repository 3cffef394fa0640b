"""`SequenceWriter`: pictures as numbered PNG files, each written completely or not at all."""

from __future__ import annotations

import re
from pathlib import Path

from mattebox.errors import OutputError
from mattebox.io.atomic_write import make_folder
from mattebox.io.writer import write
from mattebox.types import ImageSize, Picture

DEFAULT_DIGITS = 6
NUMBER_PATTERN = re.compile(r"%0?(\d*)d|(#+)")


class SequenceWriter:
    """Writes frames to `shots/000000.png`, or to a pattern with %04d or ####, numbered from 0 as in the report.

    Parameters
    ----------
    target : Path
        A folder, which is made where it does not exist, or the pattern of the files.
    size : (int, int)
        Width and height of the pictures.
    overwrite : bool
        Whether files may be replaced.

    Raises
    ------
    OutputError
        The folder cannot be made, or a file exists.
    """

    def __init__(self, target: Path, size: ImageSize, *, overwrite: bool) -> None:
        self.size, self.notes, self._overwrite = size, list[str](), overwrite
        self.count = 0
        has_number = NUMBER_PATTERN.search(target.name) is not None
        if target.suffix and not has_number and not target.is_dir():
            raise OutputError(
                f"{target}: one file cannot hold all frames as PNG", "give a folder, or a name such as shot.%04d.png"
            )
        self._folder, self._name = (target.parent, target.name) if has_number else (target, f"%0{DEFAULT_DIGITS}d.png")
        make_folder(self._folder)

    def path_of(self, number: int) -> Path:
        """The file of a frame."""

        def digits(match: re.Match[str]) -> str:
            return str(number).zfill(len(match[2]) if match[2] else int(match[1] or 1))

        return self._folder / NUMBER_PATTERN.sub(digits, self._name, count=1)

    def write(self, picture: Picture, pts: int) -> None:
        """Write the next frame. OutputError."""
        write(picture, self.path_of(self.count), format="png", overwrite=self._overwrite)
        self.count += 1

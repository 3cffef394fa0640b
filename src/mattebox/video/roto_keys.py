"""Key frames of rotoscoping: mattes that were drawn, or marks (points, strokes, boxes), in files named by the frame.

    keys/0001.png          a grey matte of frame 1
    keys/shot.0040.toml    keep = "40%,50%"    drop = "10%,10%/20%,10%"

Of numbered pictures the number is that of the picture; the frames of a clip are counted from 0, as in the report.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from mattebox.core.timing import StageTimer
from mattebox.errors import InputMissing, InputUnreadable, UsageError
from mattebox.io.reader import read, read_cached
from mattebox.io.resampling import to_eight_bit
from mattebox.matting.mask_validation import check_grey, check_same_size
from mattebox.matting.matte_operations import as_floats
from mattebox.models.matte_session import Session
from mattebox.pipeline.cutout import cut_out
from mattebox.recipe.steps import Cut
from mattebox.types import Floats, Picture

NUMBER_PATTERN = re.compile(r"(\d+)(?=\.[^.\d]+$)")
MARKS_SUFFIX = ".toml"
MATTE_SUFFIXES = (".png", ".tif", ".tiff", ".exr", ".webp", ".jpg", ".jpeg", ".bmp")


class RotoMarks(NamedTuple):
    """Marks on a frame, as `keep` and `drop` of a cut."""

    keep: str = "none"
    drop: str = "none"

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], name: str) -> RotoMarks:
        """Marks by their names; `name` is the key's, for errors. UsageError."""
        unknown = sorted(set(fields) - set(cls._fields))
        if unknown or not all(isinstance(value, str) for value in fields.values()) or not fields:
            what = f"{unknown[0]!r} is unknown" if unknown else "keep and drop are texts"
            raise UsageError(f"{name}: {what}", 'write keep = "40%,50%", drop = "10%,10%/20%,10%", or both')
        return cls(**fields)


@dataclass(frozen=True)
class RotoKey:
    """A key frame.

    Attributes
    ----------
    number : int
        Of the frame.
    name : str
        For errors: its file, mostly.
    drawing : Path, bytes or RotoMarks
        The matte's file, its bytes, or marks.
    content_hash : str
        Of the file: what was carried from it is computed anew where it changes.
    """

    number: int
    name: str
    drawing: Path | bytes | RotoMarks
    content_hash: str

    @property
    def has_marks(self) -> bool:
        """Whether it is made of marks, and no matte."""
        return isinstance(self.drawing, RotoMarks)

    def load_matte(self, picture: Picture, session: Session) -> Floats:
        """The key's matte, H x W, 0..1, at the size of its frame. UsageError, InputError, NoSubject."""
        if isinstance(self.drawing, RotoMarks):
            cut = Cut(empty="keep", keep=self.drawing.keep, drop=self.drawing.drop)
            matte = cut_out(picture, cut, StageTimer(), self.name, read_cached, lambda: session).matte
            return as_floats(matte.alpha)
        drawing = read(self.drawing, name=self.name)
        check_same_size(drawing, picture, f"the key {self.name}", "draw it at the frame's size")
        check_grey(drawing, f"the key {self.name}", "give a grey picture, white where the subject is")
        return as_floats(to_eight_bit(drawing.rgb)[..., 1])


def find_keys(folder: Path) -> list[RotoKey]:
    """The key frames in a folder, by their numbers. InputMissing, UsageError."""
    if not folder.is_dir():
        raise InputMissing(f"{folder}: there is no such folder of key frames", "give one with files such as 0001.png")
    paths: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        match = NUMBER_PATTERN.search(path.name)
        if match is None or path.suffix.lower() not in (*MATTE_SUFFIXES, MARKS_SUFFIX) or path.name.startswith("."):
            continue
        number = int(match[1])
        if number in paths:
            raise UsageError(
                f"{paths[number].name} and {path.name} are both the key of frame {number}", "remove one of them"
            )
        paths[number] = path
    if not paths:
        raise InputMissing(
            f"{folder}: there is no key frame", "draw grey mattes named by their frames, such as 0001.png"
        )
    return [_open_key(number, paths[number]) for number in sorted(paths)]


def _open_key(number: int, path: Path) -> RotoKey:
    """The key of a file. InputUnreadable, UsageError."""
    try:
        content = path.read_bytes()
        marks = tomllib.loads(content.decode()) if path.suffix.lower() == MARKS_SUFFIX else None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputUnreadable(f"{path}: cannot be read ({error})", 'write keep = "40%,50%"') from error
    drawing = path if marks is None else RotoMarks.from_fields(marks, str(path))
    return RotoKey(number, str(path), drawing, sha256(content).hexdigest())

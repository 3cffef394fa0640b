"""What a clip says about itself: size, timing, colour tags, rotation, time code, chapters and tags.

Colour tags are code numbers of ITU-T H.273. `matrix_or_default` follows the custom of players where a clip says
nothing: BT.601 up to 576 lines, BT.709 above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from mattebox.types import ImageSize

UNSPECIFIED = 2
RGB_MATRIX, BT709_MATRIX, BT601_MATRIX = 0, 1, 6
NARROW_RANGE, FULL_RANGE = 1, 2
MAX_SD_LINES = 576


@dataclass(frozen=True)
class ColourTags:
    """Primaries, transfer function and matrix by their numbers in H.273 (2 = unspecified), and the range: 1 narrow,
    2 full, 0 unspecified."""

    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    matrix: int = UNSPECIFIED
    range: int = 0

    def matrix_or_default(self, height: int) -> int:
        """The matrix; where it is not stated (or RGB's), the one that players assume for this many lines."""
        if self.matrix in (UNSPECIFIED, RGB_MATRIX):
            return BT601_MATRIX if height <= MAX_SD_LINES else BT709_MATRIX
        return self.matrix


@dataclass(frozen=True)
class Chapter:
    """A chapter: start and end in seconds, and its tags, such as the title."""

    start: Fraction
    end: Fraction
    tags: Mapping[str, str]


@dataclass(frozen=True)
class ClipInfo:
    """A clip's description.

    Attributes
    ----------
    size : (int, int)
        Width and height in pixels as the clip is shown, upright.
    time_base : Fraction
        Seconds of one unit of the frames' time stamps.
    rate : Fraction
        Frames per second, on average.
    duration : Fraction or None
        Seconds; None where the file does not say.
    depth : int
        Bits per channel, such as 8 or 10.
    has_alpha : bool
        Whether frames may be transparent.
    colour : ColourTags
    pixel_aspect : Fraction
        Width of a pixel relative to its height, upright.
    rotation : int
        Degrees counter-clockwise by which the stored frames were turned to be upright.
    timecode : str or None
        Of the first frame, such as "01:00:00:00".
    tags : mapping
        Title, artist, date and the like, of the file.
    chapters : tuple of Chapter
    is_interlaced : bool
        Whether its first frame is marked as two fields.
    """

    size: ImageSize
    time_base: Fraction
    rate: Fraction
    duration: Fraction | None = None
    depth: int = 8
    has_alpha: bool = False
    colour: ColourTags = ColourTags()
    pixel_aspect: Fraction = Fraction(1)
    rotation: int = 0
    timecode: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    chapters: tuple[Chapter, ...] = ()
    is_interlaced: bool = False

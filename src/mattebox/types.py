"""The nouns every room speaks: Depth, Metadata, Picture, Matte, Geometry. The pixel contract is written here, once.

Arrays are C-contiguous, rows from the top, upright. Colours are straight (never premultiplied) and encoded as the
ICC profile beside them says; no profile means sRGB. This file knows nothing of files, networks or methods.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.unsignedinteger[Any]]
"""uint8 or uint16: whole numbers from 0 to the depth's peak."""

Floats: TypeAlias = NDArray[np.float32]
"""Values from 0 to 1."""

Mask: TypeAlias = NDArray[np.bool_]
"""H x W: which pixels belong to something."""

ImageShape: TypeAlias = tuple[int, int]
"""Height, width in pixels."""

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are just outside."""


class BitDepth(enum.IntEnum):
    """Bits per channel."""

    EIGHT = 8
    SIXTEEN = 16

    @property
    def peak(self) -> int:
        """The value of full intensity: 255 or 65535."""
        return (1 << self.value) - 1

    @property
    def dtype(self) -> np.dtype[np.unsignedinteger[Any]]:
        return np.dtype(np.uint8 if self is BitDepth.EIGHT else np.uint16)

    @classmethod
    def of_pixels(cls, pixels: Pixels) -> BitDepth:
        """The depth of an array; ValueError when it is neither uint8 nor uint16."""
        for depth in cls:
            if pixels.dtype == depth.dtype:
                return depth
        raise ValueError(f"pixels are {pixels.dtype}; give uint8 or uint16")


@dataclass(frozen=True)
class Metadata:
    """What travels beside the pixels: `exif` (TIFF structure without the 'Exif\\0\\0' prefix, orientation already
    applied and removed), `xmp` packet, `dpi` (x, y)."""

    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture at rest.

    `rgb` H x W x 3 and optional straight `alpha` H x W, both uint8 or both uint16; `profile` is the ICC profile of
    `rgb` (an RGB one; None = sRGB); `notes` are remarks for the user, such as which frame was taken.
    """

    rgb: Pixels
    alpha: Pixels | None = None
    profile: bytes | None = None
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or 0 in self.rgb.shape:
            raise ValueError(f"rgb has shape {self.rgb.shape}; give height x width x 3, at least 1 x 1")
        BitDepth.of_pixels(self.rgb)
        if self.alpha is not None:
            _check_plane(self.alpha, self.rgb, "alpha")

    @property
    def shape(self) -> ImageShape:
        return self.rgb.shape[0], self.rgb.shape[1]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, as in Pillow; `shape` is (height, width), as in NumPy."""
        return self.rgb.shape[1], self.rgb.shape[0]

    @property
    def bit_depth(self) -> BitDepth:
        return BitDepth.of_pixels(self.rgb)

    def with_pixels(self, rgb: Pixels, alpha: Pixels | None) -> Picture:
        """The same profile, metadata and notes around other pixels."""
        return replace(self, rgb=rgb, alpha=alpha)


OpenImage: TypeAlias = Callable[[str], Picture]
"""Opens a picture that a recipe names, by its path."""

OnProgress: TypeAlias = Callable[[float], None]
"""Called with the share, 0..1, of the work that is done."""


class Layer(NamedTuple):
    """One of several pictures of one size, depth and profile that lie over each other."""

    name: str
    picture: Picture


@dataclass(frozen=True, eq=False)
class Matte:
    """How much of each pixel is subject.

    `alpha` H x W uint8 or uint16 (0 = background, peak = subject); `confidence` 0..1, the IoU to be expected of it;
    `found` = there is a subject; `box` around it (the whole picture when nothing is found). `uncertainty` h x w, 0..1:
    how far the network's looks at the picture differed, at the network's resolution (None = it looked once).
    """

    alpha: Pixels
    confidence: float
    found: bool
    box: Box
    uncertainty: Floats | None = None

    def __post_init__(self) -> None:
        if self.alpha.ndim != 2:
            raise ValueError(f"alpha has shape {self.alpha.shape}; give height x width")
        BitDepth.of_pixels(self.alpha)

    @property
    def shape(self) -> ImageShape:
        return self.alpha.shape[0], self.alpha.shape[1]

    @property
    def bit_depth(self) -> BitDepth:
        return BitDepth.of_pixels(self.alpha)

    def with_alpha(self, alpha: Pixels, *, found: bool | None = None) -> Matte:
        """The same matte with another alpha and the box around it; `found` stays unless given."""
        return replace(self, alpha=alpha, found=self.found if found is None else found, box=subject_box(alpha))


def subject_box(alpha: Pixels) -> Box:
    """Bounding box of what is at least half subject; the whole plane when nothing is."""
    inside = alpha > np.iinfo(alpha.dtype).max // 2
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not rows.size:
        return (0, 0, alpha.shape[1], alpha.shape[0])
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


@dataclass(frozen=True)
class LetterboxGeometry:
    """The receipt of a network's preparation: what `restore` needs to bring its output home.

    `source_size` is the picture's size, `input_size` the network's, `content_size` the (height, width) of the part of the input, from
    its top left corner, that holds the picture (the rest is padding).
    """

    source_size: ImageShape
    input_size: ImageShape
    content_size: ImageShape


def _check_plane(plane: Pixels, rgb: Pixels, name: str) -> None:
    if plane.shape != rgb.shape[:2] or plane.dtype != rgb.dtype:
        raise ValueError(
            f"{name} is {plane.shape} {plane.dtype} beside rgb {rgb.shape} {rgb.dtype}; give the same size and depth"
        )

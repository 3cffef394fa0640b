"""What arrays of pixels hold, their shapes and sizes, and how many bits a channel has."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.unsignedinteger[Any]]
"""uint8 or uint16: integers from 0 to the bit depth's peak."""

Floats: TypeAlias = NDArray[np.float32]
"""float32 from 0 to 1."""

Mask: TypeAlias = NDArray[np.bool_]
"""H x W: which pixels belong to something."""

ImageShape: TypeAlias = tuple[int, int]
"""Height and width in pixels, as in NumPy."""

ImageSize: TypeAlias = tuple[int, int]
"""Width and height in pixels, as in Pillow."""

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are exclusive."""


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
        """uint8 or uint16."""
        return np.dtype(np.uint8 if self is BitDepth.EIGHT else np.uint16)

    @classmethod
    def of_pixels(cls, pixels: Pixels) -> BitDepth:
        """The bit depth of an array; ValueError when it is neither uint8 nor uint16."""
        for depth in cls:
            if pixels.dtype == depth.dtype:
                return depth
        raise ValueError(f"pixels are {pixels.dtype}; give uint8 or uint16")


@dataclass(frozen=True)
class LetterboxGeometry:
    """How a picture was scaled and padded to a network's input, for mapping the output back.

    Attributes
    ----------
    source_shape : (height, width)
        The picture's.
    input_shape : (height, width)
        The network input's.
    content_shape : (height, width)
        Of the part of the input, from its top left corner, that holds the picture; the rest is padding.
    """

    source_shape: ImageShape
    input_shape: ImageShape
    content_shape: ImageShape

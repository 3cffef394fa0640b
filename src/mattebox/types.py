"""The data types that every package shares, and the pixel contract: what the arrays in them hold.

Arrays are C-contiguous, rows from the top, upright. Colours are straight (never premultiplied) and encoded as the
ICC profile beside them says; no profile means sRGB.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mattebox.core import array_conversion, pillow_conversion
from mattebox.core.pillow_conversion import PilImage

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
class Metadata:
    """Metadata of a photograph.

    Attributes
    ----------
    exif : bytes or None
        A TIFF structure without the prefix ``Exif\\0\\0``; the orientation is applied already and removed.
    xmp : bytes or None
        An XMP packet.
    dpi : (float, float) or None
        Resolution along x and y in dots per inch.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture in memory.

    Attributes
    ----------
    rgb : (H, W, 3) uint8 or uint16
        Straight colours, encoded as `profile` says.
    alpha : (H, W) array of the same dtype, or None
        Opacity, from 0 to the peak; None when the picture is opaque.
    profile : bytes or None
        ICC profile of `rgb`, an RGB one; None means sRGB.
    metadata : Metadata
        EXIF, XMP and resolution.
    notes : tuple of str
        Remarks for the user, such as which frame of the file was taken.
    is_grey : bool
        Whether it is grey by its meaning, such as a matte: files then hold one channel.

    Examples
    --------
    >>> import numpy as np
    >>> picture = Picture.from_array(np.zeros((480, 640), np.uint8))
    >>> picture.size, picture.shape
    ((640, 480), (480, 640))
    >>> np.asarray(picture).shape
    (480, 640, 3)
    """

    rgb: Pixels
    alpha: Pixels | None = None
    profile: bytes | None = None
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()
    is_grey: bool = False

    def __post_init__(self) -> None:
        if self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or 0 in self.rgb.shape:
            raise ValueError(f"rgb has shape {self.rgb.shape}; give height x width x 3, at least 1 x 1")
        BitDepth.of_pixels(self.rgb)
        if self.alpha is not None:
            _check_plane(self.alpha, self.rgb, "alpha")

    @classmethod
    def from_array(cls, array: NDArray[Any], *, profile: bytes | None = None) -> Picture:
        """A picture of a NumPy array; of uint8 RGB arrays it may share the memory.

        Parameters
        ----------
        array : (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) array
            Grey, RGB or RGBA with straight alpha: uint8 (0 to 255), uint16 (0 to 65535), bool, or floating point from
            0 to 1, which becomes 16 bits. Any strides. OpenCV's BGR is ``array[..., ::-1]``.
        profile : bytes, optional
            ICC profile of the colours; sRGB without.

        Raises
        ------
        UsageError
            For any other shape, dtype or range, with what to do about it.
        """
        rgb, alpha = array_conversion.pixels_from_array(array)
        return cls(rgb, alpha, profile)

    @classmethod
    def from_pil(cls, image: PilImage) -> Picture:
        """A picture of a Pillow image of any mode, upright by its EXIF orientation, in its ICC profile.

        CMYK, Lab and grey with a profile become sRGB, palettes are expanded. The modes I, I;16 and F (0 to 1) become
        16 bits. Of its metadata only the resolution is kept; `mattebox.read` keeps EXIF and XMP too.

        Raises
        ------
        UsageError
            When it is no Pillow image, or its values are out of range.
        InputUnreadable
            When its file cannot be decoded.
        """
        pixels = pillow_conversion.pixels_from_pil(image)
        return cls(pixels.rgb, pixels.alpha, pixels.profile, Metadata(dpi=pixels.dpi), pixels.notes)

    @property
    def shape(self) -> ImageShape:
        """(height, width) in pixels, as in NumPy."""
        return self.rgb.shape[0], self.rgb.shape[1]

    @property
    def size(self) -> ImageSize:
        """(width, height) in pixels, as in Pillow."""
        return self.rgb.shape[1], self.rgb.shape[0]

    @property
    def bit_depth(self) -> BitDepth:
        """Bits per channel of colours and alpha."""
        return BitDepth.of_pixels(self.rgb)

    def __repr__(self) -> str:
        """Size and kind, without the pixels."""
        kind = "grey" if self.is_grey else "RGB" if self.alpha is None else "RGBA"
        return f"Picture({self.size[0]} x {self.size[1]}, {kind}, {self.bit_depth} bits)"

    def with_pixels(self, rgb: Pixels, alpha: Pixels | None) -> Picture:
        """The same profile, metadata and notes with other pixels."""
        return replace(self, rgb=rgb, alpha=alpha)

    def to_array(self) -> Pixels:
        """A new (H, W, 3) array, or (H, W, 4) with straight alpha, at the picture's bit depth."""
        return array_conversion.array_from_pixels(self.rgb, self.alpha).copy()

    def to_pil(self) -> PilImage:
        """A Pillow image, RGB or RGBA, with the ICC profile and resolution in its `info`; 16 bits become 8."""
        info = {"icc_profile": self.profile, "dpi": self.metadata.dpi}
        return pillow_conversion.pil_from_pixels(
            self.rgb, self.alpha, {name: value for name, value in info.items() if value is not None}
        )

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """NumPy's protocol: `numpy.asarray(picture)` is `to_array()`, without a copy where none is needed."""
        array: NDArray[Any] = array_conversion.array_from_pixels(self.rgb, self.alpha)
        if copy is False and (array is not self.rgb or (dtype is not None and array.dtype != dtype)):
            raise ValueError("the picture has alpha or another dtype: its array is a copy; leave out copy=False")
        return array.astype(array.dtype if dtype is None else dtype, copy=bool(copy) and array is self.rgb)

    def _repr_png_(self) -> bytes:
        """Jupyter's protocol: a notebook shows the picture, reduced where it is large."""
        return pillow_conversion.encode_preview(self.to_pil())


OpenImage: TypeAlias = Callable[[str], Picture]
"""Opens a picture that a recipe names, by its path."""

OnProgress: TypeAlias = Callable[[float], None]
"""Called with the share, 0..1, of the work that is done."""


class Layer(NamedTuple):
    """One of several pictures of the same size, bit depth and profile that lie over each other."""

    name: str
    picture: Picture


@dataclass(frozen=True, eq=False)
class Matte:
    """Alpha matte: how much of each pixel is subject.

    Attributes
    ----------
    alpha : (H, W) uint8 or uint16
        0 = background, peak = subject.
    confidence : float
        Expected intersection over union with the true matte, 0 to 1.
    found : bool
        Whether it is clear that there is a subject; a doubtful matte may still show one.
    box : (left, top, right, bottom)
        Bounding box in pixels of `alpha` of what is at least half subject; the whole picture when nothing is.
    uncertainty : (h, w) float32 or None
        Spread of the views of test-time augmentation, 0 to 1, at the network's resolution; None with a single view.
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
        """(height, width) in pixels, as in NumPy."""
        return self.alpha.shape[0], self.alpha.shape[1]

    @property
    def size(self) -> ImageSize:
        """(width, height) in pixels, as in Pillow."""
        return self.alpha.shape[1], self.alpha.shape[0]

    @property
    def bit_depth(self) -> BitDepth:
        """Bits of `alpha`."""
        return BitDepth.of_pixels(self.alpha)

    def __repr__(self) -> str:
        """Size and what is known of the subject, without the pixels."""
        confidence = f"confidence {self.confidence:.2f}, found {self.found}, box {self.box}"
        return f"Matte({self.size[0]} x {self.size[1]}, {confidence})"

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


def _check_plane(plane: Pixels, rgb: Pixels, name: str) -> None:
    if plane.shape != rgb.shape[:2] or plane.dtype != rgb.dtype:
        raise ValueError(
            f"{name} is {plane.shape} {plane.dtype} beside rgb {rgb.shape} {rgb.dtype}; give the same size and depth"
        )

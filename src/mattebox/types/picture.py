"""`Picture`: colours, alpha, profile and metadata of a picture in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

from numpy.typing import DTypeLike, NDArray

from mattebox.core import array_conversion, pillow_conversion
from mattebox.core.pillow_conversion import PilImage
from mattebox.types.depth_map import DepthMap
from mattebox.types.gain_map import GainMap
from mattebox.types.pixels import BitDepth, ImageShape, ImageSize, Pixels


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
    depth : DepthMap or None
        The depth that the file holds; it covers the whole frame of the file's picture.
    mattes : mapping of str to (h, w) uint8
        Mattes that the file holds, by what they show ("portrait", "skin", "hair", "teeth", "glasses", "sky"): each in a
        size of its own, and covering the whole frame of the file's picture.
    gain_map : GainMap or None
        What makes it a picture of high dynamic range; it belongs to these very pixels, and other pixels have none.

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
    depth: DepthMap | None = None
    mattes: Mapping[str, Pixels] = field(default_factory=dict)
    gain_map: GainMap | None = None

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
        """The same profile, metadata and notes with other pixels, to which no gain map belongs."""
        return replace(self, rgb=rgb, alpha=alpha, gain_map=None)

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


class Layer(NamedTuple):
    """One of several pictures of the same size, bit depth and profile that lie over each other."""

    name: str
    picture: Picture


OpenImage: TypeAlias = Callable[[str], Picture]
"""Opens a picture that a recipe names, by its path."""


def _check_plane(plane: Pixels, rgb: Pixels, name: str) -> None:
    if plane.shape != rgb.shape[:2] or plane.dtype != rgb.dtype:
        raise ValueError(
            f"{name} is {plane.shape} {plane.dtype} beside rgb {rgb.shape} {rgb.dtype}; give the same size and depth"
        )

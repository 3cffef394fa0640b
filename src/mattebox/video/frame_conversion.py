"""Conversion between PyAV's frames and pictures, by swscale with the clip's own matrix and range.

swscale's 16-bit RGB of YUV ends at 65280 (255 x 256) and not at 65535; both directions are corrected by 257 / 256.
Without accurate rounding its 8-bit RGB is off by more than one level on average (see the settings below).
"""

from __future__ import annotations

from typing import cast

import av
import numpy as np
from av.video.plane import VideoPlane
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from mattebox.core.array_conversion import array_from_pixels
from mattebox.core.colour_signals import signal_of_coding_points
from mattebox.core.icc_builder import CodingPoints
from mattebox.types import ImageSize, Picture, Pixels
from mattebox.video.clip_info import BT601_MATRIX, FULL_RANGE, NARROW_RANGE, RGB_MATRIX, ColourTags

# Plain BILINEAR: mean error 1.27 of 255 of 4:2:0; with ACCURATE_RND and full chroma .36, but 39 from 10 bits.
SCALER_FLAGS = int(
    Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
)
SCALER_WHITE = 65280  # of swscale's 16-bit RGB of YUV
SCALER_BT601 = 5
PLANAR_ALPHA = "yuva420p"
# By depth above 8 bits, and transparency. swscale makes the same values of YUV in planes in less than half the time.
PACKED_FORMATS = {
    (False, False): "rgb24",
    (False, True): "rgba",
    (True, False): "rgb48le",
    (True, True): "rgba64le",
}
PLANAR_FORMATS = {
    (False, False): "gbrp",
    (False, True): "gbrap",
    (True, False): "gbrp16le",
    (True, True): "gbrap16le",
}
SUPPORTED_MATRICES = (1, 4, 5, 6, 7, 9)  # of swscale


def has_alpha(frame: av.VideoFrame) -> bool:
    """Whether a frame's pixel format has an alpha channel."""
    return any(component.is_alpha for component in frame.format.components)


def bit_depth(frame: av.VideoFrame) -> int:
    """Bits per channel of a frame."""
    return max(component.bits for component in frame.format.components)


def picture_from_frame(frame: av.VideoFrame, tags: ColourTags, rotation: int = 0) -> Picture:
    """Convert a decoded frame to an upright picture.

    Parameters
    ----------
    frame : av.VideoFrame
        Of any pixel format.
    tags : ColourTags
        The clip's.
    rotation : int
        Degrees counter-clockwise, a multiple of 90, by which it is turned.

    Returns
    -------
    Picture
        RGB or RGBA of 8 bits, or of 16 where the frame has more than 8. Its profile is that of the clip's primaries
        and transfer function, None (sRGB) for BT.709 and for clips that state none.
    """
    is_deep, transparent = bit_depth(frame) > 8, has_alpha(frame)
    is_rgb = frame.format.is_rgb
    name = (PACKED_FORMATS if is_rgb else PLANAR_FORMATS)[is_deep, transparent]
    if not is_rgb:
        frame.colorspace = tags.matrix_or_default(frame.height)
        frame.color_range = tags.range or frame.color_range or NARROW_RANGE
    converted = frame if frame.format.name == name else _reformat(frame, name, FULL_RANGE)
    pixels = cast(Pixels, converted.to_ndarray())
    if rotation % 360:
        pixels = np.rot90(pixels, rotation // 90)
    rgb = np.ascontiguousarray(pixels[..., :3])
    if is_deep and not is_rgb:
        np.minimum(rgb, SCALER_WHITE, out=rgb)
        rgb += rgb >> 8
    alpha = np.ascontiguousarray(pixels[..., 3]) if transparent else None
    return Picture(rgb, alpha, profile_of_tags(tags))


def frame_from_picture(picture: Picture, format: str, tags: ColourTags, size: ImageSize | None = None) -> av.VideoFrame:
    """Convert a picture to a frame of a pixel format.

    Parameters
    ----------
    picture : Picture
        8 or 16 bits; alpha only where the format has it.
    format : str
        FFmpeg's name of the pixel format.
    tags : ColourTags
        The frame's, with matrix and range stated.
    size : (int, int), optional
        Width and height, at most one pixel larger than the picture: its last column and row are repeated.
    """
    wants_alpha = any(component.is_alpha for component in av.VideoFormat(format).components)
    alpha = picture.alpha
    if wants_alpha and alpha is None:
        alpha = np.full(picture.shape, picture.bit_depth.peak, picture.rgb.dtype)
    is_rgb = av.VideoFormat(format).is_rgb
    pixels = array_from_pixels(picture.rgb, alpha if wants_alpha else None)
    if pixels.dtype == np.uint16 and not is_rgb:
        pixels = pixels.copy()
        pixels[..., :3] -= pixels[..., :3] >> 8
    if size is not None and size != picture.size:
        rows, columns = size[1] - picture.size[1], size[0] - picture.size[0]
        pixels = np.pad(pixels, ((0, rows), (0, columns), (0, 0)), mode="edge")
    if format == PLANAR_ALPHA and pixels.dtype == np.uint8:
        return _join_alpha(frame_from_picture(Picture(pixels[..., :3]), "yuv420p", tags), pixels[..., 3])
    names = ("rgba", "rgba64le") if wants_alpha else ("rgb24", "rgb48le")
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format=names[pixels.dtype == np.uint16])
    frame.colorspace, frame.color_range = tags.matrix, FULL_RANGE
    result = frame if frame.format.name == format else _reformat(frame, format, FULL_RANGE if is_rgb else tags.range)
    if is_rgb:
        result.colorspace = RGB_MATRIX
    result.color_primaries, result.color_trc = tags.primaries, tags.transfer
    return result


def output_tags(tags: ColourTags, height: int, codec: str = "") -> ColourTags:
    """The tags of an output: the clip's, with matrix and range stated.

    A matrix that swscale cannot write is replaced, and ProRes has the narrow range only.
    """
    matrix = tags.matrix_or_default(height)
    if matrix not in SUPPORTED_MATRICES:
        matrix = BT601_MATRIX
    is_full = tags.range == FULL_RANGE and tags.matrix != RGB_MATRIX and not codec.startswith("prores")
    return ColourTags(tags.primaries, tags.transfer, matrix, FULL_RANGE if is_full else NARROW_RANGE)


def profile_of_tags(tags: ColourTags) -> bytes | None:
    """The ICC profile of a clip's colours, None for sRGB's and BT.709's primaries and curves.

    BT.601's primaries are so near those of BT.709 that players show them alike, and so are they here.
    """
    if tags.primaries in (5, 6, 7) and tags.transfer in (1, 2, 5, 6, 7, 13, 14):
        return None
    return signal_of_coding_points(CodingPoints(tags.primaries, tags.transfer)).profile


def _join_alpha(frame: av.VideoFrame, alpha: Pixels) -> av.VideoFrame:
    """A frame of three 8-bit planes with a fourth: several times as fast as by way of RGBA."""
    result = av.VideoFrame(frame.width, frame.height, PLANAR_ALPHA)
    for plane, source in zip(result.planes, [*map(_plane_array, frame.planes), alpha], strict=True):
        _plane_array(plane)[...] = source
    result.colorspace, result.color_range = frame.colorspace, frame.color_range
    result.color_primaries, result.color_trc = frame.color_primaries, frame.color_trc
    return result


def _plane_array(plane: VideoPlane) -> NDArray[np.uint8]:
    """A plane's pixels, which may be written."""
    rows: NDArray[np.uint8] = np.frombuffer(memoryview(cast(bytes, plane)), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def _reformat(frame: av.VideoFrame, format: str, range: int) -> av.VideoFrame:
    matrix = SCALER_BT601 if frame.colorspace == BT601_MATRIX else None
    return frame.reformat(
        format=format, src_colorspace=matrix, dst_colorspace=matrix, dst_color_range=range, interpolation=SCALER_FLAGS
    )

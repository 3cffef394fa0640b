"""Decoding of files whose header has been checked.

RGB and grey JPEG go through simplejpeg (libjpeg-turbo), which also reports damage; HEIC through pillow-heif, if
installed; Netpbm, OpenEXR and TIFFs of wide samples through modules of their own; everything else through Pillow. Only
the first frame is decoded. AVIF of more than 8 bits is decoded as 8. Every exception of a decoder becomes
InputUnreadable in `translate_decoder_errors`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from mattebox.core.interface import install_extra
from mattebox.errors import InputUnreadable, MatteboxError
from mattebox.io import file_mattes, netpbm, openexr, sixteen_bit, tiff16, wide_tiff
from mattebox.io.header_check import ImageHeader, check_pixel_limit, name_format
from mattebox.io.metadata import extract_exif, read_orientation
from mattebox.io.pillow_arrays import PixelData, pixel_data_from_pillow
from mattebox.io.pillow_guard import suppress_pillow_checks
from mattebox.io.png_texts import leave_out_long_texts

if TYPE_CHECKING:
    from PIL import ImageFile

PILLOW_PLUGINS = {
    "jpeg": ("JpegImagePlugin", "JpegImageFile"),
    "png": ("PngImagePlugin", "PngImageFile"),
    "webp": ("WebPImagePlugin", "WebPImageFile"),
    "tiff": ("TiffImagePlugin", "TiffImageFile"),
    "bmp": ("BmpImagePlugin", "BmpImageFile"),
    "gif": ("GifImagePlugin", "GifImageFile"),
    "avif": ("AvifImagePlugin", "AvifImageFile"),
    "jpeg2000": ("Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    "tga": ("TgaImagePlugin", "TgaImageFile"),
    "dds": ("DdsImagePlugin", "DdsImageFile"),
    "qoi": ("QoiImagePlugin", "QoiImageFile"),
}

# Faults that cost no pixel; libjpeg only warns of them.
HARMLESS_JPEG_WARNINGS = ("extraneous bytes before marker", "Invalid SOS parameters", "Unknown Adobe color transform")

HARMLESS_FAULT_NOTE = "the JPEG has small faults but could be read"
DAMAGE_NOTE = "the JPEG is damaged: part of the picture may be wrong or grey"


@dataclass(frozen=True)
class DecodedImage:
    """Pixels as stored, Pillow's `info` dictionary, and the EXIF orientation (1 to 8) that is still to be applied."""

    pixel_data: PixelData
    info: Mapping[Any, Any]
    orientation: int = 1
    notes: tuple[str, ...] = field(default=())


@contextmanager
def translate_decoder_errors(name: str, format_name: str) -> Iterator[None]:
    """Turn any exception inside the block into InputUnreadable that names the file."""
    try:
        yield
    except MatteboxError:
        raise
    except MemoryError as error:
        raise InputUnreadable(f"{name} does not fit into memory", "free some, or make the picture smaller") from error
    except Exception as error:  # decoders raise anything: ZeroDivisionError, SyntaxError, IndexError, struct.error ...
        reason = (str(error).splitlines() or [""])[0][:160] or type(error).__name__
        raise InputUnreadable(
            f"{name} is {name_format(format_name)} file that is cut off, damaged or unusual ({reason})",
            "export or download it again",
        ) from error


def decode(data: bytes, header: ImageHeader, max_pixels: int, name: str = "the picture") -> DecodedImage:
    """Decode the first frame of a file.

    Raises InputUnreadable, and InputTooLarge when the decoder finds more pixels than the header states.
    """
    with translate_decoder_errors(name, header.format), suppress_pillow_checks():
        if header.format == "jpeg":
            return _decode_jpeg(data, header)
        if header.format == "heif":
            return _decode_heif(data, max_pixels, name)
        if header.format == "tiff":
            return _decode_tiff(data, header, max_pixels, name)
        if header.format == "ppm":
            pixels, notes = netpbm.decode_netpbm(data)
            return DecodedImage(pixels, {}, notes=notes)
        if header.format == "exr":
            decoded = openexr.decode_openexr(data, name)
            return DecodedImage(
                decoded.pixel_data,
                {"icc_profile": decoded.profile, "depth": decoded.depth},
                notes=_frame_notes(header) + decoded.notes,
            )
        return _decode_with_pillow(data, header, max_pixels, name)


def _decode_jpeg(data: bytes, header: ImageHeader) -> DecodedImage:
    import simplejpeg

    image = _open_with_pillow(data, "jpeg")
    orientation = read_orientation(extract_exif(image.info))
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:  # a chroma subsampling that only libjpeg's older interface decodes
        height, width = image.height, image.width
        fast = False
    else:
        fast = image.mode in ("RGB", "L")
    if (width, height) != (header.width, header.height) or image.size != (width, height):
        raise ValueError("its two headers state different sizes")
    if not fast:
        image.load()
        return DecodedImage(pixel_data_from_pillow(image), image.info, orientation)
    pixels, notes = _decode_with_turbojpeg(data, "RGB" if image.mode == "RGB" else "GRAY")
    found = PixelData("rgb", pixels) if image.mode == "RGB" else PixelData("grey", pixels[..., 0])
    return DecodedImage(found, image.info, orientation, notes)


def _decode_with_turbojpeg(data: bytes, colour_space: str) -> tuple[Any, tuple[str, ...]]:
    """Decode strictly, and leniently, with a note, where libjpeg only warns and Pillow finds the file complete."""
    import simplejpeg

    try:
        return simplejpeg.decode_jpeg(data, colour_space), ()
    except ValueError as error:
        is_harmless = any(text in str(error) for text in HARMLESS_JPEG_WARNINGS)
        note = HARMLESS_FAULT_NOTE if is_harmless else f"{DAMAGE_NOTE} ({str(error)[:160]})"
    # Not strict: a cut-off file would pass, so Pillow, which notices, must agree first.
    _open_with_pillow(data, "jpeg").load()
    return simplejpeg.decode_jpeg(data, colour_space, strict=False), (note,)


def _decode_with_pillow(data: bytes, header: ImageHeader, max_pixels: int, name: str) -> DecodedImage:
    notes = _frame_notes(header)
    if header.format == "png":
        data, text_notes = leave_out_long_texts(data)
        notes += text_notes
    image = _open_with_pillow(data, header.format)
    check_pixel_limit(ImageHeader(header.format, *image.size), max_pixels, name)
    is_deep = header.bits_per_channel > 8 and not image.mode.startswith("I;16")
    if header.format in ("avif", "jpeg2000") and is_deep:
        notes += (f"{header.bits_per_channel} bits per channel reduced to 8",)
    if sixteen_bit.is_sixteen_bit(image):
        found = sixteen_bit.decode_sixteen_bit(lambda: _open_with_pillow(data, header.format))
    else:
        _scale_colour_key(image)
        image.load()
        found = pixel_data_from_pillow(image)
    if header.format == "tga" and found.alpha is not None and not found.alpha.any():
        found = found._replace(alpha=None)  # many writers leave the fourth byte empty
    return DecodedImage(found, image.info, read_orientation(extract_exif(image.info)), notes)


def _decode_tiff(data: bytes, header: ImageHeader, max_pixels: int, name: str) -> DecodedImage:
    """Decode a TIFF. Pillow applies its orientation, so none is left to apply."""
    notes = _frame_notes(header)
    wide = wide_tiff.decode_wide_tiff(data, lambda content: _open_with_pillow(content, "tiff"))
    if wide is not None:
        return DecodedImage(wide.pixel_data, wide.info, wide.orientation, notes + wide.notes)
    unusual = tiff16.decode_tiff16(data, lambda content: _open_with_pillow(content, "tiff"))
    if unusual is not None:
        return DecodedImage(unusual.pixel_data, unusual.image.info, 1, notes)
    image = _open_with_pillow(data, "tiff")
    check_pixel_limit(ImageHeader("tiff", *image.size), max_pixels, name)
    if sixteen_bit.is_sixteen_bit(image):
        return DecodedImage(
            sixteen_bit.decode_sixteen_bit(lambda: _open_with_pillow(data, "tiff")), image.info, 1, notes
        )
    if image.mode == "CMYK" and ";16" in sixteen_bit.raw_mode(image):
        notes += ("16 bits of CMYK reduced to 8",)
    image.load()
    return DecodedImage(pixel_data_from_pillow(image), image.info, 1, notes)


def _frame_notes(header: ImageHeader) -> tuple[str, ...]:
    return (f"first of {header.frames} frames",) if header.frames > 1 else ()


def _decode_heif(data: bytes, max_pixels: int, name: str) -> DecodedImage:
    try:
        import pillow_heif
    except ImportError as error:
        raise InputUnreadable(
            f"{name} is a HEIC picture, which needs an extra package", install_extra("heif")
        ) from error
    file = pillow_heif.open_heif(data, convert_hdr_to_8bit=False, bgr_mode=False)
    image = file[file.primary_index]
    check_pixel_limit(
        ImageHeader("heif", *image.size), max_pixels, name
    )  # its pixels are not decoded before they are asked for
    pixels = np.asarray(image)
    if pixels.dtype == np.uint16:  # libheif leaves the low bits empty; repeating the high ones makes white 65535
        bits = int(image.info.get("bit_depth", 16))
        pixels = pixels | pixels >> np.uint16(bits) if bits < 16 else pixels
    channels = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}[image.mode.split(";")[0].replace("I", "L").replace("a", "A")]
    pixels = pixels.reshape(*pixels.shape[:2], channels)
    alpha = np.ascontiguousarray(pixels[..., -1]) if channels in (2, 4) else None
    planes = {"mattes": file_mattes.read_heif_mattes(image), "gain_map_plane": file_mattes.read_heif_gain_map(image)}
    info = {**image.info, **planes}
    if channels > 2:
        return DecodedImage(PixelData("rgb", np.ascontiguousarray(pixels[..., :3]), alpha), info)
    return DecodedImage(PixelData("grey", np.ascontiguousarray(pixels[..., 0]), alpha), info)


def _open_with_pillow(data: bytes, format_name: str) -> ImageFile.ImageFile:
    """Open with Pillow's plugin of one format; `Image.open` would try all of them."""
    module, name = PILLOW_PLUGINS[format_name]
    image: ImageFile.ImageFile = getattr(import_module(f"PIL.{module}"), name)(BytesIO(data))
    return image


def _scale_colour_key(image: ImageFile.ImageFile) -> None:
    """Scale a PNG's transparent grey, which is stored at the file's bit depth, to Pillow's 0..255."""
    key = image.info.get("transparency")
    depth = {"L;2": 85, "L;4": 17}.get(sixteen_bit.raw_mode(image))
    if isinstance(key, int) and depth and image.mode == "L":
        image.info["transparency"] = key * depth

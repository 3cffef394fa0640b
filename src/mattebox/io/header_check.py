"""Identification of a file's format and size from its first bytes and structure, before decoding.

Formats are an allow-list: JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC, JPEG 2000, TGA, DDS, QOI, Netpbm and OpenEXR.
Other formats with a known signature are named in the error. File names are not trusted. Sizes are read by `dimensions`,
`netpbm` and `openexr`, one function per format.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from mattebox.core.interface import choose_wording
from mattebox.errors import InputTooLarge, InputUnreadable
from mattebox.io import dimensions, netpbm, openexr
from mattebox.io.dimensions import ImageDimensions
from mattebox.io.jpeg_scans import check_scan_count

ACCEPTED_FORMATS_TEXT = (
    "a JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC, JPEG 2000, TGA, DDS, QOI, PPM or OpenEXR picture"
)

MAX_SIDE_PIXELS = 2**32 - 1  # no format of pictures has more; a Netpbm header may state any number

DIMENSION_READERS: dict[str, Callable[[bytes], ImageDimensions]] = {
    "jpeg": dimensions.jpeg_dimensions,
    "png": dimensions.png_dimensions,
    "webp": dimensions.webp_dimensions,
    "tiff": dimensions.tiff_dimensions,
    "bmp": dimensions.bmp_dimensions,
    "gif": dimensions.gif_dimensions,
    "avif": dimensions.heif_dimensions,
    "heif": dimensions.heif_dimensions,
    "jpeg2000": dimensions.jpeg2000_dimensions,
    "tga": dimensions.tga_dimensions,
    "dds": dimensions.dds_dimensions,
    "qoi": dimensions.qoi_dimensions,
    "ppm": netpbm.netpbm_dimensions,
    "exr": openexr.openexr_dimensions,
}

FORMAT_SIGNATURES = (
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (8, b"WEBP", "webp"),
    (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"),
    (0, b"II+\0", "tiff"),
    (0, b"MM\0+", "tiff"),
    (0, b"BM", "bmp"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "jpeg2000"),
    (0, b"\xff\x4f\xff\x51", "jpeg2000"),
    (0, b"DDS \x7c\0\0\0", "dds"),
    (0, b"qoif", "qoi"),
    (0, b"v/1\x01", "exr"),
)

FORMAT_NAMES = {
    "avif": "an AVIF",
    "heif": "a HEIC",
    "webp": "a WebP",
    "jpeg2000": "a JPEG 2000",
    "exr": "an OpenEXR",
}

AVIF_BRANDS = {b"avif", b"avis"}
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"heif"}

REJECTED_SIGNATURES = (
    (0, b"%PDF", "a PDF"),
    (0, b"%!PS", "a PostScript file"),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript file (EPS)"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (0, b"SIMPLE  =", "a FITS file"),
    (0, b"\0\0\1\0", "an icon"),
    (0, b"PK\3\4", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"FUJIFILMCCD-RAW", "a camera raw file"),
    (8, b"CR\2", "a camera raw file"),
    (0, b"IIRO", "a camera raw file"),
    (0, b"IIU\0", "a camera raw file"),
    (4, b"ftypcrx ", "a camera raw file"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (8, b"AVI ", "a video"),
    (4, b"ftyp", "a video"),
    (4, b"moov", "a video"),
    (0, b"\x7fELF", "a program"),
)


class UnknownFormat(InputUnreadable):
    """A file of a format that is not accepted."""


class ImplausibleSize(InputUnreadable):
    """A header that states no pixels, or more than any format has."""


@dataclass(frozen=True)
class ImageHeader:
    """`format` is a key of DIMENSION_READERS; width and height are as stored, before orientation."""

    format: str
    width: int
    height: int
    frames: int = 1
    bits_per_channel: int = 8


def read_header(data: bytes, name: str = "the picture") -> ImageHeader:
    """Read format and size of a file in memory.

    Raises
    ------
    UnknownFormat
        It is no picture, or of another format.
    ImplausibleSize
        It has no pixels by its header.
    InputUnreadable
        Its header is broken, or has more parts than a `ParsingBudget` allows; or it is a JPEG of too many scans.
    """
    kind = identify_format(data)
    if kind is None:
        raise UnknownFormat(f"{name} is {describe_content(data)}", f"give {ACCEPTED_FORMATS_TEXT}")
    try:
        size = DIMENSION_READERS[kind](data)
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        reason = f": {error}" if type(error) is ValueError else ""
        raise InputUnreadable(
            f"{name} is {name_format(kind)} file with a broken header, or cut off{reason}",
            "export or download it again",
        ) from error
    if size.is_camera_raw:
        raise InputUnreadable(f"{name} is a camera raw file", "develop it to JPEG, PNG or TIFF first")
    if size.width > MAX_SIDE_PIXELS or size.height > MAX_SIDE_PIXELS:
        raise ImplausibleSize(f"{name} says it is larger than pictures can be", "export it again")
    if size.width < 1 or size.height < 1 or size.frames < 1:
        raise ImplausibleSize(f"{name} says it is {size.width} x {size.height} pixels", "export it again")
    if kind == "jpeg":
        check_scan_count(data, name)
    return ImageHeader(kind, size.width, size.height, size.frames, size.bits_per_channel)


def check_pixel_limit(header: ImageHeader, max_pixels: int, name: str = "the picture") -> None:
    """Raise InputTooLarge when width x height x frames exceeds `max_pixels`.

    All frames count although only the first is decoded, since decoders walk through the others.
    """
    pixels = header.width * header.height * header.frames
    if pixels <= max_pixels:
        return
    frames = f" in {header.frames} frames" if header.frames > 1 else ""
    raise InputTooLarge(
        f"{name} has {header.width} x {header.height} pixels{frames}, "
        f"{_megapixels_text(pixels)} megapixels in all; the limit is {_megapixels_text(max_pixels)}",
        choose_wording(
            command_line=f"if you trust it, raise the limit with --max-pixels {pixels}",
            python=f"if you trust it, raise the limit with max_pixels={pixels}",
            http="send a smaller one",
        ),
    )


def identify_format(data: bytes) -> str | None:
    """The format by its signature; None when it is not accepted."""
    if any(data.startswith(mark, at) for at, mark, text in REJECTED_SIGNATURES if "raw" in text):
        return None
    if data[4:8] == b"ftyp":
        return _format_from_brands(data)
    kind = next((kind for at, mark, kind in FORMAT_SIGNATURES if data.startswith(mark, at)), None)
    if kind is not None or any(data.startswith(mark, at) for at, mark, _ in REJECTED_SIGNATURES):
        return kind
    if netpbm.SIGNATURE.match(data, 0, netpbm.MAX_HEADER_BYTES):
        return "ppm"
    return "tga" if dimensions.is_tga(data) else None


def name_format(format: str) -> str:
    """A format's name with its article, as errors have it: "an OpenEXR", "a PNG"."""
    return FORMAT_NAMES.get(format, f"a {format.upper()}")


def describe_content(data: bytes) -> str:
    """Describe a file of no accepted format by its first bytes: 'a PDF', 'text', 'empty'."""
    if not data:
        return "empty"
    known = next((text for at, mark, text in REJECTED_SIGNATURES if data.startswith(mark, at)), None)
    return known or _describe_text(data) or "of an unknown format"


def _format_from_brands(data: bytes) -> str | None:
    """AVIF, HEIC or neither, from the brands in the first box of an ISO base media file."""
    end = min(int.from_bytes(data[:4], "big"), len(data), 4096)
    brands = {data[at : at + 4] for at in (8, *range(16, end, 4))}
    if brands & AVIF_BRANDS:
        return "avif"
    return "heif" if brands & HEIF_BRANDS else None


def _describe_text(data: bytes) -> str | None:
    head = data[:512]
    if b"\0" in head:
        return None
    try:
        text = head.decode("utf-8", "strict" if len(data) <= 512 else "ignore").lstrip("\ufeff \t\r\n").lower()
    except UnicodeDecodeError:
        return None
    if "<svg" in text:
        return "an SVG drawing"
    if text.startswith(("<!doctype html", "<html")):
        return "a web page"
    return "text" if sum(c.isprintable() or c.isspace() for c in text) > 0.95 * len(text) else None


def _megapixels_text(pixels: int) -> str:
    return f"{pixels / 1e6:.0f}" if pixels >= 10_000_000 else f"{pixels / 1e6:.3g}"

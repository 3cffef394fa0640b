"""16-bit TIFFs that Pillow misreads or refuses: separate planes, grey with alpha, and grey where white is zero.

The directory is rewritten over the same data so that Pillow reads it exactly: a plane as a grey picture, grey with
alpha as four 8-bit channels. All of its compressions, tilings and orientations keep working. TIFF 6.0, section 8.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mattebox.io import sixteen_bit
from mattebox.io.pillow_arrays import PixelData
from mattebox.io.tiff_ifd import Ifd, IfdEntry, TiffStructure
from mattebox.types import Pixels

if TYPE_CHECKING:
    from PIL import ImageFile

OpenTiffBytes = Callable[[bytes], "ImageFile.ImageFile"]

(
    PHOTOMETRIC_TAG,
    BITS_PER_SAMPLE_TAG,
    SAMPLES_PER_PIXEL_TAG,
    PLANAR_CONFIGURATION_TAG,
    PREDICTOR_TAG,
    EXTRA_SAMPLES_TAG,
    SAMPLE_FORMAT_TAG,
) = 262, 258, 277, 284, 317, 338, 339
DATA_LOCATION_TAGS = (273, 279, 324, 325)  # where the strips or tiles are, and how long


class DecodedTiff16(NamedTuple):
    """The pixels, and the Pillow image they came from (for its `info`)."""

    pixel_data: PixelData
    image: ImageFile.ImageFile


def decode_tiff16(data: bytes, open_data: OpenTiffBytes) -> DecodedTiff16 | None:
    """Decode a TIFF of one of these kinds; None for all others, which Pillow reads directly. Raises ValueError."""
    file = TiffStructure(data)
    tags, _ = file.read_ifd(file.first_ifd_offset)

    def value(tag: int, default: int) -> int:
        stored = file.integer_value(tags.get(tag))
        return default if stored is None else stored

    if value(BITS_PER_SAMPLE_TAG, 1) != 16 or value(SAMPLE_FORMAT_TAG, 1) != 1 or value(PHOTOMETRIC_TAG, 0) > 2:
        return None
    samples, grey = value(SAMPLES_PER_PIXEL_TAG, 1), value(PHOTOMETRIC_TAG, 0) < 2
    unusual = (samples > 1 and (grey or value(PLANAR_CONFIGURATION_TAG, 1) == 2)) or value(PHOTOMETRIC_TAG, 0) == 0
    if not unusual:
        return None
    if samples > 4 or (grey and samples > 2):
        raise ValueError("16 bits in an unusual order of channels; save it with interleaved channels")
    if value(PLANAR_CONFIGURATION_TAG, 1) == 2 or samples == 1:
        planes = [_decode_plane(file, tags, k, samples, open_data) for k in range(samples)]
        channels, image = [plane.pixel_data.pixels for plane in planes], planes[0].image
    else:
        if value(PREDICTOR_TAG, 1) != 1:
            raise ValueError("16-bit grey with alpha and a predictor; save it without compression")
        channels, image = _decode_grey_alpha(file, tags, open_data)
    if value(PHOTOMETRIC_TAG, 0) == 0:
        channels[0] = 65535 - channels[0]
    return DecodedTiff16(_assemble_channels(channels, 1 if grey else 3, value(EXTRA_SAMPLES_TAG, 0)), image)


def _assemble_channels(channels: list[Pixels], colour_count: int, extra_sample_type: int) -> PixelData:
    """Join channels; the extra one is premultiplied alpha (type 1), straight alpha (type 2) or dropped."""
    colour = np.stack(channels[:colour_count], -1).astype(np.uint16, copy=False)
    alpha = channels[colour_count] if len(channels) > colour_count and extra_sample_type in (1, 2) else None
    if alpha is not None and extra_sample_type == 1:
        colour = sixteen_bit.unpremultiply(colour, alpha.astype(np.uint16, copy=False))
    return PixelData("rgb", colour, alpha) if colour_count == 3 else PixelData("grey", colour[..., 0], alpha)


def _decode_plane(
    tiff: TiffStructure, tags: Ifd, plane_index: int, plane_count: int, open_data: OpenTiffBytes
) -> DecodedTiff16:
    """Decode one plane as a grey picture."""
    changed = {tag: plane_entry(tags[tag], plane_index, plane_count) for tag in DATA_LOCATION_TAGS if tag in tags}
    image = open_data(rewrite_tags(tiff, tags, changed, bits_per_sample=[16], photometric=1))
    return DecodedTiff16(sixteen_bit.decode_grey(image), image)


def plane_entry(entry: IfdEntry, plane_index: int, plane_count: int) -> IfdEntry:
    """The part of a list of offsets that belongs to one plane; planes are listed one after the other."""
    each = entry.value_count // plane_count
    size = len(entry.raw_bytes) // entry.value_count
    if not each:
        raise ValueError("a plane without data")
    return IfdEntry(
        entry.field_type, each, entry.raw_bytes[plane_index * each * size : (plane_index + 1) * each * size]
    )


def _decode_grey_alpha(
    tiff: TiffStructure, tags: Ifd, open_data: OpenTiffBytes
) -> tuple[list[Pixels], ImageFile.ImageFile]:
    """Decode 16-bit grey with alpha as the four bytes of an RGBA picture."""
    changed = {EXTRA_SAMPLES_TAG: _short_entry(tiff, [2])}
    image = open_data(rewrite_tags(tiff, tags, changed, bits_per_sample=[8] * 4, photometric=2))
    image.load()
    pairs = np.frombuffer(image.tobytes(), tiff.byte_order + "u2").reshape(*image.size[::-1], 2)
    return [pairs[..., 0].astype(np.uint16), pairs[..., 1].astype(np.uint16)], image


def rewrite_tags(
    tiff: TiffStructure, tags: Ifd, overrides: Ifd, *, bits_per_sample: list[int], photometric: int
) -> bytes:
    """The file with a directory that describes the same data as other samples."""
    layout = {
        BITS_PER_SAMPLE_TAG: bits_per_sample,
        PHOTOMETRIC_TAG: [photometric],
        SAMPLES_PER_PIXEL_TAG: [len(bits_per_sample)],
        PLANAR_CONFIGURATION_TAG: [1],
    }
    shown = {tag: entry for tag, entry in tags.items() if tag not in (EXTRA_SAMPLES_TAG, SAMPLE_FORMAT_TAG)}
    return tiff.with_ifd(shown | {tag: _short_entry(tiff, values) for tag, values in layout.items()} | overrides)


def _short_entry(tiff: TiffStructure, values: list[int]) -> IfdEntry:
    return IfdEntry(3, len(values), struct.pack(f"{tiff.byte_order}{len(values)}H", *values))

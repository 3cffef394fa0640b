"""TIFFs of floating point, of more than 16 bits a sample or of signed samples, grey or RGB, with or without alpha.

The directory is rewritten over the same data so that Pillow reads each row as bytes, which keeps all of its
compressions, strips and tiles; the predictor is undone here. TIFF 6.0, and Adobe's technical notes on predictor 3.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mattebox.io import sixteen_bit, tiff16
from mattebox.io.pillow_arrays import PixelData
from mattebox.io.tiff_ifd import Ifd, IfdEntry, TiffStructure
from mattebox.io.wide_samples import quantise

if TYPE_CHECKING:
    from PIL import ImageFile

WIDTH_TAG, HEIGHT_TAG, ORIENTATION_TAG, TILE_WIDTH_TAG, TILE_HEIGHT_TAG = 256, 257, 274, 322, 323
COMPRESSION_TAG = 259
PREDICTED_COMPRESSIONS = (5, 8, 32946, 34925, 50000)  # LZW, Deflate, LZMA, Zstandard; others ignore a predictor
SAMPLE_KINDS = {1: "u", 2: "i", 3: "f"}
SAMPLE_BYTES = {"u": (4, 8), "i": (1, 2, 4, 8), "f": (2, 4, 8)}
MAX_SAMPLES_PER_PIXEL = 5
MAX_PADDING_FACTOR = 4  # whole tiles over the picture's own pixels
MAX_SMALL_PICTURE_PIXELS = 1 << 22  # which one tile may hold, however small the picture


@dataclass(frozen=True)
class WideTiff:
    """Decoded pixels, Pillow's `info`, the orientation that is still to be applied, and notes for the user."""

    pixel_data: PixelData
    info: Mapping[Any, Any]
    orientation: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Layout:
    """Size of the picture and of its tiles (as wide as the picture for strips), and what a sample is."""

    width: int
    height: int
    tile_width: int
    tile_height: int
    samples: int
    dtype: np.dtype[Any]
    predictor: int
    is_planar: bool
    is_tiled: bool


def decode_wide_tiff(data: bytes, open_data: Callable[[bytes], ImageFile.ImageFile]) -> WideTiff | None:
    """Decode the first page of such a TIFF; None for all others. ValueError for a layout that is not supported."""
    file = TiffStructure(data)
    tags, _ = file.read_ifd(file.first_ifd_offset)

    def value(tag: int, default: int) -> int:
        stored = file.integer_value(tags.get(tag))
        return default if stored is None else stored

    kind = SAMPLE_KINDS.get(value(tiff16.SAMPLE_FORMAT_TAG, 1), "u")
    bits = value(tiff16.BITS_PER_SAMPLE_TAG, 1)
    if kind == "u" and bits <= 16:
        return None
    photometric = value(tiff16.PHOTOMETRIC_TAG, 1)
    colour_count = {0: 1, 1: 1, 2: 3}.get(photometric)
    layout = _read_layout(value, kind, bits)
    if colour_count is None or not colour_count <= layout.samples <= MAX_SAMPLES_PER_PIXEL:
        raise ValueError(f"{bits}-bit samples in an unusual order; save it as RGB or grey")
    planes, info = _decode_planes(file, tags, layout, open_data)
    quantised = quantise(planes[..., :colour_count])
    colours = 65535 - quantised.pixels if photometric == 0 else quantised.pixels
    alpha, extra = None, value(tiff16.EXTRA_SAMPLES_TAG, 0)
    if layout.samples > colour_count and extra in (1, 2):
        alpha = quantise(planes[..., colour_count]).pixels
        if extra == 1:
            colours = sixteen_bit.unpremultiply(colours, alpha)
    data_out = PixelData("rgb", colours, alpha) if colour_count == 3 else PixelData("grey", colours[..., 0], alpha)
    orientation = value(ORIENTATION_TAG, 1)
    return WideTiff(data_out, info, orientation if 1 <= orientation <= 8 else 1, quantised.notes)


def _read_layout(value: Callable[[int, int], int], kind: str, bits: int) -> _Layout:
    if bits % 8 or bits // 8 not in SAMPLE_BYTES[kind]:
        raise ValueError(f"samples of {bits} bits; save it with 8, 16 or 32 bits per channel")
    width, height = value(WIDTH_TAG, 0), value(HEIGHT_TAG, 0)
    tile_width, tile_height = value(TILE_WIDTH_TAG, 0), value(TILE_HEIGHT_TAG, 0)
    is_tiled = tile_width > 0 and tile_height > 0
    return _Layout(
        width,
        height,
        tile_width if is_tiled else width,
        tile_height if is_tiled else height,
        value(tiff16.SAMPLES_PER_PIXEL_TAG, 1),
        np.dtype(f"{kind}{bits // 8}"),
        value(tiff16.PREDICTOR_TAG, 1) if value(COMPRESSION_TAG, 1) in PREDICTED_COMPRESSIONS else 1,
        value(tiff16.PLANAR_CONFIGURATION_TAG, 1) == 2,
        is_tiled,
    )


def _decode_planes(
    file: TiffStructure, tags: Ifd, layout: _Layout, open_data: Callable[[bytes], ImageFile.ImageFile]
) -> tuple[NDArray[Any], Mapping[Any, Any]]:
    """H x W x samples in the machine's byte order, and Pillow's `info`."""
    if not layout.is_planar:
        return _decode_samples(file, tags, {}, layout, layout.samples, open_data)
    planes, info = [], dict[Any, Any]()
    for index in range(layout.samples):
        locations = {
            tag: tiff16.plane_entry(tags[tag], index, layout.samples)
            for tag in tiff16.DATA_LOCATION_TAGS
            if tag in tags
        }
        plane, found = _decode_samples(file, tags, locations, layout, 1, open_data)
        planes.append(plane)
        info = dict(found)
    return np.concatenate(planes, 2), info


def _decode_samples(
    file: TiffStructure,
    tags: Ifd,
    locations: Ifd,
    layout: _Layout,
    samples: int,
    open_data: Callable[[bytes], ImageFile.ImageFile],
) -> tuple[NDArray[Any], Mapping[Any, Any]]:
    """Decode rows as bytes, whole tiles included, and turn them into samples."""
    pixel_bytes = samples * layout.dtype.itemsize
    across = -(-layout.width // layout.tile_width) * layout.tile_width
    down = -(-layout.height // layout.tile_height) * layout.tile_height
    if across * down > max(MAX_PADDING_FACTOR * layout.width * layout.height, MAX_SMALL_PICTURE_PIXELS):
        raise ValueError("tiles far larger than the picture")
    sizes = {WIDTH_TAG: across * pixel_bytes, HEIGHT_TAG: down}
    if layout.is_tiled:
        sizes[TILE_WIDTH_TAG] = layout.tile_width * pixel_bytes
    overrides = {tag: IfdEntry(4, 1, struct.pack(file.byte_order + "I", size)) for tag, size in sizes.items()}
    overrides[tiff16.PREDICTOR_TAG] = IfdEntry(3, 1, struct.pack(file.byte_order + "H", 1))
    kept = {tag: entry for tag, entry in tags.items() if tag != ORIENTATION_TAG}
    image = open_data(tiff16.rewrite_tags(file, kept, overrides | locations, bits_per_sample=[8], photometric=1))
    image.load()
    rows = np.frombuffer(image.tobytes(), np.uint8).reshape(down, across * pixel_bytes)
    blocks = [
        _undo_predictor(rows[:, left : left + layout.tile_width * pixel_bytes], layout, samples, file.byte_order)
        for left in range(0, across * pixel_bytes, layout.tile_width * pixel_bytes)
    ]
    return np.concatenate(blocks, 1)[: layout.height, : layout.width], image.info


def _undo_predictor(rows: NDArray[np.uint8], layout: _Layout, samples: int, byte_order: str) -> NDArray[Any]:
    """Rows of one column of tiles as H x W x samples."""
    height, width = len(rows), layout.tile_width
    size = layout.dtype.itemsize
    if layout.predictor == 3:  # differences of bytes, the most significant bytes of all samples first
        summed = np.cumsum(rows.reshape(height, -1, samples), axis=1, dtype=np.uint8).reshape(height, size, -1)
        planes = np.ascontiguousarray(summed.transpose(0, 2, 1))
        return planes.view(layout.dtype.newbyteorder(">")).reshape(height, width, samples).astype(layout.dtype)
    stored = (
        np.ascontiguousarray(rows)
        .view(np.dtype(f"{byte_order}{layout.dtype.kind}{size}"))
        .reshape(height, width, samples)
    )
    if layout.predictor == 2:
        integers = stored.view(f"{byte_order}u{size}").astype(f"u{size}")
        return np.cumsum(integers, axis=1, dtype=integers.dtype).view(layout.dtype)
    return stored.astype(layout.dtype)

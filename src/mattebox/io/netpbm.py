"""Netpbm pictures: PBM, PGM, PPM, PAM and PFM, plain and raw, of up to 16 bits a sample (Pillow reduces colour to 8).

PFM holds linear light; the others are taken as sRGB. Format: netpbm.sourceforge.net/doc and pauldebevec.com (PFM).
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.io.dimensions import ImageDimensions
from mattebox.io.pillow_arrays import PixelData
from mattebox.io.wide_samples import QuantisedSamples, quantise_linear
from mattebox.types import Pixels

SIGNATURE = re.compile(rb"P[1-6fF]\s+(?:#[^\n]*\n\s*)*[0-9]|P7\s+(?:#|WIDTH|HEIGHT|DEPTH|MAXVAL|TUPLTYPE)")
_NUMBER = re.compile(rb"(?:\s|#[^\n\r]*[\n\r])*([-+0-9.eE]+)")
_COLOUR_COUNTS = {b"1": 1, b"2": 1, b"3": 3, b"4": 1, b"5": 1, b"6": 3, b"f": 1, b"F": 3}
MAX_HEADER_BYTES = 4096


class NetpbmHeader(NamedTuple):
    """The character after "P", size, channels, largest value (PFM: scale and byte order), and where pixels begin."""

    kind: bytes
    width: int
    height: int
    channels: int
    maximum: float
    data_offset: int


def netpbm_dimensions(data: bytes) -> ImageDimensions:
    """Size and bits per channel by the header. ValueError when it is broken."""
    header = read_netpbm_header(data)
    is_wide = header.kind in b"fF" or header.maximum > 255
    return ImageDimensions(header.width, header.height, bits_per_channel=16 if is_wide else 8)


def read_netpbm_header(data: bytes) -> NetpbmHeader:
    """Parse the header of any kind. ValueError when it is broken."""
    kind = data[1:2]
    if kind == b"7":
        return _read_pam_header(data)
    numbers, at = [], 2
    for _ in range(2 if kind in b"14" else 3):
        found = _NUMBER.match(data, at, MAX_HEADER_BYTES)
        if found is None:
            raise ValueError("its header is incomplete: a number is missing")
        numbers.append(found[1])
        at = found.end()
    maximum = float(numbers[2]) if len(numbers) > 2 else 1.0
    header = NetpbmHeader(kind, int(numbers[0]), int(numbers[1]), _COLOUR_COUNTS[kind], maximum, at + 1)
    return _check_maximum(header)


def _read_pam_header(data: bytes) -> NetpbmHeader:
    end = data.find(b"ENDHDR\n", 0, MAX_HEADER_BYTES)
    if end < 0:
        raise ValueError("its header has no end")
    fields = dict(line.split(None, 1) for line in data[3:end].splitlines() if b" " in line and line[:1] != b"#")
    try:
        width, height, depth, maximum = (int(fields[k]) for k in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
    except KeyError as error:
        raise ValueError(f"its header is incomplete, without {error}") from None
    if not 1 <= depth <= 4:
        raise ValueError(f"{depth} channels; give 1 to 4")
    return _check_maximum(NetpbmHeader(b"7", width, height, depth, maximum, end + 7))


def _check_maximum(header: NetpbmHeader) -> NetpbmHeader:
    if header.kind not in b"fF" and not 1 <= header.maximum <= 65535:
        raise ValueError(f"its largest value is {header.maximum:g}; 65535 is possible")
    return header


def decode_netpbm(data: bytes) -> tuple[PixelData, tuple[str, ...]]:
    """Decode the first picture of a file; notes for the user. ValueError when it is cut off or broken."""
    header = read_netpbm_header(data)
    if header.kind in b"fF":
        quantised = _decode_pfm(data, header)
        return _split_channels(quantised.pixels), quantised.notes
    samples = _decode_samples(data, header)
    shape = (header.height, header.width, header.channels)
    return _split_channels(_scale(samples, int(header.maximum)).reshape(shape)), ()


def _decode_samples(data: bytes, header: NetpbmHeader) -> NDArray[np.integer]:
    count = header.width * header.height * header.channels
    body = memoryview(data)[header.data_offset :]
    if header.kind == b"1":
        characters = np.frombuffer(body, np.uint8)
        bits = characters[(characters == ord("0")) | (characters == ord("1"))][:count]
        samples = np.asarray(1 - (bits - np.uint8(ord("0"))))
    elif header.kind in b"23":
        samples = np.array(bytes(body).split(None, count)[:count], "S8").astype(np.int64)
    elif header.kind == b"4":
        row_bytes = (header.width + 7) // 8
        _check_length(len(body), row_bytes * header.height)
        rows = np.frombuffer(body, np.uint8, row_bytes * header.height).reshape(header.height, -1)
        samples = np.asarray(1 - np.unpackbits(rows, axis=1)[:, : header.width].reshape(-1))
    else:
        dtype = np.dtype(np.uint8 if header.maximum < 256 else ">u2")
        _check_length(len(body), count * dtype.itemsize)
        samples = np.frombuffer(body, dtype, count)
    _check_length(len(samples), count)
    return samples


def _decode_pfm(data: bytes, header: NetpbmHeader) -> QuantisedSamples:
    count = header.width * header.height * header.channels
    body = memoryview(data)[header.data_offset :]
    _check_length(len(body), count * 4)
    light = np.frombuffer(body, "<f4" if header.maximum < 0 else ">f4", count)
    return quantise_linear(light.reshape(header.height, header.width, header.channels)[::-1].astype(np.float32))


def _scale(samples: NDArray[np.integer], maximum: int) -> Pixels:
    """Scale samples from 0..maximum to 8 bits, or 16 when they have more."""
    if maximum == 255 and samples.dtype == np.uint8:
        return samples.astype(np.uint8)
    peak = 255 if maximum <= 255 else 65535
    levels = np.arange(maximum + 1, dtype=np.uint64)
    table: Pixels = ((levels * peak + maximum // 2) // maximum).astype(np.uint8 if peak == 255 else np.uint16)
    scaled: Pixels = table[np.clip(samples, 0, maximum)]
    return scaled


def _split_channels(pixels: Pixels) -> PixelData:
    """Grey or RGB, and alpha, of H x W x 1 to 4."""
    channels = pixels.shape[2]
    alpha = np.ascontiguousarray(pixels[..., -1]) if channels in (2, 4) else None
    if channels < 3:
        return PixelData("grey", np.ascontiguousarray(pixels[..., 0]), alpha)
    return PixelData("rgb", np.ascontiguousarray(pixels[..., :3]), alpha)


def _check_length(found: int, needed: int) -> None:
    if found < needed:
        raise ValueError("the pixels end early")

"""Reading of OpenEXR pictures: linear light, premultiplied, as 16 bits in sRGB's tone curve.

The header is read here, before the Academy's package (extra `layers`) decodes anything. Light above 1.0 is clipped,
with a note; other primaries than BT.709's are kept as a profile. Format: openexr.com, OpenEXR File Layout.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from importlib import import_module
from io import BytesIO
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.core.icc_builder import BT709, Primaries, build_rgb_profile, srgb_curve
from mattebox.core.interface import install_extra
from mattebox.errors import InputUnreadable
from mattebox.io.dimensions import ImageDimensions
from mattebox.io.exr_depth import read_exr_depth
from mattebox.io.parsing_budget import ParsingBudget
from mattebox.io.pillow_arrays import PixelData
from mattebox.io.wide_samples import quantise, quantise_linear
from mattebox.types import DepthMap

MAX_ROUNDED_CHROMATICITY = 0.002  # from BT.709, below which it is that
DEEP_DATA_FLAG, MULTIPART_FLAG = 0x800, 0x1000


class DecodedLight(NamedTuple):
    """Straight colours in linear light, H x W x 1 or 3, not clipped; alpha H x W, 0..1, or None; primaries; whether all
    channels are half floats; the header; and depth."""

    colours: NDArray[np.float32]
    alpha: NDArray[np.float32] | None
    primaries: Primaries
    is_half: bool
    header: Mapping[str, Any]
    depth: DepthMap | None = None

    @property
    def alpha_pixels(self) -> NDArray[np.uint16] | None:
        """Alpha as 16 bits."""
        return None if self.alpha is None else quantise(self.alpha).pixels


class DecodedExr(NamedTuple):
    """Pixels, their profile (None = sRGB), notes for the user, and the depth of each pixel (H x W), if there is any."""

    pixel_data: PixelData
    profile: bytes | None
    notes: tuple[str, ...]
    depth: DepthMap | None = None


def openexr_dimensions(data: bytes) -> ImageDimensions:
    """Size of the largest part by its data window; all parts count as frames. ValueError when it is broken."""
    (version,) = struct.unpack_from("<I", data, 4)
    if version & DEEP_DATA_FLAG:
        raise ValueError("deep data, which is not supported")
    budget, sizes, at = ParsingBudget(), [], 8
    while True:
        budget.spend_parts()
        if data[at] == 0:  # the end of a header; of all with parts, one more
            if not version & MULTIPART_FLAG or data[at + 1] == 0:
                break
            at += 1
        name_end = data.index(b"\0", at)
        type_end = data.index(b"\0", name_end + 1)
        (length,) = struct.unpack_from("<I", data, type_end + 1)
        if data[at:name_end] == b"dataWindow":
            left, top, right, bottom = struct.unpack_from("<4i", data, type_end + 5)
            sizes.append((right - left + 1, bottom - top + 1))
        at = type_end + 5 + length
    if not sizes:
        raise ValueError("no data window")
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return ImageDimensions(width, height, len(sizes), 16)


def decode_openexr(data: bytes, name: str) -> DecodedExr:
    """Decode the first part. InputUnreadable without the package; ValueError for a file without colours."""
    light = decode_scene_light(data, name)
    quantised = quantise_linear(light.colours)
    profile = build_linear_profile(light.primaries)
    kind: Literal["rgb", "grey"] = "rgb" if quantised.pixels.shape[2] == 3 else "grey"
    pixels = quantised.pixels if kind == "rgb" else quantised.pixels[..., 0]
    return DecodedExr(PixelData(kind, pixels, light.alpha_pixels), profile, quantised.notes, light.depth)


def decode_scene_light(data: bytes, name: str) -> DecodedLight:
    """Decode the first part without clipping or quantising it; errors as for `decode_openexr`."""
    try:
        api = import_module("OpenEXR")
    except ImportError as error:
        raise InputUnreadable(
            f"{name} is an OpenEXR picture, which needs an extra package", install_extra("layers")
        ) from error
    parts = api.File(BytesIO(data)).parts
    if len(parts) < openexr_dimensions(data).frames:  # the package leaves out those that it cannot decode
        raise ValueError("damaged pixels")
    part = parts[0]
    channels = {key: channel.pixels for key, channel in part.channels.items()}
    planes = _colour_planes(channels)
    colours, alpha = planes[..., : 3 if planes.shape[2] > 2 else 1], None
    if planes.shape[2] in (2, 4):
        opacity = planes[..., -1:]
        colours = np.where(opacity > 0, colours / np.maximum(opacity, 1e-6), colours)
        alpha = np.ascontiguousarray(np.clip(opacity[..., 0], 0, 1))
    is_half = all(pixels.dtype == np.float16 for pixels in channels.values())
    depth = read_exr_depth(channels, part.header)
    return DecodedLight(colours, alpha, read_primaries(part.header), is_half, part.header, depth)


def _colour_planes(channels: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """H x W x 1 to 4 (grey or RGB, and alpha) of a part's channels. ValueError when it has none."""
    for names in (("RGBA",), ("RGB", "A"), ("RGB",), ("R", "G", "B", "A"), ("R", "G", "B"), ("Y", "A"), ("Y",), ("Z",)):
        if all(n in channels for n in names):
            planes = [channels[n].astype(np.float32).reshape(*channels[n].shape[:2], -1) for n in names]
            return np.concatenate(planes, 2)
    raise ValueError(f"no colours, only the channels {', '.join(sorted(channels))[:80]}")


def read_primaries(header: Mapping[str, Any]) -> Primaries:
    """The primaries that a header states; without any, those of BT.709, as OpenEXR has it."""
    try:
        x = [float(v) for v in header["chromaticities"]]
        primaries = Primaries((x[0], x[1]), (x[2], x[3]), (x[4], x[5]), (x[6], x[7]))
        build_rgb_profile("OpenEXR chromaticities", primaries, srgb_curve())
    except (KeyError, TypeError, ValueError, IndexError, struct.error, np.linalg.LinAlgError):
        return BT709
    return BT709 if np.abs(np.array(primaries) - np.array(BT709)).max() < MAX_ROUNDED_CHROMATICITY else primaries


def build_linear_profile(primaries: Primaries) -> bytes | None:
    """The profile of linear light that is stored in sRGB's tone curve; None (sRGB) for BT.709's primaries."""
    return None if primaries == BT709 else build_rgb_profile("OpenEXR chromaticities", primaries, srgb_curve())

"""ICC transforms to and from sRGB by Pillow's ImageCms (Little CMS), cached.

Relative colorimetric intent with black point compensation, the default of photo software. 8 bits per channel, except
grey, which goes through a 16-bit table.
"""

from __future__ import annotations

import functools
import struct
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core import icc_builder
from mattebox.core.array_conversion import PixelArray

if TYPE_CHECKING:
    from PIL import ImageCms

STRIP_ROWS = 256
_PILLOW_MODES = {"RGB ": "RGB", "CMYK": "CMYK", "GRAY": "L", "Lab ": "LAB"}


def profile_name(profile: bytes) -> str:
    """What a profile calls itself; "unknown" for a broken one."""
    from PIL import ImageCms

    try:
        return ImageCms.getProfileDescription(_open_profile(profile)).strip() or "unnamed"
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return "unknown"


@functools.lru_cache(maxsize=16)
def profile_mode(profile: bytes) -> str | None:
    """The Pillow mode a profile is for: "RGB", "CMYK", "L" or "LAB"; None when it is broken or for something else."""
    from PIL import ImageCms

    try:
        opened = _open_profile(profile)
        mode = _PILLOW_MODES.get(opened.profile.xcolor_space)
        if mode is not None:  # a valid header is not enough: the transform must work
            ImageCms.buildTransform(opened, _srgb_profile(), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return mode


def transform_to_srgb(pixels: PixelArray, profile: bytes | None, mode: str) -> NDArray[np.uint8]:
    """Convert uint8 pixels of a Pillow mode to H x W x 3 uint8 sRGB. `profile` None means the standard LAB profile."""
    from PIL import Image, ImageCms

    transform = _build_transform(profile, mode, True)
    rgb = np.empty((*pixels.shape[:2], 3), np.uint8)
    for top in range(0, len(pixels), STRIP_ROWS):
        strip = _image_from_pixels(pixels[top : top + STRIP_ROWS], mode)
        converted: Image.Image | None = ImageCms.applyTransform(strip, transform)
        rgb[top : top + STRIP_ROWS] = np.asarray(converted)
    return rgb


def transform_from_srgb(colours: NDArray[np.uint8], profile: bytes) -> NDArray[np.uint8]:
    """Convert N x 3 uint8 sRGB colours to an RGB profile."""
    from PIL import Image, ImageCms

    converted: Image.Image | None = ImageCms.applyTransform(
        Image.fromarray(np.ascontiguousarray(colours[None])), _build_transform(profile, "RGB", False)
    )
    result: NDArray[np.uint8] = np.asarray(converted)[0]
    return result


@functools.lru_cache(maxsize=16)
def grey_to_srgb_table(profile: bytes) -> NDArray[np.uint16]:
    """Table from 16-bit values of a grey profile to sRGB's encoding: 65536 uint16 values."""
    from PIL import Image, ImageCms

    target = ImageCms.ImageCmsProfile(BytesIO(_build_grey_srgb_profile()))
    transform = ImageCms.buildTransform(
        _open_profile(profile), target, "I;16", "I;16", _rendering_intent(), _exact_transform_flags()
    )
    ramp = Image.frombytes("I;16", (65536, 1), np.arange(65536, dtype="<u2").tobytes())
    converted: Image.Image | None = ImageCms.applyTransform(ramp, transform)
    assert converted is not None
    table = np.frombuffer(converted.tobytes(), "<u2").astype(np.uint16)
    table.flags.writeable = False
    return table


def grey_to_srgb(grey: PixelArray, profile: bytes) -> PixelArray:
    """Convert H x W uint8 or uint16 of a grey profile to sRGB's encoding, at the same bit depth."""
    table: PixelArray = grey_to_srgb_table(profile)
    if grey.dtype == np.uint8:
        table = ((table[::257].astype(np.uint32) + 128) // 257).astype(np.uint8)
    converted: PixelArray = table[grey]
    return converted


@functools.lru_cache(maxsize=16)
def is_srgb_profile(profile: bytes) -> bool:
    """Whether an RGB profile maps a grid of colours to within 1/255 of sRGB."""
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(1, -1, 3)
    return int(np.abs(transform_to_srgb(grid, profile, "RGB").astype(int) - grid).max()) <= 1


@functools.lru_cache(maxsize=32)
def _build_transform(profile: bytes | None, mode: str, is_to_srgb: bool) -> ImageCms.ImageCmsTransform:
    from PIL import ImageCms

    other = _open_profile(profile) if profile is not None else ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    if is_to_srgb:
        return ImageCms.buildTransform(other, _srgb_profile(), mode, "RGB", _rendering_intent(), _transform_flags())
    return ImageCms.buildTransform(_srgb_profile(), other, "RGB", mode, _rendering_intent(), _transform_flags())


def _rendering_intent() -> Any:
    from PIL import ImageCms

    return ImageCms.Intent.RELATIVE_COLORIMETRIC


def _transform_flags() -> Any:
    from PIL import ImageCms

    return ImageCms.Flags.BLACKPOINTCOMPENSATION


def _exact_transform_flags() -> Any:
    """Flags without Little CMS's optimisations, which lift the darkest greys of steep curves."""
    from PIL import ImageCms

    return _transform_flags() | ImageCms.Flags.NOOPTIMIZE | ImageCms.Flags.NOCACHE


def _open_profile(profile: bytes) -> ImageCms.ImageCmsProfile:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(BytesIO(profile))


@functools.lru_cache(maxsize=1)
def _srgb_profile() -> ImageCms.ImageCmsProfile:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _image_from_pixels(pixels: PixelArray, mode: str) -> Any:
    from PIL import Image

    content = np.ascontiguousarray(pixels)
    return Image.frombytes(mode, (content.shape[1], content.shape[0]), content.tobytes())


def _build_grey_srgb_profile() -> bytes:
    """A grey profile with sRGB's tone curve, the target of `grey_to_srgb_table`."""
    white = b"XYZ " + struct.pack(">I3i", 0, 63190, 65536, 54061)
    return icc_builder.build_profile(b"GRAY", {b"wtpt": white, b"kTRC": icc_builder.srgb_curve()})

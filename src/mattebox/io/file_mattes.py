"""What a phone writes beside a photograph: mattes of people, their skin, hair, teeth, glasses, and of the sky; and
the gain map.

Apple's portrait effects matte and semantic segmentation mattes, which are auxiliary pictures of a HEIC
(AVFoundation: AVPortraitEffectsMatte, AVSemanticSegmentationMatte).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from mattebox.io.jpeg_segments import further_pictures, xmp_of
from mattebox.types import Pixels

MAX_MATTE_PIXELS = 50_000_000
TYPE_PATTERN = re.compile(rb"AuxiliaryImageType(?:>|\s*=\s*[\"'])\s*([\w:.]+)")
GAIN_MAP_TYPE = "urn:com:apple:photo:2020:aux:hdrgainmap"
AUXILIARY_TYPES = {  # the part of a matte's type after its year
    "portraiteffectsmatte": "portrait",
    "semanticskinmatte": "skin",
    "semantichairmatte": "hair",
    "semanticteethmatte": "teeth",
    "semanticglassesmatte": "glasses",
    "semanticskymatte": "sky",
}


def matte_name(auxiliary_type: str) -> str | None:
    """What a matte shows, by the type of an auxiliary picture; None where it is none."""
    if not auxiliary_type.startswith("urn:com:apple:photo:"):
        return None
    return AUXILIARY_TYPES.get(auxiliary_type.rpartition(":")[2])


def read_heif_mattes(image: Any) -> Mapping[str, Pixels]:
    """The mattes of a HEIC, by what they show, as stored: (h, w) uint8 in sizes of their own.

    `image` is pillow-heif's. A matte that is damaged or too large is left out.
    """
    mattes = {}
    for auxiliary_type, numbers in (image.info.get("aux") or {}).items():
        name = matte_name(auxiliary_type)
        matte = None if name is None or not numbers else _read_plane(image, numbers[0])
        if name is not None and matte is not None:
            mattes[name] = matte
    return mattes


def read_jpeg_mattes(data: bytes) -> Mapping[str, Pixels]:
    """The mattes among a JPEG's further pictures, as Apple's most compatible format stores them, by what they show."""
    mattes = {}
    for picture in further_pictures(data):
        match = TYPE_PATTERN.search(xmp_of(picture))
        name = None if match is None else matte_name(match[1].decode("ascii", "replace"))
        matte = None if name is None else _decode_plane(picture)
        if name is not None and matte is not None:
            mattes[name] = matte
    return mattes


def _decode_plane(picture: bytes) -> Pixels | None:
    """The plane of a grey JPEG; None for a damaged or too large one."""
    import simplejpeg

    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(picture)
        if height * width > MAX_MATTE_PIXELS:
            return None
        plane: Pixels = np.ascontiguousarray(simplejpeg.decode_jpeg(picture, "GRAY")[..., 0])
    except ValueError:
        return None
    return plane


def read_heif_gain_map(image: Any) -> Pixels | None:
    """The stored values of Apple's gain map in a HEIC, (h, w) uint8; None where there is none, or a damaged one."""
    numbers = (image.info.get("aux") or {}).get(GAIN_MAP_TYPE)
    return _read_plane(image, numbers[0]) if numbers else None


def _read_plane(image: Any, number: int) -> Pixels | None:
    try:
        picture = image.get_aux_image(number)
        if picture.size[0] * picture.size[1] > MAX_MATTE_PIXELS:
            return None
        pixels = np.asarray(picture)
    except (OSError, ValueError, RuntimeError, SyntaxError):  # libheif's errors for a damaged part
        return None
    plane = pixels if pixels.ndim == 2 else pixels[..., 0]
    return np.ascontiguousarray(plane) if plane.dtype == np.uint8 else None

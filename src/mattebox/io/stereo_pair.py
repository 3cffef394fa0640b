"""Files that hold a stereo pair: MPO (CIPA DC-007) with pictures of disparity, and spatial HEIC (group `ster`)."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np

from mattebox.core.limits import MAX_INPUT_PIXELS
from mattebox.io import header_check
from mattebox.io.decoding import translate_decoder_errors
from mattebox.io.pillow_guard import suppress_pillow_checks
from mattebox.io.reader import read
from mattebox.types import Picture

DISPARITY_TYPE = "Multi-Frame Image: (Disparity)"  # Pillow's name of type 020002
MP_ENTRIES_TAG = 0xB002
STEREO_GROUP = "ster"


class StereoPair(NamedTuple):
    """What the left and the right eye see."""

    left: Picture
    right: Picture


def read_stereo_pair(data: bytes, name: str, max_pixels: int = MAX_INPUT_PIXELS) -> StereoPair | None:
    """The pair that a file holds; None for a file with one view.

    InputUnreadable, InputTooLarge.
    """
    header = header_check.read_header(data, name)
    if header.format == "jpeg":
        return _read_mpo(data, name, max_pixels)
    return _read_spatial_heic(data, name, max_pixels) if header.format == "heif" else None


def has_stereo_pair(data: bytes, name: str) -> bool:
    """Whether a file holds a pair, without decoding it."""
    kind = header_check.identify_format(data)
    if kind == "jpeg":
        return _find_second_view(data, name) is not None
    return kind == "heif" and has_stereo_group(data)


def _read_mpo(data: bytes, name: str, max_pixels: int) -> StereoPair | None:
    part = _find_second_view(data, name)
    if part is None:
        return None
    return StereoPair(read(data, max_pixels=max_pixels, name=name), read(part, max_pixels=max_pixels, name=name))


def _find_second_view(data: bytes, name: str) -> bytes | None:
    """The file of an MPO's second picture of disparity."""
    from PIL import JpegImagePlugin

    with translate_decoder_errors(name, "jpeg"), suppress_pillow_checks():
        image = JpegImagePlugin.JpegImageFile(BytesIO(data))
        index: Any = image._getmp()  # what Pillow's own plugin of MPO asks for
        if index is None:
            return None
        entries = [e for e in index.get(MP_ENTRIES_TAG, []) if e["Attribute"]["MPType"] == DISPARITY_TYPE]
        if len(entries) < 2:
            return None
        start = int(image.info["mpoffset"]) + int(entries[1]["DataOffset"])
        return data[start : start + int(entries[1]["Size"])]


def _read_spatial_heic(data: bytes, name: str, max_pixels: int) -> StereoPair | None:
    if not has_stereo_group(data):
        return None
    left = read(data, max_pixels=max_pixels, name=name)
    with translate_decoder_errors(name, "heif"):
        import pillow_heif

        file = pillow_heif.open_heif(data, bgr_mode=False)
        indices = find_stereo_group(file[file.primary_index].info)
        if indices is None:
            return None
        views = [file[index] for index in indices]
        for view in views:
            header_check.check_pixel_limit(header_check.ImageHeader("heif", *view.size), max_pixels, name)
        pixels = [np.ascontiguousarray(np.asarray(view)[..., :3]) for view in views]
    return StereoPair(*(Picture(view, profile=left.profile) for view in pixels))


def has_stereo_group(data: bytes) -> bool:
    """Whether a HEIC seems to list a group of that kind; `find_stereo_group` is sure."""
    return b"grpl" in data and STEREO_GROUP.encode() in data


def find_stereo_group(info: Mapping[Any, Any]) -> tuple[int, int] | None:
    """Indices of a HEIC's left and right pictures, from pillow-heif's `info`; None where it has no such group."""
    for group in info.get("entity_groups") or []:
        images = group.get("images") or []
        if group.get("type") == STEREO_GROUP and len(images) == 2 and None not in images:
            return images[0], images[1]
    return None

"""Loading of photographs, and of pictures that are given as parameters, from whatever holds them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mattebox.core.array_conversion import array_remedy, type_name
from mattebox.core.pillow_conversion import is_pil_image
from mattebox.errors import UsageError
from mattebox.io import header_check
from mattebox.io.reader import read, read_cached
from mattebox.io.sources import read_bytes, source_display_name
from mattebox.pipeline.result import Result
from mattebox.types import DepthMap, OpenImage, Picture

IMAGE_PARAMETERS = {  # parameters that may be pictures, with the text that a recipe has for one of that name
    "background": "{}", "style": "{}", "heal": "{}", "trimap": "{}", "garbage": "{}", "holdout": "{}", "core": "{}",
    "by": "plate({})", "bokeh_depth": "{}", "distance_depth": "{}", "label_logo": "{}",
}  # fmt: skip
DEPTH_PARAMETERS = ("bokeh_depth", "distance_depth")  # of them, those that may be a DepthMap


def load_picture(source: Any, max_pixels: int) -> Picture:
    """The photograph from whatever holds it. InputError; UsageError for what holds none."""
    return load_photograph(source, max_pixels)[0]


def load_photograph(source: Any, max_pixels: int) -> tuple[Picture, bytes | None]:
    """The photograph from whatever holds it, and its encoded file where there is one. InputError, UsageError."""
    if is_image(source):
        return _convert_image(source, max_pixels, "the photograph"), None
    if isinstance(source, str | os.PathLike | bytes | bytearray | memoryview) or hasattr(source, "read"):
        name = source_display_name(source)
        content = read_bytes(source, name=name)
        return read(content, max_pixels=max_pixels, name=name), content
    remedy = "give a path, bytes, a binary file object, a Picture, a PIL.Image or a NumPy array"
    if isinstance(source, Result):
        remedy = "give its `.picture`"
    elif hasattr(source, "__array__") or hasattr(source, "__dlpack__"):
        remedy = array_remedy(source)
    elif isinstance(source, list | tuple | set | Iterator):
        remedy = "give one photograph, or all of them to `cut_many`"
    raise UsageError(f"a photograph cannot be read from {type_name(source)}", remedy)


def is_image(value: Any) -> bool:
    """Whether a value is a picture in memory: a Picture, a NumPy array or a Pillow image."""
    return isinstance(value, Picture | np.ndarray) or is_pil_image(value)


class ImageArguments:
    """The pictures in memory among the parameters of a call, which its recipe names.

    `texts` are the parameters with each such picture replaced by its name, and `open` opens them, or else a file.
    """

    def __init__(self, parameters: Mapping[str, Any], max_pixels: int, open_file: OpenImage = read_cached) -> None:
        self._open_file = open_file
        self._pictures: dict[str, Picture] = {}
        self.texts: dict[str, Any] = {}
        for name, value in parameters.items():
            self.texts[name] = self._add(name, value, max_pixels) if _may_be_image(name, value) else value

    def open(self, path: str) -> Picture:
        """The picture that a recipe names."""
        return self._pictures[path] if path in self._pictures else self._open_file(path)

    def _add(self, name: str, image: Any, max_pixels: int) -> str:
        key = f"<{name}>.image"
        self._pictures[key] = _convert_image(image, max_pixels, name)
        return IMAGE_PARAMETERS[name].format(key)


def _may_be_image(name: str, value: Any) -> bool:
    return name in IMAGE_PARAMETERS and (is_image(value) or (name in DEPTH_PARAMETERS and isinstance(value, DepthMap)))


def _convert_image(image: Any, max_pixels: int, name: str) -> Picture:
    if isinstance(image, Picture):
        return image
    if isinstance(image, DepthMap):
        return replace(Picture.from_array(image.nearness()), depth=image)
    if isinstance(image, np.ndarray):
        return Picture.from_array(image)
    header_check.check_pixel_limit(header_check.ImageHeader("pillow", *image.size), max_pixels, name)  # not yet decoded
    return Picture.from_pil(image)

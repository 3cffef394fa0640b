"""Conversion of Pillow images to arrays: colour model, pixels and alpha.

Copies strip by strip, so that only one full copy exists beside Pillow's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Pixels

if TYPE_CHECKING:
    from PIL import Image

ColourModel = Literal["rgb", "grey", "cmyk", "lab"]
STRIP_ROWS = 64


class PixelData(NamedTuple):
    """Pixels in a colour model: H x W x 3 (rgb, lab), H x W (grey) or H x W x 4 (cmyk); straight alpha, H x W."""

    colour_model: ColourModel
    pixels: Pixels
    alpha: Pixels | None = None


def pixel_data_from_pillow(image: Image.Image) -> PixelData:
    """Convert any 8-bit Pillow image. Raises ValueError for modes that photographs do not have."""
    transparency = image.info.get("transparency")
    mode = image.mode
    if mode in ("P", "PA"):
        return pixel_data_from_pillow(
            _expand_palette(image, "RGBA" if transparency is not None or mode == "PA" else "RGB")
        )
    if mode in ("1", "La", "RGBa", "YCbCr"):
        return pixel_data_from_pillow(image.convert({"1": "L", "La": "LA", "RGBa": "RGBA", "YCbCr": "RGB"}[mode]))
    if mode in ("L", "LA"):
        grey = channels_from_pillow(image.getchannel("L"), "L")[..., 0]
        return PixelData(
            "grey",
            grey,
            alpha_from_colour_key(grey, transparency)
            if mode == "L"
            else channels_from_pillow(image.getchannel("A"), "L")[..., 0],
        )
    if mode in ("RGB", "RGBX", "RGBA"):
        rgb = channels_from_pillow(image, "RGB")
        return PixelData(
            "rgb",
            rgb,
            channels_from_pillow(image, "A")[..., 0] if mode == "RGBA" else alpha_from_colour_key(rgb, transparency),
        )
    if mode == "CMYK":
        return PixelData("cmyk", channels_from_pillow(image, "CMYK"))
    if mode == "LAB":
        return PixelData("lab", np.asarray(image))
    raise ValueError(f"its pixels are of an unusual kind ({mode}); convert it to 8 or 16 bits per channel")


def channels_from_pillow(image: Image.Image, raw_mode: str) -> NDArray[np.uint8]:
    """H x W x C uint8 with the channels in a raw mode of Pillow's, such as "RGB", or "A" of an RGBA picture."""
    width, height = image.size
    channels = np.empty((height, width, len(raw_mode)), np.uint8)
    for top in range(0, height, STRIP_ROWS):
        strip = image.crop((0, top, width, min(top + STRIP_ROWS, height)))
        content = strip.tobytes("raw", raw_mode)
        channels[top : top + STRIP_ROWS] = np.frombuffer(content, np.uint8).reshape(-1, width, len(raw_mode))
    return channels


def alpha_from_colour_key(pixels: Pixels, colour_key: Any) -> Pixels | None:
    """Alpha of a picture in which the colour `colour_key` is transparent; None without a key."""
    if colour_key is None or isinstance(colour_key, bytes):
        return None
    peak = np.iinfo(pixels.dtype).max
    if pixels.ndim == 2:
        hidden = pixels == colour_key
    else:
        hidden = np.ones(pixels.shape[:2], bool)
        for channel, value in enumerate(colour_key):
            hidden &= pixels[..., channel] == value
    return np.where(hidden, 0, peak).astype(pixels.dtype)


def _expand_palette(image: Image.Image, mode: str) -> Image.Image:
    """Convert a palette image to full colours; transparent entries become alpha."""
    expanded = image.convert(mode)
    expanded.info.pop("transparency", None)
    return expanded

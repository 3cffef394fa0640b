"""From Pillow's images to plain arrays: which colour space, which pixels, which alpha. Copies strip by strip, so that
only one whole copy exists beside Pillow's own. Knows nothing of files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.types import Pixels

if TYPE_CHECKING:
    from PIL import Image

Space = Literal["rgb", "grey", "cmyk", "lab"]
STRIP = 64


class Planes(NamedTuple):
    """Pixels in a colour space: H x W x 3 (rgb, lab), H x W (grey) or H x W x 4 (cmyk); alpha straight, H x W."""

    space: Space
    pixels: Pixels
    alpha: Pixels | None = None


def planes(image: Image.Image) -> Planes:
    """Any 8-bit picture of Pillow's. ValueError for kinds of pixel that photographs do not have."""
    clear = image.info.get("transparency")
    mode = image.mode
    if mode in ("P", "PA"):
        return planes(_without_key(image, "RGBA" if clear is not None or mode == "PA" else "RGB"))
    if mode in ("1", "La", "RGBa", "YCbCr"):
        return planes(image.convert({"1": "L", "La": "LA", "RGBa": "RGBA", "YCbCr": "RGB"}[mode]))
    if mode in ("L", "LA"):
        grey = array(image.getchannel("L"), "L")[..., 0]
        return Planes("grey", grey, keyed(grey, clear) if mode == "L" else array(image.getchannel("A"), "L")[..., 0])
    if mode in ("RGB", "RGBX", "RGBA"):
        rgb = array(image, "RGB")
        return Planes("rgb", rgb, array(image, "A")[..., 0] if mode == "RGBA" else keyed(rgb, clear))
    if mode == "CMYK":
        return Planes("cmyk", array(image, "CMYK"))
    if mode == "LAB":
        return Planes("lab", np.asarray(image))
    raise ValueError(f"its pixels are of an unusual kind ({mode}); convert it to 8 or 16 bits per channel")


def array(image: Image.Image, order: str) -> NDArray[np.uint8]:
    """H x W x C uint8 with the channels in a raw mode of Pillow's, such as "RGB", or "A" of an RGBA picture."""
    width, height = image.size
    made = np.empty((height, width, len(order)), np.uint8)
    for top in range(0, height, STRIP):
        strip = image.crop((0, top, width, min(top + STRIP, height)))
        content = strip.tobytes("raw", order)
        made[top : top + STRIP] = np.frombuffer(content, np.uint8).reshape(-1, width, len(order))
    return made


def keyed(pixels: Pixels, key: Any) -> Pixels | None:
    """Alpha of a picture whose one colour `key` is transparent; None without a key."""
    if key is None or isinstance(key, bytes):
        return None
    peak = np.iinfo(pixels.dtype).max
    if pixels.ndim == 2:
        hidden = pixels == key
    else:
        hidden = np.ones(pixels.shape[:2], bool)
        for channel, value in enumerate(key):
            hidden &= pixels[..., channel] == value
    return np.where(hidden, 0, peak).astype(pixels.dtype)


def _without_key(image: Image.Image, mode: str) -> Image.Image:
    """A palette's colours written out; its transparent entries are in the alpha then."""
    made = image.convert(mode)
    made.info.pop("transparency", None)
    return made

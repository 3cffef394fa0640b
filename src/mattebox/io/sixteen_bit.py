"""Exact decoding of 16-bit PNG and TIFF with Pillow, which has no 16-bit colour.

The file is decoded twice, once for the high and once for the low bytes: Pillow's raw modes ";16B" and ";16L" each keep
one byte of a pair. Grey with alpha in PNG is four bytes a pixel and read as RGBA. `tiff16` handles unusual TIFFs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mattebox.io.pillow_arrays import STRIP_ROWS, PixelData, alpha_from_colour_key
from mattebox.types import Pixels

if TYPE_CHECKING:
    from PIL import ImageFile

ReopenImage = Callable[[], "ImageFile.ImageFile"]


def raw_mode(image: ImageFile.ImageFile) -> str:
    """Pillow's raw mode of the stored samples, such as "RGB;16B"; empty when there is no tile."""
    args = image.tile[0].args if image.tile else ""
    return args if isinstance(args, str) else str(args[0] if args else "")


def is_sixteen_bit(image: ImageFile.ImageFile) -> bool:
    """Whether an opened, not yet loaded image has 16 bits per channel, which Pillow would cut to 8."""
    mode = raw_mode(image)
    if mode.startswith("BGR"):  # 16 bits a pixel: BMP's RGB565 and RGB555
        return False
    return image.mode.startswith("I;16") or (";16" in mode and image.mode in ("RGB", "RGBA"))


def decode_sixteen_bit(reopen_image: ReopenImage) -> PixelData:
    """Decode all layouts but separate planes. `reopen_image` opens the same image anew at each call."""
    image = reopen_image()
    mode = raw_mode(image)
    if image.mode.startswith("I;16"):
        return decode_grey(image)
    if mode == "LA;16B":
        return _decode_grey_alpha(image)
    straight = mode.replace("RGBa", "RGBA")
    colour, alpha = _decode_byte_pairs(reopen_image, straight)
    if mode.startswith("RGBa") and alpha is not None:
        colour = unpremultiply(colour, alpha)
    return PixelData(
        "rgb", colour, alpha_from_colour_key(colour, image.info.get("transparency")) if alpha is None else alpha
    )


def unpremultiply(rgb: NDArray[np.uint16], alpha: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Divide colours by alpha; colours under alpha 0 are lost in such files and stay as stored."""
    straight = rgb.copy()
    for top in range(0, len(rgb), STRIP_ROWS):
        rows = slice(top, top + STRIP_ROWS)
        a = np.maximum(alpha[rows], 1).astype(np.uint32)[..., None]
        straight[rows] = np.minimum((rgb[rows].astype(np.uint32) * 65535 + a // 2) // a, 65535)
        straight[rows][alpha[rows] == 0] = rgb[rows][alpha[rows] == 0]
    return straight


def decode_grey(image: ImageFile.ImageFile) -> PixelData:
    """Decode an opened, not yet loaded grey image; 12 bits are stretched to 16."""
    order = ">" if image.mode.endswith("B") else "<"
    twelve = raw_mode(image) == "I;12"
    image.load()
    pixels = np.frombuffer(image.tobytes(), order + "u2").astype(np.uint16).reshape(image.size[::-1])
    if twelve:
        pixels = pixels << 4 | pixels >> 8
    return PixelData("grey", pixels, alpha_from_colour_key(pixels, image.info.get("transparency")))


def _decode_grey_alpha(image: ImageFile.ImageFile) -> PixelData:
    image.tile = [tile._replace(args="RGBA") for tile in image.tile]
    image.load()
    pairs = np.frombuffer(image.tobytes(), ">u2").reshape(*image.size[::-1], 2)
    return PixelData("grey", pairs[..., 0].astype(np.uint16), pairs[..., 1].astype(np.uint16))


def _decode_byte_pairs(reopen_image: ReopenImage, mode: str) -> tuple[NDArray[np.uint16], NDArray[np.uint16] | None]:
    """Decode colour and alpha from the first and the second byte of each sample."""
    colour: NDArray[np.uint16] | None = None
    alpha: NDArray[np.uint16] | None = None
    little = mode.endswith("L") or (mode.endswith("N") and sys.byteorder == "little")
    for second in (False, True):  # the first byte of each pair, then the second
        image = reopen_image()
        byte_mode = f"{mode.split(';')[0]};16{'L' if second else 'B'}"
        image.tile = [tile._replace(args=_replace_raw_mode(tile.args, byte_mode)) for tile in image.tile]
        image.load()
        shift = 8 if second == little else 0
        if colour is None:
            colour = np.zeros((image.height, image.width, 3), np.uint16)
            alpha = np.zeros(colour.shape[:2], np.uint16) if image.mode == "RGBA" else None
        _merge_byte(image, colour, alpha, shift)
    assert colour is not None
    return colour, alpha


def _replace_raw_mode(tile_args: Any, mode: str) -> Any:
    return mode if isinstance(tile_args, str) else (mode, *tile_args[1:])


def _merge_byte(image: ImageFile.ImageFile, colour: Pixels, alpha: Pixels | None, shift_bits: int) -> None:
    """OR one byte of every sample into place, strip by strip."""
    width, height = image.size
    for top in range(0, height, STRIP_ROWS):
        strip = image.crop((0, top, width, min(top + STRIP_ROWS, height)))
        rows = slice(top, top + strip.height)
        pixels = np.asarray(strip)
        colour[rows] |= pixels[..., :3].astype(np.uint16) << shift_bits
        if alpha is not None:
            alpha[rows] |= pixels[..., 3].astype(np.uint16) << shift_bits

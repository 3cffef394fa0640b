"""16-bit PNG and TIFF, exactly, although Pillow has no 16-bit colour: it decodes twice, once for the upper bytes and
once for the lower ones (its raw modes ";16B" and ";16L" each keep one byte of a pair), by its robust C decoders.

Grey with alpha in PNG is four bytes a pixel, read as if they were RGBA. TIFF with separate planes, which Pillow reads
wrongly at 16 bits, is read as one grey picture per plane.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mattebox.io.ifd import Directory, Entry, Tiff
from mattebox.io.planes import STRIP, Planes, keyed
from mattebox.types import Pixels

if TYPE_CHECKING:
    from PIL import ImageFile, TiffImagePlugin

Open = Callable[[], "ImageFile.ImageFile"]


def raw_mode(image: ImageFile.ImageFile) -> str:
    """How the samples lie in the file, in Pillow's words, such as "RGB;16B"; empty when there is no tile."""
    args = image.tile[0].args if image.tile else ""
    return args if isinstance(args, str) else str(args[0] if args else "")


def is_sixteen(image: ImageFile.ImageFile) -> bool:
    """Whether this opened, not yet loaded picture has 16 bits per channel that Pillow would cut to 8."""
    return image.mode.startswith("I;16") or (";16" in raw_mode(image) and image.mode in ("RGB", "RGBA"))


def decode(open_image: Open) -> Planes:
    """All kinds but separate planes. `open_image` opens the same picture anew each time."""
    image = open_image()
    mode = raw_mode(image)
    if image.mode.startswith("I;16"):
        return _grey(image)
    if mode == "LA;16B":
        return _grey_alpha(image)
    straight = mode.replace("RGBa", "RGBA")
    colour, alpha = _pairs(open_image, straight)
    if mode.startswith("RGBa") and alpha is not None:
        colour = unpremultiplied(colour, alpha)
    return Planes("rgb", colour, keyed(colour, image.info.get("transparency")) if alpha is None else alpha)


def separate_planes(data: bytes, open_data: Callable[[bytes], ImageFile.ImageFile]) -> Planes:
    """A 16-bit TIFF whose channels lie one behind the other. `open_data` opens the bytes of a TIFF. ValueError."""
    file = Tiff(data)
    tags, _ = file.directory(file.first)
    count = file.number(tags.get(277)) or 0
    if file.big or count not in (3, 4):
        raise ValueError("16 bits in separate planes of this kind; save it with interleaved channels")
    channels = [_grey(open_data(_one_plane(file, tags, k, count))).pixels for k in range(count)]
    rgb = np.stack(channels[:3], -1).astype(np.uint16, copy=False)
    kind = file.number(tags.get(338)) or 0
    if count == 3 or kind == 0:
        return Planes("rgb", rgb)
    alpha = channels[3].astype(np.uint16, copy=False)
    return Planes("rgb", unpremultiplied(rgb, alpha) if kind == 1 else rgb, alpha)


def _one_plane(file: Tiff, tags: Directory, index: int, count: int) -> bytes:
    """The same file with another directory behind it, by which one of its planes is a grey picture."""
    kept: Directory = {tag: tags[tag] for tag in (256, 257, 259, 266, 278, 317, 322, 323) if tag in tags}
    kept |= {tag: _short(file, value) for tag, value in ((258, 16), (262, 1), (277, 1))}
    for tag in (273, 279, 324, 325):  # where the strips or tiles are, and their lengths: those of each plane in turn
        if tag in tags:
            each = tags[tag].length // count
            size = len(tags[tag].raw) // max(tags[tag].length, 1)
            kept[tag] = Entry(tags[tag].kind, each, tags[tag].raw[index * each * size : (index + 1) * each * size])
    if not all(entry.length for entry in kept.values()):
        raise ValueError("a plane without data")
    return file.with_directory(kept)


def _short(file: Tiff, value: int) -> Entry:
    return Entry(3, 1, struct.pack(file.order + "H", value))


def unpremultiplied(rgb: NDArray[np.uint16], alpha: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Straight colours of premultiplied ones; colours under alpha 0 are lost in such files and stay as stored."""
    made = rgb.copy()
    for top in range(0, len(rgb), STRIP):
        rows = slice(top, top + STRIP)
        a = np.maximum(alpha[rows], 1).astype(np.uint32)[..., None]
        made[rows] = np.minimum((rgb[rows].astype(np.uint32) * 65535 + a // 2) // a, 65535)
        made[rows][alpha[rows] == 0] = rgb[rows][alpha[rows] == 0]
    return made


def _grey(image: ImageFile.ImageFile) -> Planes:
    order = ">" if image.mode.endswith("B") else "<"
    twelve = raw_mode(image) == "I;12"
    inverted = getattr(image, "tag_v2", {}).get(262) == 0  # white is zero: Pillow leaves it so at 16 bits
    image.load()
    grey = np.frombuffer(image.tobytes(), order + "u2").astype(np.uint16).reshape(image.size[::-1])
    if twelve:
        grey = grey << 4 | grey >> 8
    if inverted:
        grey = 65535 - grey
    return Planes("grey", grey, keyed(grey, image.info.get("transparency")))


def _grey_alpha(image: ImageFile.ImageFile) -> Planes:
    image.tile = [tile._replace(args="RGBA") for tile in image.tile]
    image.load()
    pairs = np.frombuffer(image.tobytes(), ">u2").reshape(*image.size[::-1], 2)
    return Planes("grey", pairs[..., 0].astype(np.uint16), pairs[..., 1].astype(np.uint16))


def _pairs(open_image: Open, mode: str) -> tuple[NDArray[np.uint16], NDArray[np.uint16] | None]:
    """Colour and alpha, from the two bytes of each sample in turn."""
    colour: NDArray[np.uint16] | None = None
    alpha: NDArray[np.uint16] | None = None
    little = mode.endswith("L") or (mode.endswith("N") and sys.byteorder == "little")
    for second in (False, True):  # the first byte of each pair, then the second
        image = open_image()
        wanted = f"{mode.split(';')[0]};16{'L' if second else 'B'}"
        image.tile = [tile._replace(args=_with_mode(tile.args, wanted)) for tile in image.tile]
        image.load()
        shift = 8 if second == little else 0
        if colour is None:
            colour = np.zeros((image.height, image.width, 3), np.uint16)
            alpha = np.zeros(colour.shape[:2], np.uint16) if image.mode == "RGBA" else None
        _add(image, colour, alpha, shift)
    assert colour is not None
    return colour, alpha


def _with_mode(args: Any, mode: str) -> Any:
    return mode if isinstance(args, str) else (mode, *args[1:])


def _add(image: ImageFile.ImageFile, colour: Pixels, alpha: Pixels | None, shift: int) -> None:
    """OR one byte of every sample into place, strip by strip."""
    width, height = image.size
    for top in range(0, height, STRIP):
        strip = image.crop((0, top, width, min(top + STRIP, height)))
        rows = slice(top, top + strip.height)
        pixels = np.asarray(strip)
        colour[rows] |= pixels[..., :3].astype(np.uint16) << shift
        if alpha is not None:
            alpha[rows] |= pixels[..., 3].astype(np.uint16) << shift


def is_planar(image: TiffImagePlugin.TiffImageFile) -> bool:
    """Whether a TIFF keeps its channels in separate planes of 16 bits."""
    bits = image.tag_v2.get(258, (1,))
    return image.tag_v2.get(284) == 2 and image.mode in ("RGB", "RGBA") and bits[0] == 16

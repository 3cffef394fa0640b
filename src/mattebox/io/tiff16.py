"""16-bit TIFFs that Pillow misreads or refuses: separate planes, grey with alpha, and grey where white is zero.

Each is shown to Pillow by another directory over the same data, as a kind that it reads exactly: a plane as a grey
picture, grey with alpha as four bytes. So all its compressions, tiles and orientations hold. TIFF 6.0, section 8.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mattebox.io import sixteen_bit
from mattebox.io.pillow_arrays import Planes
from mattebox.io.tiff_ifd import Directory, Entry, Tiff
from mattebox.types import Pixels

if TYPE_CHECKING:
    from PIL import ImageFile

Open = Callable[[bytes], "ImageFile.ImageFile"]

PHOTOMETRIC, BITS, SAMPLES, PLANAR, PREDICTOR, EXTRA, FORMAT = 262, 258, 277, 284, 317, 338, 339
PLACES = (273, 279, 324, 325)  # where the strips or tiles are, and how long


class Seen(NamedTuple):
    """What was found, and the image it was found by (for its `info`)."""

    planes: Planes
    image: ImageFile.ImageFile


def decode(data: bytes, open_data: Open) -> Seen | None:
    """The pixels of one of those kinds; None for all others, which Pillow reads as they are. ValueError."""
    file = Tiff(data)
    tags, _ = file.directory(file.first)

    def value(tag: int, usual: int) -> int:
        found = file.number(tags.get(tag))
        return usual if found is None else found

    if value(BITS, 1) != 16 or value(FORMAT, 1) != 1 or value(PHOTOMETRIC, 0) > 2:
        return None
    samples, grey = value(SAMPLES, 1), value(PHOTOMETRIC, 0) < 2
    unusual = (samples > 1 and (grey or value(PLANAR, 1) == 2)) or value(PHOTOMETRIC, 0) == 0
    if not unusual:
        return None
    if file.big or samples > 4 or (grey and samples > 2):
        raise ValueError("16 bits in an unusual order of channels; save it with interleaved channels")
    if value(PLANAR, 1) == 2 or samples == 1:
        seen = [_plane(file, tags, k, samples, open_data) for k in range(samples)]
        channels, image = [one.planes.pixels for one in seen], seen[0].image
    else:
        if value(PREDICTOR, 1) != 1:
            raise ValueError("16-bit grey with alpha and a predictor; save it without compression")
        channels, image = _interleaved(file, tags, open_data)
    if value(PHOTOMETRIC, 0) == 0:
        channels[0] = 65535 - channels[0]
    return Seen(_together(channels, 1 if grey else 3, value(EXTRA, 0)), image)


def _together(channels: list[Pixels], colours: int, kind: int) -> Planes:
    """Colour and alpha; `kind` of the further channel: 1 premultiplied alpha, 2 straight alpha, else no alpha."""
    colour = np.stack(channels[:colours], -1).astype(np.uint16, copy=False)
    alpha = channels[colours] if len(channels) > colours and kind in (1, 2) else None
    if alpha is not None and kind == 1:
        colour = sixteen_bit.unpremultiplied(colour, alpha.astype(np.uint16, copy=False))
    return Planes("rgb", colour, alpha) if colours == 3 else Planes("grey", colour[..., 0], alpha)


def _plane(file: Tiff, tags: Directory, index: int, count: int, open_data: Open) -> Seen:
    """One plane as a grey picture of its own."""
    changed = {tag: _part(tags[tag], index, count) for tag in PLACES if tag in tags}
    image = open_data(_retagged(file, tags, changed, bits=[16], photometric=1))
    return Seen(sixteen_bit.grey(image), image)


def _part(entry: Entry, index: int, count: int) -> Entry:
    """The share of one plane in a list of places: planes stand one behind the other."""
    each = entry.length // count
    size = len(entry.raw) // entry.length
    if not each:
        raise ValueError("a plane without data")
    return Entry(entry.kind, each, entry.raw[index * each * size : (index + 1) * each * size])


def _interleaved(file: Tiff, tags: Directory, open_data: Open) -> tuple[list[Pixels], ImageFile.ImageFile]:
    """Grey and alpha of two bytes each, read as the four bytes of an RGBA picture."""
    changed = {EXTRA: _short(file, [2])}
    image = open_data(_retagged(file, tags, changed, bits=[8] * 4, photometric=2))
    image.load()
    pairs = np.frombuffer(image.tobytes(), file.order + "u2").reshape(*image.size[::-1], 2)
    return [pairs[..., 0].astype(np.uint16), pairs[..., 1].astype(np.uint16)], image


def _retagged(file: Tiff, tags: Directory, changed: Directory, *, bits: list[int], photometric: int) -> bytes:
    layout = {BITS: bits, PHOTOMETRIC: [photometric], SAMPLES: [len(bits)], PLANAR: [1]}
    shown = {tag: entry for tag, entry in tags.items() if tag not in (EXTRA, FORMAT)}
    return file.with_directory(shown | {tag: _short(file, values) for tag, values in layout.items()} | changed)


def _short(file: Tiff, values: list[int]) -> Entry:
    return Entry(3, len(values), struct.pack(f"{file.order}{len(values)}H", *values))

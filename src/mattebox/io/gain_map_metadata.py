"""The numbers of a gain map: in XMP (Adobe's and Android's Ultra HDR 1.0), as ISO 21496-1 has them, and Apple's."""

from __future__ import annotations

import math
import re
import struct
from fractions import Fraction
from typing import NamedTuple

from mattebox.io.tiff_ifd import TiffStructure

ADOBE_NAMESPACE = "http://ns.adobe.com/hdr-gain-map/1.0/"
ISO_MARK = b"urn:iso:std:iso:ts:21496:-1\0"
MULTI_CHANNEL, BASE_COLOUR_SPACE, COMMON_DENOMINATOR, BACKWARD = 0x80, 0x40, 0x08, 0x04
CHANNELS = 3
DENOMINATOR = 1_000_000
MAKER_NOTE_TAG, EXIF_IFD_TAG, APPLE_HEADER = 0x927C, 0x8769, b"Apple iOS\0"
HEADROOM_TAGS = (33, 48)

Triple = tuple[float, float, float]


class GainMapNumbers(NamedTuple):
    """How the stored values 0..1 of a gain map are read: (value ** (1 / gamma)) x (largest - smallest) + smallest.

    Attributes
    ----------
    smallest, largest : (float, float, float)
        Gains in stops.
    gamma, offset, alternate_offset : (float, float, float)
    headroom : (float, float)
        As in `GainMap`.
    """

    smallest: Triple
    largest: Triple
    gamma: Triple = (1.0, 1.0, 1.0)
    offset: Triple = (0.0, 0.0, 0.0)
    alternate_offset: Triple = (0.0, 0.0, 0.0)
    headroom: tuple[float, float] = (0.0, 1.0)


def read_adobe_numbers(packet: bytes) -> GainMapNumbers | None:
    """The numbers in a gain map's XMP; None where it has none, where they make no sense, or where the base is HDR."""
    if ADOBE_NAMESPACE.encode() not in packet or _values(packet, "BaseRenditionIsHDR", "False") != ["False"]:
        return None
    try:
        smallest, largest, gamma, offset, alternate = (
            _triple([float(text) for text in _values(packet, name, default)])
            for name, default in (
                ("GainMapMin", "0"), ("GainMapMax", "nan"), ("Gamma", "1"), ("OffsetSDR", "0.015625"),
                ("OffsetHDR", "0.015625"),
            )
        )  # fmt: skip
        low, high = (float(_values(packet, f"HDRCapacity{end}", d)[0]) for end, d in (("Min", "0"), ("Max", "nan")))
    except (ValueError, IndexError):
        return None
    return _reject_nonsense(GainMapNumbers(smallest, largest, gamma, offset, alternate, (low, high)))


def write_adobe_attributes(numbers: GainMapNumbers) -> str:
    """The numbers as attributes of an RDF description; those of the first channel."""
    values = {
        "Version": "1.0", "GainMapMin": numbers.smallest[0], "GainMapMax": numbers.largest[0],
        "Gamma": numbers.gamma[0], "OffsetSDR": numbers.offset[0], "OffsetHDR": numbers.alternate_offset[0],
        "HDRCapacityMin": numbers.headroom[0], "HDRCapacityMax": numbers.headroom[1], "BaseRenditionIsHDR": "False",
    }  # fmt: skip
    texts = {name: value if isinstance(value, str) else f"{value:.6f}" for name, value in values.items()}
    return " ".join(f'hdrgm:{name}="{text}"' for name, text in texts.items())


def read_iso_numbers(content: bytes) -> GainMapNumbers | None:
    """The numbers of an ISO 21496-1 segment, after its mark; None for a version alone, or what makes no sense."""
    try:
        minimum_version, _, flags = struct.unpack_from(">HHB", content)
        if minimum_version != 0 or flags & BACKWARD:
            return None
        count, has_common = (CHANNELS if flags & MULTI_CHANNEL else 1), bool(flags & COMMON_DENOMINATOR)
        reader = _FractionReader(content, 5, has_common)
        headroom = reader.read("I"), reader.read("I")
        channels = [tuple(reader.read(kind) for kind in "iiIii") for _ in range(count)]
    except (struct.error, ZeroDivisionError):
        return None
    smallest, largest, gamma, offset, alternate = (_triple(list(values)) for values in zip(*channels, strict=True))
    return _reject_nonsense(GainMapNumbers(smallest, largest, gamma, offset, alternate, headroom))


def write_iso_numbers(numbers: GainMapNumbers) -> bytes:
    """The numbers as an ISO 21496-1 segment after its mark, with one denominator and one or three channels."""
    columns = list(zip(*numbers[:5], strict=True))
    channels = columns[:1] if len(set(columns)) == 1 else columns
    flags = BASE_COLOUR_SPACE | COMMON_DENOMINATOR | (MULTI_CHANNEL if len(channels) > 1 else 0)
    parts = [struct.pack(">HHBI", 0, 0, flags, DENOMINATOR)]
    parts += [struct.pack(">I", round(value * DENOMINATOR)) for value in numbers.headroom]
    parts += [struct.pack(">iiIii", *(round(value * DENOMINATOR) for value in channel)) for channel in channels]
    return b"".join(parts)


def read_apple_headroom(packet: bytes, exif: bytes | None) -> float | None:
    """How many times as bright as white Apple's brightest point is; None where the file does not say it."""
    match = re.search(rb"HDRGainMapHeadroom(?:>|\s*=\s*[\"'])\s*([\d.]+)", packet)
    if match:
        headroom = float(match[1])
        return headroom if 1 < headroom < 1000 else None
    notes = _maker_notes(exif or b"")
    if not set(HEADROOM_TAGS) <= notes.keys():
        return None
    strength, dimming = (notes[tag] for tag in HEADROOM_TAGS)  # Apple: Applying Apple HDR effect to your photos
    if strength < 1:
        stops = -20.0 * dimming + 1.8 if dimming <= 0.01 else -0.101 * dimming + 1.601
    else:
        stops = -70.0 * dimming + 3.0 if dimming <= 0.01 else -0.303 * dimming + 2.303
    return float(2**stops) if stops > 0 else None


class _FractionReader:
    """Reads fractions one after another: with a denominator each, or with one for all."""

    def __init__(self, content: bytes, at: int, has_common: bool) -> None:
        self._content, self._at, self._common = content, at, 0
        if has_common:
            (self._common,) = self._take("I")

    def read(self, kind: str) -> float:
        """The next fraction; `kind` is of its numerator: "i", signed, or "I"."""
        (numerator,) = self._take(kind)
        (denominator,) = (self._common,) if self._common else self._take("I")
        return float(Fraction(numerator, denominator))

    def _take(self, kind: str) -> tuple[int, ...]:
        values = struct.unpack_from(f">{kind}", self._content, self._at)
        self._at += 4
        return values


def _values(packet: bytes, name: str, default: str) -> list[str]:
    """The texts of a property: of an attribute, an element, or a sequence with one for each channel."""
    attribute = re.search(rb"\bhdrgm:%s\s*=\s*[\"']([^\"']*)" % name.encode(), packet)
    if attribute is not None:
        return [attribute[1].decode("ascii", "replace").strip()]
    element = re.search(rb"<hdrgm:%s>(.*?)</hdrgm:%s>" % (name.encode(), name.encode()), packet, re.DOTALL)
    if element is None:
        return [default]
    items = re.findall(rb"<rdf:li>([^<]*)</rdf:li>", element[1]) or [element[1]]
    return [text.decode("ascii", "replace").strip() for text in items]


def _triple(values: list[float]) -> Triple:
    if len(values) not in (1, CHANNELS):
        raise ValueError("one number, or one for each channel")
    return (values[0],) * 3 if len(values) == 1 else (values[0], values[1], values[2])


def _reject_nonsense(numbers: GainMapNumbers) -> GainMapNumbers | None:
    """None for numbers that are not finite, or make no sense."""
    flat = [*(value for column in numbers[:5] for value in column), *numbers.headroom]
    is_sound = all(math.isfinite(value) and abs(value) < 1000 for value in flat) and min(numbers.gamma) > 0
    return numbers if is_sound and numbers.headroom[1] > numbers.headroom[0] >= 0 else None


def _maker_notes(exif: bytes) -> dict[int, float]:
    """Apple's maker notes that are fractions, by their tag."""
    try:
        file = TiffStructure(exif)
        top = file.read_ifd(file.first_ifd_offset, {EXIF_IFD_TAG})[0]
        at = file.integer_value(top.get(EXIF_IFD_TAG))
        note = file.read_ifd(at, {MAKER_NOTE_TAG})[0][MAKER_NOTE_TAG].raw_bytes if at else b""
        if not note.startswith(APPLE_HEADER):
            return {}
        # A directory without a TIFF header; its offsets count from the note's start.
        inner = TiffStructure(note[12:14] + struct.pack(">HI", 42, 8) + note[8:])
        entries = inner.read_ifd(14, HEADROOM_TAGS)[0]
        values = {tag: struct.unpack(">ii", e.raw_bytes[:8]) for tag, e in entries.items() if e.field_type == 10}
        return {tag: numerator / denominator for tag, (numerator, denominator) in values.items() if denominator}
    except (ValueError, KeyError, struct.error):
        return {}

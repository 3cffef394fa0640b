"""Fuzzing of the header check: mutated files of every accepted format, in one process.

    python -m benchmarks.header_fuzzing [--mutations 500000] [--format all] [--seed 0]

Each mutation changes one to four places of a small valid file, mostly near its ends, where headers are: bits, bytes
and 16- to 64-bit numbers of extreme values, stretches removed, repeated or moved, small parts of the format put in; one
in 2000 repeats a stretch or such a part up to 24 MB. Runs what the server's own
process runs on an upload (`read_header`, `check_pixel_limit`), and the readers of colour signals and EXIF. Prints the
counts of accepted and refused files and the slowest one of each format; ends with status 1 for any exception but
mattebox's own, or a file over 50 ms (of processor time, the least of three attempts).
"""

from __future__ import annotations

import io
import random
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from PIL import Image

from benchmarks.common import argument_parser
from mattebox.errors import MatteboxError
from mattebox.io import colour_signalling, header_check, metadata
from mattebox.io.tiff_ifd import IfdEntry, build_tiff

MAX_PIXELS = 50_000_000
MAX_SECONDS = 0.050
RECHECKED_SECONDS = 0.010  # slower ones are timed twice more
HEADER_BYTES = 300
INFLATED_BYTES, MUTATIONS_PER_INFLATED = 24_000_000, 2000
EXTREME_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63,
                   2**64 - 1)  # fmt: skip

EMPTY_BOXES = (
    b"\0\0\0\x08free",
    b"\0\0\0\x08moov",
    b"\0\0\0\0trak",
    b"\0\0\0\1ipco" + bytes(8),
    b"\0\0\0\x14ispe" + bytes(12),
)
SMALL_PARTS = {
    "jpeg": (b"\xff\xe1\0\2", b"\xff\xd0", b"\xff", b"\xff\0\0\0", b"\xff\xe1\0\2\0"),
    "png": (b"\0\0\0\0tEXt" + bytes(4), b"\0\0\0\x08acTL" + bytes(12), b"\0\0\0\4cICP" + bytes(8)),
    "gif": (b"\1a", b"\1a\2ab", b"!\xfe\0", b"," + bytes(10), b"\xff" + bytes(255)),
    "webp": (b"ANMF\0\0\0\0", b"VP8X\0\0\0\0", b"EXIF\1\0\0\0\0\0"),
    "tiff": (bytes(6), bytes(12), b"\0\1\3\0\1\0\0\0\x20\0\0\0", b"\x08\0\0\0"),
    "avif": EMPTY_BOXES,
    "heif": EMPTY_BOXES,
    "jpeg2000": EMPTY_BOXES,
    "ppm": (b"#\n", b" ", b"9", b"#"),
    "exr": (b"a\0b\0\0\0\0\0", b"dataWindow\0box2i\0\x10\0\0\0" + bytes(16)),
}

Mutate = Callable[[bytearray, random.Random], None]


def seed_files() -> dict[str, list[bytes]]:
    """Small valid files by format."""
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8))
    frames = [picture.rotate(90 * k) for k in range(1, 4)]
    exif = build_tiff(
        "<",
        {metadata.ORIENTATION_TAG: IfdEntry(3, 1, b"\6\0")},
        {metadata.EXIF_IFD_TAG: {0x829A: IfdEntry(5, 1, bytes(8)), 0xA001: IfdEntry(3, 1, b"\xff\xff")}},
    )
    several = {"save_all": True, "append_images": frames}
    profile = bytes(200)
    return {
        "jpeg": [_save(picture, "JPEG", exif=exif), _save(picture, "JPEG", progressive=True, icc_profile=profile)],
        "png": [_save(picture, "PNG", exif=exif, dpi=(72, 72)), _save(picture, "PNG", **several)],
        "gif": [_save(picture, "GIF"), _save(picture, "GIF", **several)],
        "webp": [_save(picture, "WEBP"), _save(picture, "WEBP", lossless=True), _save(picture, "WEBP", **several)],
        "tiff": [metadata.embed_exif_in_tiff(_save(picture, "TIFF"), exif), _save(picture, "TIFF", **several),
                 _save(picture, "TIFF", big_tiff=True)],
        "bmp": [_save(picture, "BMP")],
        "avif": [_save(picture, "AVIF"), _save(picture, "AVIF", **several)],
        "heif": _heic_files(picture),
        "jpeg2000": [_save(picture, "JPEG2000", no_jp2=False), _save(picture, "JPEG2000", no_jp2=True)],
        "tga": [_save(picture, "TGA"), _save(picture, "TGA", compression="tga_rle")],
        "dds": [_save(picture, "DDS")],
        "qoi": [b"qoif" + struct.pack(">IIBB", 32, 24, 3, 0) + bytes(200)],
        "ppm": [_save(picture, "PPM"), b"P7\nWIDTH 4\nHEIGHT 4\nDEPTH 3\nMAXVAL 255\nENDHDR\n" + bytes(48),
                b"Pf\n# light\n4 4\n-1.0\n" + bytes(64)],
        "exr": [_exr_header()],
    }  # fmt: skip


def mutate(seeds: list[bytes], parts: tuple[bytes, ...], source: random.Random) -> bytes:
    """A mutated copy of one of the seeds."""
    data = bytearray(source.choice(seeds))
    for _ in range(source.randint(1, 4)):
        if parts and data and source.random() < 0.1:
            at = _choose_place(data, source)
            data[at:at] = source.choice(parts) * source.choice((1, 2, 10))
        elif data:
            source.choice(MUTATIONS)(data, source)
    return bytes(data)


def inflate(seeds: list[bytes], parts: tuple[bytes, ...], source: random.Random) -> bytes:
    """A copy of a seed in which a short stretch or a part is repeated up to INFLATED_BYTES."""
    data = source.choice(seeds)
    start = _choose_place(data, source)
    stretch = data[start : start + source.choice((1, 2, 3, 4, 6, 8, 12, 20, 64))]
    if parts and source.random() < 0.7:
        stretch = source.choice(parts)
    return data[:start] + stretch * (INFLATED_BYTES // len(stretch)) + data[start:]


def check_file(data: bytes, format: str) -> str:
    """Read all that the header check and the colour signals read; the name of the outcome."""
    outcome = "accepted"
    try:
        header_check.check_pixel_limit(header_check.read_header(data), MAX_PIXELS)
    except MatteboxError as error:
        outcome = type(error).__name__
    if format == "tiff":
        metadata.read_orientation(data)
        for policy in ("safe", "all"):
            metadata.collect_metadata({}, policy, tiff_bytes=data)
    try:
        colour_signalling.read_colour_signal(data, format, {})
    except (ValueError, struct.error, IndexError):  # refused by `translate_decoder_errors` in the worker
        outcome += ", no colours"
    return outcome


def fuzz_format(format: str, seeds: list[bytes], mutations: int, seed: int) -> Iterator[tuple[str, float, bytes]]:
    """Outcome, processor seconds and content of every mutation."""
    source = random.Random(f"{format} {seed}")
    for number in range(mutations):
        change = inflate if number % MUTATIONS_PER_INFLATED == 0 else mutate
        data = change(seeds, SMALL_PARTS.get(format, ()), source)
        outcome, seconds = _time_check(data, format)
        if seconds > RECHECKED_SECONDS:
            seconds = min(seconds, *(_time_check(data, format)[1] for _ in range(2)))
        yield outcome, seconds, data


def _time_check(data: bytes, format: str) -> tuple[str, float]:
    start = time.thread_time()
    try:
        outcome = check_file(data, format)
    except Exception as error:  # noqa: BLE001  what the fuzzing is to find
        outcome = f"ESCAPED {type(error).__name__}: {error}"[:200]
    return outcome, time.thread_time() - start


def _choose_place(data: Sequence[int], source: random.Random) -> int:
    """A random position, in three of four cases within HEADER_BYTES of an end."""
    place = source.randrange(min(len(data), HEADER_BYTES))
    return source.choice((place, place, len(data) - 1 - place, source.randrange(len(data))))


def _flip_bit(data: bytearray, source: random.Random) -> None:
    data[_choose_place(data, source)] ^= 1 << source.randrange(8)


def _set_byte(data: bytearray, source: random.Random) -> None:
    data[_choose_place(data, source)] = source.randrange(256)


def _set_number(size: int, data: bytearray, source: random.Random) -> None:
    at, number = _choose_place(data, source), source.choice(EXTREME_NUMBERS) % 256**size
    data[at : at + size] = number.to_bytes(size, source.choice(("big", "little")))


def _remove_stretch(data: bytearray, source: random.Random) -> None:
    start = _choose_place(data, source)
    del data[start : start + source.choice((1, 2, 4, 8, 64, len(data)))]


def _repeat_stretch(data: bytearray, source: random.Random) -> None:
    start = _choose_place(data, source)
    stretch = data[start : start + source.choice((1, 2, 4, 8, 12, 20, 64))]
    data[start:start] = stretch * source.choice((1, 2, 10))


def _move_stretch(data: bytearray, source: random.Random) -> None:
    start = _choose_place(data, source)
    stretch = data[start : start + source.choice((1, 4, 8, 12, 64))]
    at = _choose_place(data, source)
    data[at:at] = stretch


MUTATIONS: tuple[Mutate, ...] = (
    _flip_bit,
    _set_byte,
    *(partial(_set_number, size) for size in (2, 4, 4, 8)),
    _remove_stretch,
    _repeat_stretch,
    _move_stretch,
)


def _save(picture: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def _heic_files(picture: Image.Image) -> list[bytes]:
    import pillow_heif

    file = io.BytesIO()
    pillow_heif.from_pillow(picture).save(file)
    return [file.getvalue()]


def _exr_header() -> bytes:
    """The header of an OpenEXR picture with a data window; pixels are not read."""
    attributes = (
        (b"channels", b"chlist", b"R\0" + struct.pack("<iIii", 1, 0, 1, 1) + b"\0"),
        (b"dataWindow", b"box2i", struct.pack("<4i", 0, 0, 31, 23)),
        (b"lineOrder", b"lineOrder", b"\0"),
    )
    parts = (name + b"\0" + kind + b"\0" + struct.pack("<I", len(value)) + value for name, kind, value in attributes)
    return b"v/1\x01" + struct.pack("<I", 2) + b"".join(parts) + b"\0" + bytes(64)


def run(mutations: int, format: str, seed: int) -> bool:
    """Fuzz and print; whether nothing escaped and nothing was slow."""
    is_sound = True
    for name, seeds in seed_files().items():
        if format not in ("all", name):
            continue
        counts, slowest = Counter[str](), (0.0, b"")
        for outcome, seconds, data in fuzz_format(name, seeds, mutations, seed):
            counts[outcome] += 1
            slowest = max(slowest, (seconds, data[:64]))
            if outcome.startswith("ESCAPED") and counts[outcome] == 1:
                print(f"  {outcome}: {len(data)} bytes, {data[:400].hex()}")
        escaped = sum(count for outcome, count in counts.items() if outcome.startswith("ESCAPED"))
        is_sound &= not escaped and slowest[0] <= MAX_SECONDS
        print(f"{name}: {mutations} mutations, {counts['accepted']} accepted, {escaped} escaped, "
              f"slowest {1000 * slowest[0]:.1f} ms", flush=True)  # fmt: skip
    return is_sound


def main() -> None:
    arguments = argument_parser(__doc__, mutations=500_000, format="all", seed=0).parse_args()
    sys.exit(0 if run(arguments.mutations, arguments.format, arguments.seed) else 1)


if __name__ == "__main__":
    main()

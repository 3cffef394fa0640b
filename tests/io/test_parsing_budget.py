"""Files of millions of parts are refused by the first thousands; files of many sensible parts are not."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from benchmarks.header_fuzzing import SMALL_PARTS, fuzz_format, seed_files
from mattebox.errors import InputUnreadable
from mattebox.io.header_check import DIMENSION_READERS, read_header
from mattebox.io.parsing_budget import MAX_PARTS, ParsingBudget
from tests.io import pictures
from tests.io.pictures import chunk, scene

FORMATS = tuple(DIMENSION_READERS)
COUNT = 3 * MAX_PARTS


def chained_ifds(count: int, *, is_big: bool = False) -> bytes:
    """A TIFF of empty directories, each of which names the next."""
    entry, size, head = ("<QQ", 16, b"II+\0\x08\0\0\0" + struct.pack("<Q", 16)) if is_big else ("<HI", 6, b"II*\0")
    head = head if is_big else head + struct.pack("<I", 8)
    return head + b"".join(struct.pack(entry, 0, len(head) + size * (k + 1)) for k in range(count))


def nested_boxes(kinds: tuple[bytes, ...], count: int) -> bytes:
    """A HEIC file of empty boxes inside containers."""
    body = struct.pack(">I4s", 8, b"free") * count
    for kind in kinds:
        body = struct.pack(">I4s", 8 + len(body), kind) + body
    return struct.pack(">I4s4sI", 16, b"ftyp", b"heic", 0) + body


def hostile_files() -> Iterator[tuple[str, bytes]]:
    gif_head = b"GIF89a" + struct.pack("<HHBBB", 64, 64, 0, 0, 0)
    png_head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
    yield "TIFF of directories", chained_ifds(COUNT)
    yield "BigTIFF of directories", chained_ifds(COUNT, is_big=True)
    yield "TIFF of tags", b"II*\0\x08\0\0\0" + struct.pack("<H", 65535) + bytes(12 * 65535)
    yield "JPEG of empty segments", b"\xff\xd8" + b"\xff\xe1\0\2" * COUNT
    yield "JPEG of restart markers", b"\xff\xd8\xff" + b"\xd0\xff" * COUNT
    yield "HEIC of boxes", nested_boxes((), COUNT)
    yield "HEIC of nested boxes", nested_boxes((b"stbl", b"minf", b"mdia", b"trak", b"moov"), COUNT)
    yield "GIF of sub-blocks", gif_head + b"\x21\xfe" + b"\1a\2bc" * COUNT
    yield "GIF of comments", gif_head + b"\x21\xfe\0" * COUNT
    yield "PNG of empty chunks", png_head + chunk(b"tEXt", b"") * COUNT
    yield "WebP of frames", b"RIFF\0\0\0\0WEBP" + b"ANMF\0\0\0\0" * COUNT
    yield "JPEG 2000 of boxes", b"\0\0\0\x0cjP  \r\n\x87\n" + struct.pack(">I4s", 8, b"free") * COUNT
    yield "OpenEXR of attributes", b"v/1\x01" + struct.pack("<I", 2) + b"a\0b\0\0\0\0\0" * COUNT


@pytest.mark.parametrize("content", [pytest.param(content, id=name) for name, content in hostile_files()])
def test_millions_of_parts_are_refused(content: bytes) -> None:
    with pytest.raises(InputUnreadable, match=f"more than {MAX_PARTS} parts"):
        read_header(content)


def test_boxes_that_nest_without_end() -> None:
    with pytest.raises(InputUnreadable, match="no image inside"):
        read_header(nested_boxes((b"moov",) * 2000, 1))


def test_a_long_gif_is_no_hostile_one() -> None:
    """1000 frames of 40 KB are 160,000 sub-blocks."""
    pixels = b"\x08" + (b"\xff" + bytes(255)) * 160 + b"\x0a" + bytes(10) + b"\0"
    frame = b"," + struct.pack("<HHHHB", 0, 0, 200, 200, 0) + pixels
    long = b"GIF89a" + struct.pack("<HHBBB", 200, 200, 0, 0, 0) + frame * 1000 + b";"
    assert len(long) > 30_000_000
    assert read_header(long).frames == 1000


def test_values_that_overlap_are_copied_once_in_all() -> None:
    """A hundred directories that each claim all the file's bytes as their width."""
    parts, size = 100, 18
    tags = b"".join(struct.pack("<HHHIII", 1, 256, 1, 100_000, 8, 8 + size * (k + 1)) for k in range(parts))
    budget = ParsingBudget(max_bytes=len(tags))
    assert budget.spend_bytes(len(tags))
    assert not budget.spend_bytes(1)
    with pytest.raises(InputUnreadable):
        read_header(b"II*\0\x08\0\0\0" + tags + bytes(100_000))


def test_a_side_beyond_every_format() -> None:
    with pytest.raises(InputUnreadable, match="larger than pictures can be"):
        read_header(b"P5 " + b"9" * 4000 + b" 1 255\n")
    with pytest.raises(InputUnreadable):
        read_header(pictures.tiff(scene()).replace(b"II*\0", b"II+\0"))


@pytest.mark.parametrize("format", FORMATS)
def test_no_exception_escapes_from_a_mutated_file(format: str) -> None:
    pytest.importorskip("pillow_heif")
    seeds = seed_files()[format]
    outcomes = {outcome for outcome, _, _ in fuzz_format(format, seeds, 1500, seed=1)}
    assert not {outcome for outcome in outcomes if outcome.startswith("ESCAPED")}
    assert len(outcomes) > 1  # some are refused


def test_every_fuzzed_format_has_seeds() -> None:
    pytest.importorskip("pillow_heif")
    assert seed_files().keys() == set(FORMATS)
    assert SMALL_PARTS.keys() <= set(FORMATS)
    assert all(read_header(content) for seeds in seed_files().values() for content in seeds)

"""JPEGs of many scans, each of which costs the decoder a pass over the whole picture."""

from __future__ import annotations

import io
import re
import struct

import numpy as np
import pytest
from PIL import Image

from mattebox.errors import InputUnreadable
from mattebox.io import jpeg_scans
from mattebox.io.header_check import read_header
from mattebox.io.jpeg_scans import MAX_SCANS, SEARCHED_BYTES, MarkerSearch, count_scans

EMPTY_COMMENT = b"\xff\xfe\0\x02"


def encode_jpeg(side: int = 64, mode: str = "RGB", **options: object) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (side, side, 3), np.uint8)
    Image.fromarray(pixels).convert(mode).save(file, "jpeg", quality=95, **options)
    return file.getvalue()


def repeat_last_scan(data: bytes, count: int, between: bytes = b"") -> bytes:
    """The file with its last scan again and again."""
    last = data.rindex(b"\xff\xda")
    return data[:-2] + (between + data[last:-2]) * count + data[-2:]


def test_scans_are_counted_as_they_are_written() -> None:
    progressive = encode_jpeg(progressive=True)
    assert count_scans(progressive) == 10  # libjpeg's script for three components
    assert count_scans(encode_jpeg(mode="L", progressive=True)) == 6
    assert count_scans(encode_jpeg()) == 1
    assert count_scans(repeat_last_scan(progressive, 7)) == 17


def test_a_file_of_too_many_scans_is_refused() -> None:
    progressive = encode_jpeg(progressive=True)
    read_header(repeat_last_scan(progressive, MAX_SCANS - 10))
    for hostile in (
        repeat_last_scan(progressive, MAX_SCANS - 9),
        repeat_last_scan(progressive, 5000),
        repeat_last_scan(progressive, MAX_SCANS, b"\xff\xfe\0\x06\xff\xd9\xff\xd9"),  # what ends nothing: a comment
        repeat_last_scan(progressive, MAX_SCANS, b"\xff" * 10 + EMPTY_COMMENT),
    ):
        with pytest.raises(InputUnreadable, match=f"more than {MAX_SCANS} scans") as refused:
            read_header(hostile, "a.jpg")
        assert "baseline" in refused.value.remedy


def test_scans_of_a_sequential_file_count_where_they_hold_one_component_each() -> None:
    data = encode_jpeg()
    at = data.index(b"\xff\xda")
    single = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, 0, 63, 0)
    rest = data[at + 2 + struct.unpack_from(">H", data, at + 2)[0] : -2]
    with pytest.raises(InputUnreadable, match="scans"):
        read_header(data[:at] + (single + rest) * (MAX_SCANS + 1) + data[-2:])


def test_what_lies_behind_the_picture_or_inside_segments_does_not_count() -> None:
    marks = b"\xff\xda" * (2 * MAX_SCANS)
    progressive = encode_jpeg(progressive=True)
    comment = b"\xff\xfe" + struct.pack(">H", 2 + len(marks)) + marks
    assert read_header(progressive + marks).width == 64
    assert read_header(progressive[:2] + comment + progressive[2:]).width == 64


def test_scans_are_found_across_the_borders_of_what_is_searched_at_a_time() -> None:
    progressive = encode_jpeg(progressive=True)
    start = re.compile(rb"\xff\xda").search(progressive)
    assert start is not None
    for shift in range(-3, 4):
        filler = b"\x11" * (SEARCHED_BYTES + shift - start.end() - 20)
        at = start.end() + struct.unpack_from(">H", progressive, start.end())[0]
        assert count_scans(progressive[:at] + filler + progressive[at:]) == 10


@pytest.mark.parametrize("stretch", [1, 2, 7, SEARCHED_BYTES])
def test_markers_are_those_that_no_scan_holds_wherever_they_stand(
    stretch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jpeg_scans, "SEARCHED_BYTES", stretch)
    random = np.random.default_rng(3)
    for length in range(60):
        data = (
            random.choice([0, 1, 2, 0xCF, 0xD0, 0xD7, 0xD8, 0xFE, 0xFF, 0xFF, 0xFF], length).astype(np.uint8).tobytes()
        )
        expected = [found.start() for found in re.finditer(rb"\xff(?=[\x02-\xcf\xd8-\xfe])", data)]
        search, found_at, at = MarkerSearch(data), [], 0
        while (found := search.find(at)) is not None:
            found_at.append(found)
            at = found + 1
        assert found_at == expected


def test_a_part_of_a_file_is_left_to_others() -> None:
    progressive = encode_jpeg(progressive=True)
    for end in range(200, len(progressive), 97):
        read_header(progressive[:end])


def test_scans_do_not_hide_behind_thousands_of_segments() -> None:
    progressive = encode_jpeg(progressive=True)
    with pytest.raises(InputUnreadable, match="more than 10000 parts"):
        read_header(repeat_last_scan(progressive, MAX_SCANS, EMPTY_COMMENT * 200))

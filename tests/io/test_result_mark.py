"""The mark in results: in every format with EXIF, beside what the EXIF block holds already, and only there."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.io.encoding import encode
from mattebox.io.result_mark import MAX_EXIF_BYTES, has_mark, is_marked_file, mark_exif
from mattebox.io.tiff_ifd import TiffStructure
from mattebox.types import Metadata, Picture


def photograph(exif: bytes | None, dtype: type = np.uint8) -> Picture:
    return Picture(np.full((12, 16, 3), 90, dtype), metadata=Metadata(exif=exif))


def camera_exif(date: str = "") -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    if date:
        exif.get_ifd(0x8769)[0x9003] = date
    return exif.tobytes().removeprefix(b"Exif\0\0")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("format", ["png", "jpeg", "webp", "avif", "tiff"])
@pytest.mark.parametrize("exif", [None, camera_exif("2026:01:02 03:04:05")], ids=["bare", "camera"])
def test_every_format_with_exif_has_it(tmp_path: Path, format: str, dtype: type, exif: bytes | None) -> None:
    path = tmp_path / "x"
    path.write_bytes(encode(photograph(exif, dtype), format))
    assert not is_marked_file(path)
    path.write_bytes(encode(photograph(mark_exif(exif), dtype), format))
    assert is_marked_file(path)


def test_what_is_there_stays() -> None:
    once = mark_exif(camera_exif("2026:01:02 03:04:05"))
    assert once is not None
    twice = mark_exif(once)
    for exif in (once, twice):
        with Image.open(io.BytesIO(encode(photograph(exif), "jpeg"))) as image:
            found = image.getexif()
            assert found[0x010F] == "Maker"
            assert found.get_ifd(0x8769)[0x9003] == "2026:01:02 03:04:05"
            assert found[0x000B].startswith("mattebox")


def test_the_thumbnail_directory_stays() -> None:
    first = struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, 1, 0, 26)  # orientation 1, and where the next directory is
    second = struct.pack("<HHHIHHI", 1, 0x0103, 3, 1, 6, 0, 0)  # compression: JPEG
    marked = TiffStructure(mark_exif(b"II*\0\x08\0\0\0" + first + second) or b"")
    tags, next_offset = marked.read_ifd(marked.first_ifd_offset)
    assert sorted(tags) == [0x000B, 0x0112]
    assert marked.integer_value(marked.read_ifd(next_offset)[0][0x0103]) == 6


@pytest.mark.parametrize("exif", [b"", b"MM\0*", b"no TIFF", b"II*\0\xff\xff\xff\xff"])
def test_a_broken_block_is_left_alone(exif: bytes) -> None:
    assert mark_exif(exif) == exif
    assert not has_mark(exif)


def test_a_full_block_is_left_alone() -> None:
    exif = camera_exif() + bytes(MAX_EXIF_BYTES)
    assert mark_exif(exif) == exif


def test_what_is_no_picture_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    assert not is_marked_file(tmp_path / "x.png")
    assert not is_marked_file(tmp_path / "none.png")

"""What a file is, before decoding: formats, sizes, frames, and the limit in bounded memory."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.errors import InputTooLarge, InputUnreadable
from mattebox.io.header_check import ImageHeader, check_pixel_limit, read_header
from mattebox.io.reader import read
from tests.io import pictures
from tests.io.pictures import chunk, saved, scene

# The most memory ever held, of this program alone: `ru_maxrss` would begin with the parent's.
BOMB = """
import sys
from mattebox.io.reader import read
from mattebox.errors import InputTooLarge

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

data = open(sys.argv[1], "rb").read()
before = peak()
try:
    read(data, max_pixels=int(sys.argv[2]))
except InputTooLarge as error:
    print(error)
print(peak() - before)
"""


def bomb() -> bytes:
    """A PNG of 178 megapixels in 22 KB: one bit per pixel, all zero."""
    width = height = 13350
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes((width + 7) // 8 + 1)) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
def test_size_and_format(format: str) -> None:
    header = read_header(saved(scene(48, 64), format))
    assert (header.format, header.width, header.height, header.frames) == (format.lower(), 64, 48, 1)


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}, {"exif": pictures.exif()}])
def test_all_kinds_of_webp(options: dict[str, object]) -> None:
    assert read_header(saved(scene(33, 47), "WEBP", **options)) == ImageHeader("webp", 47, 33)


def test_heic() -> None:
    heif = pytest.importorskip("pillow_heif")
    target = io.BytesIO()
    heif.from_pillow(Image.fromarray(scene(64, 128))).save(target)
    assert read_header(target.getvalue()) == ImageHeader("heif", 128, 64)


def test_progressive_jpeg_with_padding_between_segments() -> None:
    content = saved(scene(), "JPEG", progressive=True)
    assert read_header(content[:2] + b"\xff\xff" + content[2:]) == ImageHeader("jpeg", 64, 48)


def test_depth_is_told() -> None:
    assert read_header(pictures.png(pictures.noise((3, 5, 3)), 2, 16)).bits_per_channel == 16
    assert read_header(pictures.tiff(pictures.noise((3, 5, 3)))).bits_per_channel == 16
    assert read_header(saved(scene(), "AVIF").replace(b"\x03\x08\x08\x08", b"\x03\x0a\x0a\x0a")).bits_per_channel == 10


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_frames_are_counted(format: str) -> None:
    frames = [Image.fromarray(np.roll(scene(), 9 * i, 0)) for i in range(3)]
    content = saved(frames[0], format, save_all=True, append_images=frames[1:])
    assert read_header(content).frames == 3
    assert "first of 3 frames" in read(content).notes
    with pytest.raises(InputTooLarge, match="3 frames"):
        read(content, max_pixels=64 * 48 * 3 - 1)


def test_the_limit_itself_is_allowed() -> None:
    check_pixel_limit(ImageHeader("png", 100, 10), 1000)
    with pytest.raises(InputTooLarge, match=r"max_pixels=1010$"):
        check_pixel_limit(ImageHeader("png", 101, 10), 1000)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_bomb_is_refused_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(bomb())
    assert path.stat().st_size < 30_000

    def grown(limit: int) -> tuple[list[str], int]:
        command = [sys.executable, "-c", BOMB, str(path), str(limit)]
        lines = subprocess.run(command, capture_output=True, text=True, timeout=50, check=True).stdout.splitlines()
        return lines[:-1], int(lines[-1])

    (message,), kilobytes = grown(100_000_000)
    assert "178 megapixels" in message
    assert "max_pixels=178222500" in message
    assert kilobytes < 8_000


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"Dear diary,\nnothing to see.\n", "is text"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"8BPS\0\1", "Photoshop"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b"SIMPLE  =                    T", "FITS"),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", "SVG"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "camera raw"),
        (b"II*\0\x10\0\0\0CR\2\0", "camera raw"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (bytes(range(256)), "an unknown format"),
    ],
)
def test_strangers_are_named(content: bytes, what: str) -> None:
    with pytest.raises(InputUnreadable, match=what) as caught:
        read_header(content, "holiday.jpg")
    assert str(caught.value).startswith("holiday.jpg is")
    assert "JPEG, PNG" in caught.value.remedy


@pytest.mark.parametrize("tags", [{254: (4, [1])}, {50706: (1, [1, 4, 0, 0])}])
def test_camera_raw_in_tiff_clothing(tags: dict[int, tuple[int, list[int]]]) -> None:
    with pytest.raises(InputUnreadable, match="camera raw"):
        read_header(pictures.tiff(scene(), tags=tags))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
def test_a_header_cut_off_is_an_error_of_ours(format: str) -> None:
    content = saved(scene(), format)
    for length in range(12, 40):
        try:
            read_header(content[:length])
        except InputUnreadable:
            continue


def test_directories_in_a_ring_end() -> None:
    content = bytearray(pictures.tiff(scene()))
    (start,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    struct.pack_into("<I", content, start + 2 + 12 * count, start)
    assert read_header(bytes(content)).frames == 1


def test_no_pixels_is_refused() -> None:
    content = bytearray(saved(scene(), "BMP"))
    struct.pack_into("<i", content, 18, 0)
    with pytest.raises(InputUnreadable, match="0 x 48"):
        read_header(bytes(content))


def test_an_offset_beyond_every_file_is_an_error_of_ours() -> None:
    with pytest.raises(InputUnreadable, match="broken header"):
        read_header(b"II+\0\x08\0\0\0" + b"\xff" * 8 + bytes(40))

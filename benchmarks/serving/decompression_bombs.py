"""Decompression bombs, many at once: small files of huge pictures, some with a false size in the container.

    python -m benchmarks.serving.decompression_bombs [--at-once 32]

A PNG of 178 megapixels, a HEIC of 200, an AVIF of 289, all made here; and an AVIF and a HEIC whose containers claim
100 x 100, so that only the decoder finds the true size. Prints the seconds until the answers, and the growth in memory
of the whole process tree.
"""

from __future__ import annotations

import io
import struct
import tempfile
import time
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.common import argument_parser, jpeg_photographs, sample_periodically
from benchmarks.serving.server_process import CUTOUT_PATH, ServerProcess, running_server


def make_png(width: int, height: int) -> bytes:
    """One bit a pixel, all black."""
    compressor, row = zlib.compressobj(9), bytes(1 + (width + 7) // 8)
    data = b"".join(compressor.compress(row) for _ in range(height)) + compressor.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    parts = (struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def make_heic(width: int, height: int, tile_side: int = 0) -> bytes:
    """In one piece, or in tiles, since a single HEVC picture has at most 142 megapixels."""
    import pillow_heif

    file, black = io.BytesIO(), np.zeros((height, width), np.uint8).tobytes()
    pillow_heif.from_bytes("L", (width, height), black).save(file, quality=1, tile_size=tile_side)
    return file.getvalue()


def make_avif(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (width, height)).save(file, "avif", quality=1, speed=10)
    return file.getvalue()


def falsify_size(data: bytes) -> bytes:
    """Replace all sizes in the container (`ispe` boxes) by 100 x 100."""
    at = data.find(b"ispe")
    while at >= 0:
        data = data[: at + 8] + struct.pack(">II", 100, 100) + data[at + 16 :]
        at = data.find(b"ispe", at + 4)
    return data


def make_bombs() -> dict[str, bytes]:
    avif = make_avif(17_000, 17_000)
    return {
        "PNG, 178 MP": make_png(13_350, 13_350),
        "HEIC, 200 MP": make_heic(14_200, 14_100, 4096),
        "AVIF, 289 MP": avif,
        "AVIF, 289 MP, false size": falsify_size(avif),
        "HEIC, 140 MP, false size": falsify_size(make_heic(11_840, 11_840)),
    }


def send_bomb(server: ServerProcess, data: bytes) -> tuple[int, float]:
    """Status and seconds."""
    start = time.perf_counter()
    status = server.send_request("POST", CUTOUT_PATH, data).status
    return status, time.perf_counter() - start


def measure_bomb(server: ServerProcess, label: str, data: bytes, parallel_requests: int) -> None:
    before = server.resident_megabytes()
    with (
        sample_periodically(server.resident_megabytes, 0.01) as megabytes,
        ThreadPoolExecutor(parallel_requests) as pool,
    ):
        answers = list(pool.map(lambda _: send_bomb(server, data), range(parallel_requests)))
    counts = dict(sorted(Counter(status for status, _ in answers).items()))
    slowest = max(seconds for _, seconds in answers)
    print(f"{label}: {len(data)} bytes, {parallel_requests} at once: {counts}, {slowest:.2f} s at most, "
          f"{before:.0f} MB before, {max(megabytes) - before:+.0f} MB at most", flush=True)  # fmt: skip


def run(parallel_requests: int) -> None:
    bombs, photo = make_bombs(), next(jpeg_photographs(1, (4000, 3000)))
    with tempfile.TemporaryDirectory() as name, running_server(Path(name)) as server:
        for _ in range(4):  # warm up
            server.cut_jpeg(photo)
        for label, data in bombs.items():
            measure_bomb(server, label, data, parallel_requests)
        assert server.cut_jpeg(photo) == 200


def main() -> None:
    run(argument_parser(__doc__, at_once=32).parse_args().at_once)


if __name__ == "__main__":
    main()

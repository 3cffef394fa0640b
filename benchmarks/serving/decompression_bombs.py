"""Pictures that are small as files and huge as pixels, honest and lying about it, many at once.

    python -m benchmarks.serving.decompression_bombs [--at-once 32]

A PNG of 178 megapixels, a HEIC of 200, an AVIF of 289, all made here; and an AVIF and a HEIC whose containers say
100 x 100, so that only the decoder finds out. Seconds until the answers, and how much the whole tree grew.
"""

from __future__ import annotations

import argparse
import io
import struct
import tempfile
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.batch import write_photographs
from benchmarks.serving.server_process import ServerProcess, running_server


def make_png(width: int, height: int) -> bytes:
    """One bit a pixel, all black."""
    packer, rows = zlib.compressobj(9), bytes(1 + (width + 7) // 8)
    packed = b"".join(packer.compress(rows) for _ in range(height)) + packer.flush()
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), (b"IDAT", packed), (b"IEND", b""))
    parts = (struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def make_heic(width: int, height: int, tile_side: int = 0) -> bytes:
    """In one piece, or in tiles of so many pixels a side: HEVC knows no picture of more than 142 megapixels."""
    import pillow_heif

    made, black = io.BytesIO(), np.zeros((height, width), np.uint8).tobytes()
    pillow_heif.from_bytes("L", (width, height), black).save(made, quality=1, tile_size=tile_side)
    return made.getvalue()


def make_avif(width: int, height: int) -> bytes:
    made = io.BytesIO()
    Image.new("L", (width, height)).save(made, "avif", quality=1, speed=10)
    return made.getvalue()


def falsify_size(data: bytes) -> bytes:
    """The same with 100 x 100 as its size in the container."""
    at = data.find(b"ispe")
    while at >= 0:
        data = data[: at + 8] + struct.pack(">II", 100, 100) + data[at + 16 :]
        at = data.find(b"ispe", at + 4)
    return data


def peak_megabytes(server: ServerProcess, thread: threading.Thread) -> float:
    """Megabytes while something goes on."""
    thread.start()
    found = [server.resident_megabytes()]
    while thread.is_alive():
        found.append(server.resident_megabytes())
        time.sleep(0.01)
    return max(found)


def run(parallel_requests: int) -> None:
    bombs = {"PNG, 178 MP": make_png(13_350, 13_350), "HEIC, 200 MP": make_heic(14_200, 14_100, 4096),
             "AVIF, 289 MP": make_avif(17_000, 17_000)}  # fmt: skip
    bombs["AVIF, 289 MP, lying"] = falsify_size(bombs["AVIF, 289 MP"])
    bombs["HEIC, 140 MP, lying"] = falsify_size(make_heic(11_840, 11_840))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_photographs(folder / "in", 1, (4000, 3000))
        good = next((folder / "in").iterdir()).read_bytes()
        with running_server(folder) as served:
            for _ in range(4):
                served.send_request("POST", "/v1/cutouts?empty=keep", good, Content_Type="image/jpeg")
            for what, data in bombs.items():
                answers: list[tuple[int, float]] = []

                def send(_: int, data: bytes = data, answers: list[tuple[int, float]] = answers) -> None:
                    begun = time.perf_counter()
                    status = served.send_request("POST", "/v1/cutouts?empty=keep", data)[0]
                    answers.append((status, time.perf_counter() - begun))

                def crowd(send: object = send) -> None:
                    with ThreadPoolExecutor(parallel_requests) as pool:
                        list(pool.map(send, range(parallel_requests)))  # type: ignore[arg-type]

                before = served.resident_megabytes()
                peak = peak_megabytes(served, threading.Thread(target=crowd))
                counts = {s: sum(t == s for t, _ in answers) for s in sorted({s for s, _ in answers})}
                longest = max(seconds for _, seconds in answers)
                print(f"{what}: {len(data)} bytes, {parallel_requests} at once: {counts}, {longest:.2f} s at most, "
                      f"{before:.0f} MB before, {peak - before:+.0f} MB at most")  # fmt: skip
            assert served.send_request("POST", "/v1/cutouts?empty=keep", good, Content_Type="image/jpeg")[0] == 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at-once", type=int, default=32)
    run(parser.parse_args().at_once)


if __name__ == "__main__":
    main()

"""Hostile uploads: how late /livez answers meanwhile, and how much memory the server's own process takes.

    python -m benchmarks.serving.hostile_uploads [--at-once 16] [--rounds 2] [--seconds 30] [--only WORDS]

First each attack alone: `rounds` times, one request at a time, with the latest answer of /livez. Then the bytes that
wait: `at-once` clients send one attack each at the same time. Last a mix: `at-once` clients send random attacks and
legal photographs, as synchronous requests and as jobs, for so many seconds, and some read their responses slowly.
/livez is asked every 10 ms. The memory is the highest resident size of the server's own process, without its workers.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import itertools
import multiprocessing
import random
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.common import argument_parser, encode_jpeg, jpeg_photographs, resident_megabytes, sample_periodically
from benchmarks.serving.hostile_files import EMPTY_BOX, GIF_HEAD, directory_chain, nested_heif, png_chunk, png_head
from benchmarks.serving.server_process import CUTOUT_PATH, ServerProcess, percentile, running_server, send_request

UPLOAD_BYTES = 24_000_000
PROBE_SECONDS = 0.01
JSON_TYPE, FORM_TYPE = "application/json", "multipart/form-data; boundary=frontier"
URLENCODED_TYPE = "application/x-www-form-urlencoded"
TRACK_BOXES = (b"stbl", b"minf", b"mdia", b"trak", b"moov")


class RequestBody(NamedTuple):
    """A request body and its media type."""

    body: bytes
    media_type: str = "application/octet-stream"


def make_attacks() -> dict[str, Callable[[], RequestBody]]:
    """Attacks by name; each is built when it is needed, as all of them are some 500 MB."""
    return {
        "TIFF of chained empty directories": lambda: RequestBody(directory_chain(UPLOAD_BYTES // 6)),
        "BigTIFF with an offset past 2^63": lambda: RequestBody(b"II+\0\x08\0\0\0" + b"\xff" * 8 + bytes(1000)),
        "JPEG of FF E1 00 02": lambda: RequestBody(b"\xff\xd8" + b"\xff\xe1\0\2" * (UPLOAD_BYTES // 4)),
        "JPEG of FF D0": lambda: RequestBody(b"\xff\xd8" + b"\xff\xd0" * (UPLOAD_BYTES // 2)),
        "HEIF of nested boxes": lambda: RequestBody(nested_heif(EMPTY_BOX * (UPLOAD_BYTES // 8), TRACK_BOXES)),
        "GIF of sub-blocks": lambda: RequestBody(GIF_HEAD + b"!\xfe" + b"\1a" * (UPLOAD_BYTES // 2) + b"\0;"),
        "PNG of empty chunks": lambda: RequestBody(png_head(64, 64) + png_chunk(b"tEXt", b"") * (UPLOAD_BYTES // 12)),
        "PNG, 64 x 64, with padding": lambda: RequestBody(small_png(UPLOAD_BYTES)),
        "JSON of nested lists": lambda: RequestBody(b"[" * 6_000_000 + b"]" * 6_000_000, JSON_TYPE),
        "JSON of empty lists": lambda: RequestBody(b'{"a":[' + b"[]," * 8_000_000 + b"[]]}", JSON_TYPE),
        "JSON of unknown fields": lambda: RequestBody(json_of_fields(UPLOAD_BYTES // 2), JSON_TYPE),
        "JSON with a padded PNG": lambda: RequestBody(json_of_picture(small_png(UPLOAD_BYTES * 2 // 3)), JSON_TYPE),
        "form of line breaks": lambda: RequestBody(b"\r\n" * (UPLOAD_BYTES // 2), FORM_TYPE),
        "form of half boundaries": lambda: RequestBody(form_file(b"\r\n--fronti" * (UPLOAD_BYTES // 10)), FORM_TYPE),
        "form of a padded PNG": lambda: RequestBody(form_file(small_png(UPLOAD_BYTES)), FORM_TYPE),
        "urlencoded escapes": lambda: RequestBody(b"image_b64=" + b"%41" * (UPLOAD_BYTES // 3), URLENCODED_TYPE),
        "urlencoded fields": lambda: RequestBody(b"a=1&" * (UPLOAD_BYTES // 4), URLENCODED_TYPE),
    }


def legal_uploads() -> list[RequestBody]:
    """Photographs of usual sizes, and one whose result is large."""
    noise = np.random.default_rng(0).integers(0, 255, (3000, 4000, 3), np.uint8)
    photos = [next(jpeg_photographs(1, size)) for size in ((640, 480), (1600, 1200), (4000, 3000))]
    return [RequestBody(photo, "image/jpeg") for photo in (*photos, encode_jpeg(noise))]


def small_png(size: int) -> bytes:
    pixels = png_chunk(b"IDAT", zlib.compress((b"\0" + bytes(range(192))) * 64))
    return png_head(64, 64) + png_chunk(b"paDd", bytes(size)) + pixels + png_chunk(b"IEND", b"")


def json_of_fields(size: int) -> bytes:
    fields = (f'"f{number}":[]' for number in range(size // 12))
    return ("{" + ",".join(fields) + "}").encode()


def json_of_picture(data: bytes) -> bytes:
    return b'{"image_b64":"' + base64.b64encode(data) + b'"}'


def form_file(content: bytes) -> bytes:
    head = b'--frontier\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
    return head + content + b"\r\n--frontier--\r\n"


def send_upload(server: ServerProcess, upload: RequestBody, *, is_job: bool = False) -> int:
    """The status; 0 when the server closed the connection."""
    headers = {"Content-Type": upload.media_type} | ({"Prefer": "respond-async"} if is_job else {})
    try:
        return server.send_request("POST", CUTOUT_PATH, upload.body, headers, timeout=120).status
    except (OSError, http.client.HTTPException):
        return 0


def send_and_read_slowly(server: ServerProcess, upload: RequestBody) -> int:
    """Send a request and wait for 5 s before the response is read."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    try:
        connection.request("POST", CUTOUT_PATH, upload.body, {"Content-Type": upload.media_type})
        response = connection.getresponse()
        time.sleep(5)
        response.read()
        return response.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


class Observation(NamedTuple):
    """Seconds of each answer of /livez, and megabytes of the server's own process."""

    livez_seconds: list[float]
    megabytes: list[float]

    def __str__(self) -> str:
        slowest, p99 = max(self.livez_seconds), percentile(self.livez_seconds, 0.99)
        return (f"/livez {1000 * slowest:.0f} ms at most, p99 {1000 * p99:.0f} ms of {len(self.livez_seconds)}; "
                f"own process {max(self.megabytes):.0f} MB at most")  # fmt: skip


@contextlib.contextmanager
def observe(server: ServerProcess) -> Iterator[Observation]:
    """Ask /livez all the time, from a process of its own, and read the memory."""
    own_pid, spawn = server.process_ids()[0], multiprocessing.get_context("spawn")
    stop, receiver, sender = spawn.Event(), *spawn.Pipe(duplex=False)
    prober = spawn.Process(target=probe_livez, args=(server.port, stop, sender))
    prober.start()
    receiver.recv()  # it has begun
    with sample_periodically(lambda: resident_megabytes(own_pid), PROBE_SECONDS) as megabytes:
        observation = Observation([], megabytes)
        try:
            yield observation
        finally:
            time.sleep(0.2)
            stop.set()
            observation.livez_seconds.extend(receiver.recv())
            prober.join()


def probe_livez(port: int, stop: Event, sender: Connection) -> None:
    """Send the seconds of all answers once `stop` is set."""
    seconds: list[float] = []
    sender.send("begun")
    while not stop.wait(PROBE_SECONDS):
        start = time.perf_counter()
        with contextlib.suppress(OSError, http.client.HTTPException):
            send_request(port, "GET", "/livez")
        seconds.append(time.perf_counter() - start)
    sender.send(seconds)


def measure_alone(server: ServerProcess, name: str, upload: RequestBody, rounds: int) -> None:
    with observe(server) as observation:
        start = time.perf_counter()
        statuses = Counter(send_upload(server, upload) for _ in range(rounds))
        seconds = (time.perf_counter() - start) / rounds
    print(f"{name}: {dict(statuses)} after {seconds:.2f} s; {observation}", flush=True)


def measure_crowd(server: ServerProcess, name: str, upload: RequestBody, at_once: int) -> None:
    with observe(server) as observation, ThreadPoolExecutor(at_once) as pool:
        statuses = Counter(pool.map(lambda _: send_upload(server, upload), range(at_once)))
    print(f"{at_once} x {name}: {dict(statuses)}; {observation}", flush=True)


def measure_mix(server: ServerProcess, uploads: list[RequestBody], at_once: int, seconds: float) -> None:
    end, statuses, numbers = time.perf_counter() + seconds, Counter[int](), itertools.count()

    def send_all(_: int) -> None:
        source = random.Random(next(numbers))
        while time.perf_counter() < end:
            upload = source.choice(uploads)
            if source.random() < 0.1:
                statuses[send_and_read_slowly(server, upload)] += 1
            else:
                statuses[send_upload(server, upload, is_job=source.random() < 0.2)] += 1

    with observe(server) as observation, ThreadPoolExecutor(at_once) as pool:
        list(pool.map(send_all, range(at_once)))
    print(f"mix of {at_once} clients for {seconds:.0f} s: {dict(sorted(statuses.items()))}; {observation}", flush=True)


def run(at_once: int, rounds: int, seconds: float, only: str) -> None:
    attacks = {name: make for name, make in make_attacks().items() if only in name}
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder)) as server:
        for photo in legal_uploads()[:2] * 2:  # warm up
            assert send_upload(server, photo) == 200
        with observe(server) as observation:
            time.sleep(2)
        print(f"nothing: {observation}", flush=True)
        for name, make in attacks.items():
            measure_alone(server, name, make(), rounds)
        for name in attacks:
            measure_crowd(server, name, attacks[name](), at_once)
        if not only:
            measure_mix(server, [*legal_uploads(), *(make() for make in attacks.values())], at_once, seconds)
        assert send_upload(server, legal_uploads()[0]) == 200


def main() -> None:
    arguments = argument_parser(__doc__, at_once=16, rounds=2, seconds=30.0, only="").parse_args()
    run(arguments.at_once, arguments.rounds, arguments.seconds, arguments.only)


if __name__ == "__main__":
    main()

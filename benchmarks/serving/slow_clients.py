"""Slow and malicious clients (Slowloris and the like): memory must stay flat, and a well-behaved client be served.

    python -m benchmarks.serving.slow_clients [--seconds 60]

At once: 300 connections that send nothing, 150 uploads of 20 MB at a kilobyte a second, 4 uploads of 24 MB that hold
back the last byte, 4 bodies of endless chunks, forms of 10,000 fields, and 20 clients that never read their responses.
Each starts again when it is cut off.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path

from benchmarks.common import argument_parser, jpeg_photographs, sample_periodically
from benchmarks.serving.server_process import ServerProcess, percentile, running_server

POST_REQUEST_HEAD = b"POST /v1/cutouts?empty=keep HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\n"
JPEG_START = b"\xff\xd8\xff\xfe"
Attack = Callable[[socket.socket, threading.Event], None]


def stay_silent(connection: socket.socket, stop: threading.Event) -> None:
    connection.sendall(b"POST /v1/cutouts HTTP/1.1\r\nHo")
    read_until_stopped(connection, stop)


def drip_upload(connection: socket.socket, stop: threading.Event) -> None:
    connection.sendall(POST_REQUEST_HEAD + b"Content-Length: 20000000\r\n\r\n" + JPEG_START)
    while not stop.wait(1):
        connection.sendall(bytes(1000))


def hold_back_last_byte(connection: socket.socket, stop: threading.Event) -> None:
    connection.sendall(POST_REQUEST_HEAD + b"Content-Length: 24000000\r\n\r\n" + JPEG_START)
    connection.sendall(bytes(24_000_000 - len(JPEG_START) - 1))
    read_until_stopped(connection, stop)


def send_endless_chunks(connection: socket.socket, stop: threading.Event) -> None:
    connection.sendall(POST_REQUEST_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while not stop.is_set():
        connection.sendall(b"40000\r\n" + bytes(0x40000) + b"\r\n")


def send_many_fields(connection: socket.socket, stop: threading.Event) -> None:
    fields = (b'--m\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % n for n in range(10_000))
    body = b"".join(fields) + b"--m--"
    head = POST_REQUEST_HEAD.replace(b"image/jpeg", b"multipart/form-data; boundary=m")
    connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert connection.recv(1000).startswith((b"HTTP/1.1 400", b"HTTP/1.1 503"))
    stop.wait(1)


def never_read_responses(connection: socket.socket, stop: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with contextlib.suppress(OSError):
        while not stop.is_set():
            connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n")
    stop.wait(5)


def read_until_stopped(connection: socket.socket, stop: threading.Event) -> None:
    while not stop.is_set() and connection.recv(1000):
        pass


CONNECTIONS_BY_ATTACK: dict[Attack, int] = {
    stay_silent: 300,
    drip_upload: 150,
    hold_back_last_byte: 4,
    send_endless_chunks: 4,
    send_many_fields: 4,
    never_read_responses: 20,
}


def run_attackers(port: int, finished: Event, results: Queue[Counter[str]]) -> None:
    """All attacks at once, in a process of low priority: in reality they would run on other machines."""
    os.nice(10)
    stop, cut_counts = threading.Event(), Counter[str]()
    for attack, count in CONNECTIONS_BY_ATTACK.items():
        for _ in range(count):
            threading.Thread(target=repeat_attack, args=(port, attack, stop, cut_counts), daemon=True).start()
    finished.wait()
    results.put(cut_counts)


def repeat_attack(port: int, attack: Attack, stop: threading.Event, cut_counts: Counter[str]) -> None:
    while not stop.is_set():
        address = ("127.0.0.1", port)
        with contextlib.suppress(OSError), socket.create_connection(address, timeout=10) as connection:
            attack(connection, stop)
        cut_counts[attack.__name__] += 1
        stop.wait(0.2)


@dataclass
class LatencyStats:
    """Latencies of the well-behaved client's successful requests, and all its answers."""

    seconds: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def milliseconds(self, quantile: float) -> float:
        return 1000 * percentile(self.seconds, quantile)


def run_good_client(server: ServerProcess, image: bytes, seconds: float) -> LatencyStats:
    stats, deadline = LatencyStats(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        start = time.perf_counter()
        try:
            status = server.cut_jpeg(image)
        except OSError as error:
            stats.answers[type(error).__name__] += 1
            continue
        stats.answers[str(status)] += 1
        if status == 200:
            stats.seconds.append(time.perf_counter() - start)
        else:
            time.sleep(0.2)
    return stats


def run(seconds: float) -> None:
    image = next(jpeg_photographs(1, (1200, 900)))
    finished = multiprocessing.Event()
    results: Queue[Counter[str]] = multiprocessing.Queue()
    with tempfile.TemporaryDirectory() as name, running_server(Path(name)) as server:
        alone = run_good_client(server, image, 8)
        before = server.resident_megabytes()
        attackers = multiprocessing.Process(target=run_attackers, args=(server.port, finished, results), daemon=True)
        attackers.start()
        with sample_periodically(server.resident_megabytes, 0.5) as memory:
            stats = run_good_client(server, image, seconds)
        finished.set()
        restarts = dict(results.get())
    print(f"a good client alone: {alone.milliseconds(0.5):.0f} ms; among the attackers: {dict(stats.answers)}, "
          f"{stats.milliseconds(0.5):.0f} ms, 99 %: {stats.milliseconds(0.99):.0f} ms")  # fmt: skip
    third = len(memory) // 3
    print(f"memory: {before:.0f} MB before, max {max(memory):.0f}; first third {max(memory[:third]):.0f}, "
          f"last {max(memory[-third:]):.0f}; restarts: {restarts}")  # fmt: skip


def main() -> None:
    run(argument_parser(__doc__, seconds=60.0).parse_args().seconds)


if __name__ == "__main__":
    main()

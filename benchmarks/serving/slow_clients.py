"""Clients that mean harm, slowly: the memory stays flat, and a good client is served all the while.

    python -m benchmarks.serving.slow_clients [--seconds 60]

At once: 300 connections that say nothing, 150 uploads of 20 MB that come at a kilobyte a second, 4 that send 24 MB and
hold back the last byte, 4 bodies in chunks without an end, forms of 10,000 fields, and 20 clients that never read what
they asked for. Each begins anew when it is cut off.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path

from benchmarks.batch import write_photographs
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
    body = (
        b"".join(b'--m\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % n for n in range(10_000))
        + b"--m--"
    )
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
    """In a process of its own, stepping back: it would be on other machines."""
    os.nice(10)
    stop, cut = threading.Event(), Counter[str]()
    for attack, count in CONNECTIONS_BY_ATTACK.items():
        for _ in range(count):
            threading.Thread(target=repeat_attack, args=(port, attack, stop, cut), daemon=True).start()
    finished.wait()
    results.put(cut)


def repeat_attack(port: int, attack: Attack, stop: threading.Event, cut_counts: Counter[str]) -> None:
    while not stop.is_set():
        where = ("127.0.0.1", port)
        with contextlib.suppress(OSError), socket.create_connection(where, timeout=10) as line:
            attack(line, stop)
        cut_counts[attack.__name__] += 1
        stop.wait(0.2)


def run_good_client(
    server: ServerProcess, image: bytes, seconds: float, latencies: list[float], response_counts: Counter[str]
) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.perf_counter()
        try:
            status, _, _ = server.send_request("POST", "/v1/cutouts?empty=keep", image, Content_Type="image/jpeg")
        except OSError as error:
            response_counts[type(error).__name__] += 1
            continue
        response_counts[str(status)] += 1
        if status == 200:
            latencies.append(time.perf_counter() - begun)
        else:
            time.sleep(0.2)


def run(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_photographs(folder / "in", 1, (1200, 900))
        image = next((folder / "in").iterdir()).read_bytes()
        with running_server(folder) as served:
            alone: list[float] = []
            run_good_client(served, image, 8, alone, Counter())
            before, memory = served.resident_megabytes(), []
            over, told = multiprocessing.Event(), multiprocessing.Queue()
            others = multiprocessing.Process(target=run_attackers, args=(served.port, over, told), daemon=True)
            others.start()
            taken: list[float] = []
            answers: Counter[str] = Counter()
            friend = threading.Thread(target=run_good_client, args=(served, image, seconds, taken, answers))
            friend.start()
            while friend.is_alive():
                memory.append(served.resident_megabytes())
                time.sleep(0.5)
            over.set()
            cut = told.get()
            print(f"a good client alone: {1000 * percentile(alone, 0.5):.0f} ms; in the crowd: {dict(answers)}, "
                  f"{1000 * percentile(taken, 0.5):.0f} ms, 99 %: {1000 * percentile(taken, 0.99):.0f} ms")  # fmt: skip
            third = len(memory) // 3
            print(f"memory: {before:.0f} MB before, most {max(memory):.0f}; first third {max(memory[:third]):.0f}, "
                  f"last {max(memory[-third:]):.0f}; began anew: {dict(cut)}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    run(parser.parse_args().seconds)


if __name__ == "__main__":
    main()

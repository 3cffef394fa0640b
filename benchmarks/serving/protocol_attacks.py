"""Attacks on HTTP itself: bodies in crumbs, crowds of headers, two lengths, promises that are not kept, half requests.

What the server must not do is answer with an error of its own, or keep others waiting.
"""

from __future__ import annotations

import contextlib
import random
import re
import socket
import struct

from benchmarks.serving.attacks import EXPECTED_SERVER_ERRORS, AttackContext
from benchmarks.serving.hostile_files import encode

READ_SECONDS = 5.0
MAX_READ_BYTES = 2_000_000
STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d{3}) ")
HOST = b"\r\nHost: 127.0.0.1\r\n"
LENGTH_HEADERS = (
    b"Content-Length: 5\r\nContent-Length: 6",
    b"Content-Length: 5\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: xchunked",
    b"Content-Length: +5",
    b"Content-Length: 5, 5",
    b"Content-Length: -1",
    b"Content-Length: 99999999999999999999999",
    b"Content-Length: \xd9\xa3",
    b"Content-Length : 5",
    b"Host: one\r\nHost: two",
    b"X-API-Key: one\r\nX-API-Key: two",
)
REQUEST_LINES = (
    b"GET /livez HTTP/9.9",
    b"GET /livez",
    b"G\xc3\x84T /livez HTTP/1.1",
    b"GET http://evil.example/livez HTTP/1.1",
    b"CONNECT 127.0.0.1:80 HTTP/1.1",
    b"PRI * HTTP/2.0",
    b"OPTIONS * HTTP/1.1",
    b"GET \0 HTTP/1.1",
    b"GET /" + b"a/" * 30_000 + b" HTTP/1.1",
    b"\x16\x03\x01\x02\x00\x01",
)
UPGRADES = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13",
    b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk",
)
CHUNKED_BODIES = (
    b"1;name=value\r\nx\r\n" * 100_000,
    b"5;" + b"a=b;" * 100_000 + b"\r\nhello\r\n",
    b"-5\r\nhello\r\n",
    b"5\r\nhello\r\n0\r\n" + b"Trailer: x\r\n" * 9_000 + b"\r\n",
    b"f" * 16 + b"\r\nhello",
    b"0" * 90_000,
)
HEADER_CROWDS = (b"X: y\r\n" * 9_000, b"X: " + b"y" * 90_000 + b"\r\n", b"Cookie: " + b"a=b; " * 9_000 + b"\r\n")


def exchange_bytes(context: AttackContext, sent: bytes, *, ends: bool = False) -> None:
    """Send bytes, read what comes back for a while, and record each status."""
    received = bytearray()
    with context.open_connection() as connection:
        connection.settimeout(READ_SECONDS)
        with contextlib.suppress(OSError):
            connection.sendall(sent)
            if ends:
                connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while len(received) < MAX_READ_BYTES and (part := connection.recv(65_536)):
                received += part
    for found in STATUS_LINE.findall(received):
        status = int(found)
        context.statuses[str(status)] += 1
        if status >= 500 and status not in EXPECTED_SERVER_ERRORS:
            context.faults[f"{sent[:60]!r}: {bytes(received[:300])!r}"] += 1


def send_crumbs(context: AttackContext, rng: random.Random) -> None:
    """A body of single bytes with chunk extensions, or chunks that are odd in other ways."""
    head = context.request_head() + b"Transfer-Encoding: chunked\r\n\r\n"
    exchange_bytes(context, head + rng.choice(CHUNKED_BODIES))


def send_many_headers(context: AttackContext, rng: random.Random) -> None:
    exchange_bytes(context, b"GET /livez HTTP/1.1" + HOST + rng.choice(HEADER_CROWDS) + b"\r\n")


def send_what_is_not_http(context: AttackContext, rng: random.Random) -> None:
    sent = rng.choice(
        (
            b"POST /v1/cutouts HTTP/1.1" + HOST + rng.choice(LENGTH_HEADERS) + b"\r\n\r\nhello",
            rng.choice(REQUEST_LINES) + HOST + b"\r\n",
            b"GET /v1/jobs HTTP/1.1" + HOST + rng.choice(UPGRADES) + b"\r\n\r\n",
            rng.randbytes(50_000),
        )
    )
    exchange_bytes(context, sent, ends=rng.random() < 0.8)


def pipeline_requests(context: AttackContext, rng: random.Random) -> None:
    exchange_bytes(context, (b"GET /livez HTTP/1.1" + HOST + b"\r\n") * 2_000)


def promise_body(context: AttackContext, rng: random.Random) -> None:
    """Expect: 100-continue, and nothing follows."""
    with context.open_connection() as connection:
        connection.sendall(context.request_head() + b"Expect: 100-continue\r\nContent-Length: 20000000\r\n\r\n")
        context.stop.wait(rng.uniform(1, 10))


def break_off(context: AttackContext, rng: random.Random) -> None:
    """Send a whole picture, then close half of the connection, or reset it."""
    picture = encode(rng, "jpeg", 64)
    request = context.request_head() + b"Content-Length: %d\r\n\r\n" % len(picture) + picture
    if rng.random() < 0.5:
        exchange_bytes(context, request, ends=True)
        return
    with context.open_connection() as connection:
        connection.sendall(request)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

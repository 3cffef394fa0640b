"""Many or slow uploads are refused or cut off while other clients are served."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import random
import socket
import struct
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvicorn
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from mattebox.server.http import upload_limiter
from mattebox.server.http.problems import Problem
from mattebox.server.http.timeout_protocol import RECEIVE_BYTES, TimeoutProtocol
from mattebox.server.http.upload_limiter import Upload, UploadLimiter
from tests.serving import make_buffer, start_server

HOST = "127.0.0.1"
SHORT_LIMITS = """
from mattebox.server.http import timeout_protocol, upload_limiter
upload_limiter.GRACE_SECONDS = 1.0
timeout_protocol.MAX_IDLE_CONNECTIONS = 20
timeout_protocol.HEADER_TIMEOUT_SECONDS = 3.0
"""
SERVE = "from mattebox.cli.main import main; import sys; sys.argv[0] = 'mattebox'; main()"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server process with short limits."""
    with start_server(tmp_path_factory.mktemp("data"), start=("-c", SHORT_LIMITS + SERVE)) as address:
        yield int(address.rpartition(":")[2])


def open_connection(port: int, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection((HOST, port), timeout=20)
    connection.sendall(sent)
    return connection


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def request_head(length: int, extra: bytes = b"") -> bytes:
    head = b"POST /v1/cutouts?empty=keep HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\n"
    return head + b"Content-Length: %d\r\n" % length + extra + b"\r\n"


def can_cut_out(port: int, photo: bytes) -> bool:
    request = urllib.request.Request(
        f"http://{HOST}:{port}/v1/cutouts?empty=keep", photo, {"Content-Type": "image/jpeg"}
    )
    for _ in range(20):
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            with error:
                if error.code != 503:
                    return False
            time.sleep(0.5)
    return False


def test_a_slow_upload_is_cut_off(port: int) -> None:
    with open_connection(port, request_head(1_000_000) + b"x") as slow:
        started_at = time.monotonic()
        answer = slow.recv(4000)
        assert answer.startswith(b"HTTP/1.1 408")
        assert time.monotonic() - started_at < 5


def test_an_aborted_upload(port: int, photo: bytes) -> None:
    open_connection(port, request_head(1_000_000) + b"x" * 1000).close()
    assert can_cut_out(port, photo)


def test_slow_uploads_do_not_keep_others_out(port: int, photo: bytes) -> None:
    crowd = [open_connection(port, request_head(1_000_000) + b"x") for _ in range(80)]
    try:
        assert can_cut_out(port, photo)
    finally:
        for each in crowd:
            each.close()


def test_uploads_are_received_in_small_pieces() -> None:
    class Connection(asyncio.Transport):
        max_size = 256 * 1024

        def is_closing(self) -> bool:
            return False

        def close(self) -> None: ...

    async def ignore_request(scope: Scope, receive: Receive, send: Send) -> None: ...

    async def connect() -> int:
        config, connection = uvicorn.Config(ignore_request), Connection({"peername": None, "sockname": None})
        protocol = TimeoutProtocol(config, ServerState(), {}, asyncio.get_running_loop())
        protocol.connection_made(connection)
        protocol.connection_lost(None)
        return connection.max_size

    assert asyncio.run(connect()) == RECEIVE_BYTES


def test_idle_connections_are_closed(port: int, photo: bytes) -> None:
    crowd = [open_connection(port, b"POST /v1/cutouts HTTP/1.1\r\nHost: ") for _ in range(60)]
    try:
        assert can_cut_out(port, photo)
        started_at = time.monotonic()
        assert is_closed(crowd[-1])
        assert time.monotonic() - started_at < 10
    finally:
        for each in crowd:
            each.close()


def test_a_body_without_an_end_is_refused(port: int, photo: bytes) -> None:
    head = request_head(0).replace(b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n")
    with open_connection(port, head) as endless:
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        started_at = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - started_at < 15:
                endless.sendall(chunk)
        assert time.monotonic() - started_at < 15
    assert can_cut_out(port, photo)


def test_a_body_of_tiny_chunks_is_refused_soon(port: int, photo: bytes) -> None:
    head = request_head(0).replace(b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n")
    with open_connection(port, head) as crumbs:
        with contextlib.suppress(ConnectionError):
            crumbs.sendall(b"1;name=value\r\nx\r\n" * 200_000)
        with contextlib.suppress(ConnectionResetError):  # what it had not read is discarded
            assert crumbs.recv(4000).startswith(b"HTTP/1.1 400")
    assert can_cut_out(port, photo)


def test_a_picture_in_ordinary_chunks_is_taken(port: int, photo: bytes) -> None:
    """Few small chunks, and many of 100 bytes."""
    for size in (len(photo) // 200, 100):
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        pieces = (photo[start : start + size] for start in range(0, len(photo), size))
        headers = {"Content-Type": "image/jpeg", "Transfer-Encoding": "chunked"}
        connection.request("POST", "/v1/cutouts?empty=keep", pieces, headers, encode_chunked=True)
        assert connection.getresponse().status == 200
        connection.close()


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00", b"GET /livez\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"]
)
def test_what_is_not_http_is_answered_with_a_problem_document(port: int, sent: bytes) -> None:
    with open_connection(port, sent + b"\r\n\r\n") as connection:
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in head
    assert json.loads(body)["code"] == "bad_request"


def test_a_refused_upload_receives_its_response(port: int, photo: bytes) -> None:
    """Many at once: each is answered, none is cut off; 408 where a loaded machine is slower than these short limits."""

    def status(_: int) -> int:
        url = f"http://{HOST}:{port}/v1/cutouts?empty=keep"
        request = urllib.request.Request(url, photo + b"\0" * 2_000_000, {"Content-Type": "image/jpeg"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    with ThreadPoolExecutor(24) as pool:
        assert set(pool.map(status, range(48))) <= {200, 408, 503}


def test_a_large_picture_is_refused_by_its_header(port: int) -> None:
    """A PNG's header of 178 megapixels, bare and in a form; the rest never comes."""
    head_of_png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 13350, 13350, 8, 2, 0, 0, 0, 0)
    prefix = head_of_png + struct.pack(">I4s", 19_000_000, b"IDAT")
    form_head = b'--m\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    form = request_head(20_000_000).replace(b"image/jpeg", b"multipart/form-data; boundary=m") + form_head
    for sent in (request_head(20_000_000) + prefix, form + prefix):
        with open_connection(port, sent + bytes(20_000)) as bomb:
            started_at = time.monotonic()
            assert bomb.recv(4000).startswith(b"HTTP/1.1 413")
            assert time.monotonic() - started_at < 0.9  # before it is too slow


def test_small_uploads_need_no_slot(port: int) -> None:
    def status(_: int) -> int:
        request = urllib.request.Request(
            f"http://{HOST}:{port}/v1/cutouts", b"no picture", {"Content-Type": "image/png"}
        )
        try:
            urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        return 200

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(status, range(64))) == {422}


def test_the_slowest_uploads_are_evicted_first() -> None:
    async def evictions() -> list[bool]:
        buffer, now = make_buffer(100), asyncio.get_running_loop().time()
        limiter, content = UploadLimiter(4, buffer), buffer.store(bytes(101))
        fresh = Upload(now, False, byte_count=200_000_000)
        slow, slower = Upload(now - 10, False, byte_count=9_000_000), Upload(now - 100, False, byte_count=20_000_000)
        limiter._uploads = dict.fromkeys((slow, slower, fresh))
        for upload in (slow, slower):
            upload.deadline = asyncio.timeout(1000)
            await upload.deadline.__aenter__()
        limiter._evict_if_full()
        first = [u.is_evicted for u in limiter._uploads]
        limiter._evict_if_full()
        second = [u.is_evicted for u in limiter._uploads]
        content.file.close()
        limiter._evict_if_full()
        assert [u.is_evicted for u in limiter._uploads] == second
        return [*first, *second]

    assert asyncio.run(evictions()) == [False, True, False, True, True, False]


def scripted_request(parts: list[bytes], turns: list[int]) -> Request:
    """A request whose body arrives in parts, each after so many turns of the event loop."""
    messages = iter([*((p, t, True) for p, t in zip(parts, turns, strict=True)), (b"", 0, False)])

    async def receive() -> dict[str, object]:
        body, pause, has_more = next(messages)
        await pass_turns(pause)
        return {"type": "http.request", "body": body, "more_body": has_more}

    return Request({"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}, receive)


async def pass_turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def upload(limiter: UploadLimiter, request: Request, turns_in_hand: int = 0) -> int:
    """The status that an upload ends with, which stays in hand for so many turns once it is complete."""
    try:
        async with limiter.admit(request, 1000) as admitted:
            await limiter.read_body(request, admitted, 1000)
            await pass_turns(turns_in_hand)
    except Problem as problem:
        return problem.status
    return 200


@pytest.fixture
def eager_eviction(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any upload may be evicted, however short it has been there."""
    monkeypatch.setattr(upload_limiter, "FRESH_SECONDS", -1.0)


@pytest.mark.usefixtures("eager_eviction")
def test_a_complete_upload_is_not_evicted() -> None:
    """It waits for a download or for the disk, say, while others fill the buffer."""

    async def statuses() -> list[int]:
        limiter = UploadLimiter(4, make_buffer(100))
        complete = asyncio.create_task(upload(limiter, scripted_request([b"{}"], [0]), 50))
        await pass_turns(10)
        filling = await upload(limiter, scripted_request([bytes(200)], [0]))
        return [await complete, filling]

    assert asyncio.run(statuses()) == [200, 200]


@pytest.mark.usefixtures("eager_eviction")
def test_an_upload_whose_time_is_over_is_not_evicted_too() -> None:
    """Its deadline passes in the very turn of the event loop in which another one fills the buffer."""

    async def statuses() -> list[int]:
        limiter = UploadLimiter(4, make_buffer(100))
        late = asyncio.create_task(upload(limiter, scripted_request([b"x"], [100])))
        await pass_turns(5)
        (admitted,) = limiter._uploads
        assert admitted.deadline is not None
        admitted.deadline.reschedule(0.0)
        return [await upload(limiter, scripted_request([bytes(200)], [1])), await late]

    assert asyncio.run(statuses()) == [200, 408]


@pytest.mark.usefixtures("eager_eviction")
def test_complete_uploads_do_not_keep_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_limiter, "MAX_UPLOADS", 2)

    async def statuses() -> list[int]:
        limiter = UploadLimiter(4, make_buffer())
        complete = [asyncio.create_task(upload(limiter, scripted_request([b"{}"], [0]), 50)) for _ in range(5)]
        await pass_turns(20)
        return [await upload(limiter, scripted_request([b"x"], [0])), *await asyncio.gather(*complete)]

    assert asyncio.run(statuses()) == [200] * 6


@pytest.mark.usefixtures("eager_eviction")
@pytest.mark.parametrize("seed", range(40))
def test_uploads_at_once_end_with_a_reason(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In any order of arrival, completion and eviction."""
    monkeypatch.setattr(upload_limiter, "MAX_UPLOADS", 3)
    rng = random.Random(seed)

    async def statuses() -> list[int]:
        limiter, uploads = UploadLimiter(4, make_buffer(300)), []
        for _ in range(30):
            count = rng.randint(0, 4)
            parts, turns = [rng.randbytes(rng.randint(1, 150)) for _ in range(count)], rng.choices(range(12), k=count)
            request = scripted_request(parts, turns)
            uploads.append(asyncio.create_task(upload(limiter, request, rng.randint(0, 30))))
            await pass_turns(rng.randint(0, 6))
        ended = await asyncio.gather(*uploads)
        assert not limiter._uploads
        return ended

    assert set(asyncio.run(statuses())) <= {200, 408, 413, 503}

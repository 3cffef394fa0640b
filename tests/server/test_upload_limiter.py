"""Crowds and slow clients: refused or cut off, while good clients are served."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mattebox.server.http.upload_limiter import MAX_BUFFERED_BYTES, Upload, UploadLimiter
from tests.serving import serving

HOST = "127.0.0.1"
SLOW = "import mattebox.server.http.upload_limiter as i, mattebox.server.http.timeout_protocol as p; i.GRACE_SECONDS = 1.0; p.MAX_IDLE_CONNECTIONS = 20; p.HEADER_TIMEOUT_SECONDS = 3.0; "
SERVE = "from mattebox.cli.main import main; import sys; sys.argv[0] = 'mattebox'; main()"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server in a hurry, as users start it."""
    with serving(tmp_path_factory.mktemp("data"), start=("-c", SLOW + SERVE)) as address:
        yield int(address.rpartition(":")[2])


def opened(port: int, sent: bytes = b"") -> socket.socket:
    made = socket.create_connection((HOST, port), timeout=20)
    made.sendall(sent)
    return made


def ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def head(length: int, extra: bytes = b"") -> bytes:
    told = b"POST /v1/cutouts?empty=keep HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\n"
    return told + b"Content-Length: %d\r\n" % length + extra + b"\r\n"


def works(port: int, photo: bytes) -> bool:
    asked = urllib.request.Request(f"http://{HOST}:{port}/v1/cutouts?empty=keep", photo, {"Content-Type": "image/jpeg"})
    for _ in range(20):
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            with error:
                if error.code != 503:
                    return False
            time.sleep(0.5)
    return False


def test_an_upload_that_comes_too_slowly_is_cut_off(port: int) -> None:
    with opened(port, head(1_000_000) + b"x") as slow:
        begun = time.monotonic()
        answer = slow.recv(4000)
        assert answer.startswith(b"HTTP/1.1 408")
        assert time.monotonic() - begun < 5


def test_one_that_breaks_off_harms_nobody(port: int, photo: bytes) -> None:
    opened(port, head(1_000_000) + b"x" * 1000).close()
    assert works(port, photo)


def test_crowds_of_slow_uploads_keep_nobody_out(port: int, photo: bytes) -> None:
    crowd = [opened(port, head(1_000_000) + b"x") for _ in range(80)]
    try:
        assert works(port, photo)
    finally:
        for each in crowd:
            each.close()


def test_silent_connections_make_room_and_are_closed(port: int, photo: bytes) -> None:
    crowd = [opened(port, b"POST /v1/cutouts HTTP/1.1\r\nHost: ") for _ in range(60)]
    try:
        assert works(port, photo)
        begun = time.monotonic()
        assert ended(crowd[-1])
        assert time.monotonic() - begun < 10
    finally:
        for each in crowd:
            each.close()


def test_a_body_without_an_end_is_refused(port: int, photo: bytes) -> None:
    told = head(0).replace(b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n")
    with opened(port, told) as endless:
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        begun = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - begun < 15:
                endless.sendall(chunk)
        assert time.monotonic() - begun < 15
    assert works(port, photo)


def test_a_refused_upload_reads_its_answer(port: int, photo: bytes) -> None:
    """Many at once: each is answered, 200 or 503, none is cut off."""

    def status(_: int) -> int:
        url = f"http://{HOST}:{port}/v1/cutouts?empty=keep"
        asked = urllib.request.Request(url, photo + b"\0" * 2_000_000, {"Content-Type": "image/jpeg"})
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    with ThreadPoolExecutor(24) as pool:
        assert set(pool.map(status, range(48))) <= {200, 503}


def test_what_is_too_large_is_refused_at_its_beginning(port: int) -> None:
    """A PNG's header of 178 megapixels, bare and in a form; the rest never comes."""
    head_of_png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 13350, 13350, 8, 2, 0, 0, 0, 0)
    beginning = head_of_png + struct.pack(">I4s", 19_000_000, b"IDAT")
    told = b'--m\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    form = head(20_000_000).replace(b"image/jpeg", b"multipart/form-data; boundary=m") + told
    for sent in (head(20_000_000) + beginning, form + beginning):
        with opened(port, sent + bytes(20_000)) as bomb:
            begun = time.monotonic()
            assert bomb.recv(4000).startswith(b"HTTP/1.1 413")
            assert time.monotonic() - begun < 0.9  # before it is too slow


def test_small_ones_need_no_turn(port: int) -> None:
    def status(_: int) -> int:
        asked = urllib.request.Request(f"http://{HOST}:{port}/v1/cutouts", b"no picture", {"Content-Type": "image/png"})
        try:
            urllib.request.urlopen(asked, timeout=30)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        return 200

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(status, range(64))) == {422}


def test_those_that_hold_much_and_come_slowly_go_first() -> None:
    async def went() -> list[bool]:
        intake, now = UploadLimiter(4), asyncio.get_running_loop().time()
        fresh = Upload(now, False, byte_count=MAX_BUFFERED_BYTES)
        slow, slower = Upload(now - 10, False, byte_count=9_000_000), Upload(now - 100, False, byte_count=20_000_000)
        intake._uploads = dict.fromkeys((slow, slower, fresh))
        for upload in (slow, slower):
            upload.deadline = asyncio.timeout(1000)
            await upload.deadline.__aenter__()
        intake._limit_buffered_bytes(MAX_BUFFERED_BYTES)
        first = [u.is_evicted for u in intake._uploads]
        intake._limit_buffered_bytes(MAX_BUFFERED_BYTES)
        second = [u.is_evicted for u in intake._uploads]
        intake._limit_buffered_bytes(MAX_BUFFERED_BYTES)
        assert [u.is_evicted for u in intake._uploads] == second  # what is left holds no more
        return [*first, *second]

    assert asyncio.run(went()) == [False, True, False, True, True, False]

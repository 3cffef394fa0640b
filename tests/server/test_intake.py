"""Crowds and slow clients: refused or cut off, while good clients are served."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

HOST = "127.0.0.1"
SLOW = (
    "import mattebox.server.intake as i, mattebox.server.patient as p; i.GRACE = 1.0; p.SILENT = 20; p.HEADERS = 3.0; "
)
SERVE = "from mattebox.cli.main import main; import sys; sys.argv[0] = 'mattebox'; main()"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server in a hurry, as users start it."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        found: int = free.getsockname()[1]
    data = tmp_path_factory.mktemp("data")
    words = [sys.executable, "-c", SLOW + SERVE, "serve", "--port", str(found), "--workers", "1", "--model", "fast"]
    server = subprocess.Popen([*words, "--data", str(data)], stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://{HOST}:{found}/readyz", timeout=1)
            break
        except OSError:
            time.sleep(0.1)
    yield found
    server.terminate()
    server.wait(30)


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
    from concurrent.futures import ThreadPoolExecutor

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

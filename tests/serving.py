"""A `mattebox serve` process for tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mattebox.server.content_buffer import ContentBuffer
from mattebox.server.http.encoded_picture import EncodedPicture

HOST = "127.0.0.1"
RUN_MODULE = ("-m", "mattebox")
READY_TIMEOUT_SECONDS = 120  # enough on a loaded machine


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port: int = free.getsockname()[1]
    return port


def make_buffer(max_bytes: int = 100_000_000) -> ContentBuffer:
    """A buffer whose files lie in the system's temporary folder."""
    return ContentBuffer(Path(tempfile.gettempdir()), max_bytes)


def encode_for_request(data: bytes) -> EncodedPicture:
    """A file as a request holds it."""
    return EncodedPicture(make_buffer().store(data))


@contextmanager
def start_server(data: Path, *, start: tuple[str, ...] = RUN_MODULE, **settings: str) -> Iterator[str]:
    """Start a server and yield its address.

    Parameters
    ----------
    data
        Folder of its jobs and its log.
    start
        Arguments of Python that run the command line.
    settings
        Values of MATTEBOX_SERVER_* variables, by the rest of their name in lower case.

    Raises
    ------
    AssertionError
        With its log, when it does not become ready.
    """
    values = {"DATA": str(data), "WORKERS": "1", "MODEL": "fast"} | {name.upper(): v for name, v in settings.items()}
    environment = {f"MATTEBOX_SERVER_{name}": value for name, value in values.items()} | {"MATTEBOX_OFFLINE": "1"}
    port = free_port()
    with (data / "log").open("wb") as log:
        command = [sys.executable, *start, "serve", "--port", str(port)]
        process = subprocess.Popen(command, stderr=log, env=os.environ | environment)
    try:
        url = f"http://{HOST}:{port}"
        assert _wait_until_ready(process, url), (data / "log").read_text()
        yield url
        assert process.poll() is None, f"the server ended with {process.returncode}:\n{(data / 'log').read_text()}"
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_ready(process: subprocess.Popen[bytes], url: str) -> bool:
    limit = time.monotonic() + READY_TIMEOUT_SECONDS
    while time.monotonic() < limit and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False

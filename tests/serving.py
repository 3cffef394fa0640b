"""`mattebox serve` in a process of its own, as users start it, for the tests that need one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
START = ("-m", "mattebox")
PATIENCE = 30  # seconds until it is ready, on a loaded machine


def free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def serving(data: Path, *, start: tuple[str, ...] = START, **settings: str) -> Iterator[str]:
    """The address of a server that keeps its things in `data`, by the `settings` that MATTEBOX_SERVER_... would be.

    AssertionError with what it said where it does not become ready.
    """
    told = {"DATA": str(data), "WORKERS": "1", "MODEL": "fast"} | {name.upper(): v for name, v in settings.items()}
    environment = {f"MATTEBOX_SERVER_{name}": value for name, value in told.items()} | {"MATTEBOX_OFFLINE": "1"}
    port = free_port()
    with (data / "said").open("wb") as said:
        words = [sys.executable, *start, "serve", "--port", str(port)]
        process = subprocess.Popen(words, stderr=said, env=os.environ | environment)
    try:
        url = f"http://{HOST}:{port}"
        assert _ready(process, url), (data / "said").read_text()
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _ready(process: subprocess.Popen[bytes], url: str) -> bool:
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False

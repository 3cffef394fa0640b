"""The guard of conftest: nothing leaves this machine, not even when the code under test swallows exceptions."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest


def test_connecting_outside_fails_the_test() -> None:
    with socket.socket() as outside, pytest.raises(pytest.fail.Exception, match="192.0.2.1"):
        outside.connect(("192.0.2.1", 80))


def test_datagrams_fail_the_test() -> None:
    with (
        socket.socket(type=socket.SOCK_DGRAM) as outside,
        pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"),
    ):
        outside.sendto(b"x", ("192.0.2.1", 80))


def test_looking_up_a_name_fails_even_where_errors_are_swallowed() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"example\.org"), contextlib.suppress(Exception):
        urllib.request.urlopen("http://example.org/")


def test_this_machine_may_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        client.sendall(b"x")
        with server.accept()[0] as served:
            assert served.recv(1) == b"x"


def test_the_runtime_keeps_no_diary(tmp_path: Path) -> None:
    """onnxruntime's telemetry would lie in the user's home, and be sent."""
    script = "from mattebox.models.matte_session import open_session; open_session('fast', 'cpu', 1).start()"
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", script], env=home, check=True, timeout=50)
    assert list(tmp_path.rglob("*")) == []

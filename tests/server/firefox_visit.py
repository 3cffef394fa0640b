"""A visit to the page in Firefox as distributions package it, over its remote protocol Marionette."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.serving import HOST, free_port

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
START_SECONDS, WAIT_SECONDS = 120, 300  # enough on a loaded machine


class FirefoxVisit:
    """Firefox with one page.

    Parameters
    ----------
    connection
        To its Marionette port.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._received, self._count = connection, b"", 0
        self._receive()  # the greeting
        self._call("WebDriver:NewSession", capabilities={})

    def open(self, address: str) -> None:
        self._call("WebDriver:Navigate", url=address)

    def run(self, script: str) -> Any:
        """What a script returns, which runs in the page."""
        answer = self._call("WebDriver:ExecuteScript", script=script, args=[], sandbox=None, newSandbox=False)
        return answer["value"]

    def wait_for(self, expression: str) -> Any:
        """The first value of an expression that is not empty. TimeoutError."""
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            if value := self.run(f"return {expression}"):
                return value
            time.sleep(0.2)
        raise TimeoutError(expression)

    def _call(self, name: str, **parameters: Any) -> Any:
        self._count += 1
        message = json.dumps([0, self._count, name, parameters]).encode()
        self._connection.sendall(b"%d:%s" % (len(message), message))
        while (answer := self._receive())[1] != self._count:
            pass
        assert answer[2] is None, answer[2]
        return answer[3]

    def _receive(self) -> Any:
        """The next message: its length, a colon, and JSON."""
        while b":" not in self._received:
            self._received += self._connection.recv(1 << 16)
        length, _, rest = self._received.partition(b":")
        while len(rest) < int(length):
            rest += self._connection.recv(1 << 20)
        self._received = rest[int(length) :]
        return json.loads(rest[: int(length)])


@contextmanager
def start_firefox(profile: Path) -> Iterator[FirefoxVisit]:
    """Start Firefox without a window, with a new profile in a folder."""
    port = free_port()
    (profile / "user.js").write_text(f'user_pref("marionette.port", {port});\n')
    assert FIREFOX is not None
    command = [FIREFOX, "--marionette", "--headless", "--no-remote", "--profile", str(profile)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with _connect(port) as connection:
            yield FirefoxVisit(connection)
    finally:
        process.terminate()
        process.wait()


def _connect(port: int) -> socket.socket:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            return socket.create_connection((HOST, port))
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)

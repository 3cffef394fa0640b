"""A server as users start it, in a process group of its own, asked over sockets; its memory as the kernel counts it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PATIENCE = 180  # seconds to start; the peer's first import compiles for a minute


class Served:
    """`mattebox serve` (or `command`, a peer's) on one port, however often it is started. `data`: its folder."""

    def __init__(self, data: Path, command: list[str] | None = None, ready: str = "/readyz", **settings: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.data, self.ready = data, ready
        ours = [sys.executable, "-W", "ignore", "-m", "mattebox", "serve", "--port", str(self.port)]
        self.command = ours if command is None else [w.replace("PORT", str(self.port)) for w in command]
        self.environment = {"MATTEBOX_OFFLINE": "1", "MATTEBOX_SERVER_DATA": str(data), **settings}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Seconds until it was ready."""
        begun = time.perf_counter()
        with (self.data / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, env=os.environ | self.environment, start_new_session=True
            )
        while time.perf_counter() - begun < PATIENCE:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("GET", self.ready)[0] < 500:
                    return time.perf_counter() - begun
            time.sleep(0.05)
        raise SystemExit(f"it does not start:\n{(self.data / 'log').read_text()[-2000:]}")

    def stop(self, how: int = signal.SIGTERM) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)
        self.process.wait(60)

    def processes(self) -> list[int]:
        """The whole tree, the server first."""
        assert self.process is not None
        found, new = [], [self.process.pid]
        while new:
            found += new
            new = [int(c) for p in new for t in Path(f"/proc/{p}/task").glob("*/children") for c in _read(t).split()]
        return found

    def memory(self) -> float:
        """Megabytes resident in the whole tree; what processes share is counted once (proportional set size)."""
        lines = (line for p in self.processes() for line in _read(Path(f"/proc/{p}/smaps_rollup")).splitlines())
        return sum(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("Pss:"))

    def ask(
        self, method: str, path: str, body: bytes | None = None, timeout: float = 60, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower case), body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, {n.replace("_", "-"): v for n, v in headers.items()})
            answer = connection.getresponse()
            return answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def job(self, name: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.ask("GET", f"/v1/jobs/{name}")[2])
        return told


@contextlib.contextmanager
def serving(data: Path, command: list[str] | None = None, ready: str = "/readyz", **settings: str) -> Iterator[Served]:
    """Started, and stopped at the end."""
    served = Served(data, command, ready, **settings)
    served.start()
    try:
        yield served
    finally:
        served.stop(signal.SIGKILL)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it ended meanwhile
        return ""

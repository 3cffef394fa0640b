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

START_TIMEOUT_SECONDS = 180  # seconds to start; the peer's first import compiles for a minute


class ServerProcess:
    """`mattebox serve` (or `command`, a peer's) on one port, however often it is started. `data_folder`: its folder."""

    def __init__(
        self, data_folder: Path, command: list[str] | None = None, ready_path: str = "/readyz", **settings: str
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.data_folder, self.ready_path = data_folder, ready_path
        ours = [sys.executable, "-W", "ignore", "-m", "mattebox", "serve", "--port", str(self.port)]
        self.command = ours if command is None else [w.replace("PORT", str(self.port)) for w in command]
        self.environment = {"MATTEBOX_OFFLINE": "1", "MATTEBOX_SERVER_DATA": str(data_folder), **settings}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Seconds until it was ready."""
        begun = time.perf_counter()
        with (self.data_folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, env=os.environ | self.environment, start_new_session=True
            )
        while time.perf_counter() - begun < START_TIMEOUT_SECONDS:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.send_request("GET", self.ready_path)[0] < 500:
                    return time.perf_counter() - begun
            time.sleep(0.05)
        raise SystemExit(f"it does not start:\n{(self.data_folder / 'log').read_text()[-2000:]}")

    def stop(self, signal_number: int = signal.SIGTERM) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal_number)
        self.process.wait(60)

    def process_ids(self) -> list[int]:
        """The whole tree, the server first."""
        assert self.process is not None
        found, new = [], [self.process.pid]
        while new:
            found += new
            new = [
                int(c) for p in new for t in Path(f"/proc/{p}/task").glob("*/children") for c in _read_text(t).split()
            ]
        return found

    def resident_megabytes(self) -> float:
        """Megabytes resident in the whole tree; what processes share is counted once (proportional set size)."""
        lines = (line for p in self.process_ids() for line in _read_text(Path(f"/proc/{p}/smaps_rollup")).splitlines())
        return sum(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("Pss:"))

    def send_request(
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

    def job_status(self, job_id: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.send_request("GET", f"/v1/jobs/{job_id}")[2])
        return told


@contextlib.contextmanager
def running_server(
    data_folder: Path, command: list[str] | None = None, ready_path: str = "/readyz", **settings: str
) -> Iterator[ServerProcess]:
    """Started, and stopped at the end."""
    served = ServerProcess(data_folder, command, ready_path, **settings)
    served.start()
    try:
        yield served
    finally:
        served.stop(signal.SIGKILL)


def percentile(values: list[float], quantile: float) -> float:
    return sorted(values)[min(len(values) - 1, int(quantile * len(values)))]


def _read_text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it ended meanwhile
        return ""

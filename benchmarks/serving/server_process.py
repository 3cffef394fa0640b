"""A server as users start it: in a process group of its own, accessed over HTTP, its memory read from the kernel."""

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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

START_TIMEOUT_SECONDS = 180  # rembg's first import compiles for a minute
CUTOUT_PATH = "/v1/cutouts?empty=keep"
JPEG_HEADERS = {"Content-Type": "image/jpeg"}
ASYNC_HEADERS = JPEG_HEADERS | {"Prefer": "respond-async"}
UNFINISHED_STATES = {"queued", "running"}


class Response(NamedTuple):
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes


def send_request(
    port: int,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 60,
) -> Response:
    """Send a request to a port of this machine, and read the whole response."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Response(response.status, {n.lower(): v for n, v in response.getheaders()}, response.read())
    finally:
        connection.close()


class ServerProcess:
    """`mattebox serve`, or another server, on a port that stays the same over restarts.

    Parameters
    ----------
    data_folder : Path
        The server's data folder; its log is written there, too.
    command : list of str, optional
        Another server's command line, in which "PORT" stands for the port.
    ready_path : str
        Path that answers with a status below 500 once the server is ready.
    settings : mapping, optional
        Environment variables of the server.
    """

    def __init__(
        self,
        data_folder: Path,
        command: list[str] | None = None,
        ready_path: str = "/readyz",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.port = unused.getsockname()[1]
        self.data_folder, self.ready_path = data_folder, ready_path
        mattebox = [sys.executable, "-W", "ignore", "-m", "mattebox", "serve", "--port", "PORT"]
        self.command = [word.replace("PORT", str(self.port)) for word in command or mattebox]
        self.environment = {"MATTEBOX_OFFLINE": "1", "MATTEBOX_SERVER_DATA": str(data_folder), **(settings or {})}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start the server and return the seconds until it is ready."""
        start = time.perf_counter()
        with (self.data_folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, env=os.environ | self.environment, start_new_session=True
            )
        while time.perf_counter() - start < START_TIMEOUT_SECONDS:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.send_request("GET", self.ready_path).status < 500:
                    return time.perf_counter() - start
            time.sleep(0.05)
        raise SystemExit(f"the server does not start:\n{(self.data_folder / 'log').read_text()[-2000:]}")

    def stop(self, signal_number: int = signal.SIGTERM) -> None:
        """Send a signal to the whole process group and wait for the server to end."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal_number)
        self.process.wait(60)

    def process_ids(self) -> list[int]:
        """Process ids of the whole tree, the server's first."""
        assert self.process is not None
        tree, level = [], [self.process.pid]
        while level:
            tree += level
            files = (file for pid in level for file in Path(f"/proc/{pid}/task").glob("*/children"))
            level = [int(child) for file in files for child in _read_text(file).split()]
        return tree

    def resident_megabytes(self) -> float:
        """Proportional set size of the whole tree: memory that processes share is counted once."""
        return sum(_proportional_megabytes(process_id) for process_id in self.process_ids())

    def processor_seconds(self) -> float:
        """Processor time that the processes of the tree have taken so far."""
        return sum(_processor_seconds(process_id) for process_id in self.process_ids())

    def own_megabytes(self) -> float:
        """Proportional set size of the server's own process, without its workers."""
        assert self.process is not None
        return _proportional_megabytes(self.process.pid)

    def send_request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> Response:
        return send_request(self.port, method, path, body, headers, timeout)

    def cut_jpeg(self, image: bytes) -> int:
        """Cut a photograph synchronously and return the status."""
        return self.send_request("POST", CUTOUT_PATH, image, JPEG_HEADERS).status

    def job_status(self, job_id: str) -> dict[str, Any]:
        status: dict[str, Any] = json.loads(self.send_request("GET", f"/v1/jobs/{job_id}").body)
        return status

    def wait_for_job(self, job_id: str) -> dict[str, Any]:
        """The status of a job once it has ended."""
        while (status := self.job_status(job_id))["state"] in UNFINISHED_STATES:
            time.sleep(0.1)
        return status


@contextlib.contextmanager
def running_server(
    data_folder: Path,
    command: list[str] | None = None,
    ready_path: str = "/readyz",
    settings: Mapping[str, str] | None = None,
) -> Iterator[ServerProcess]:
    """A server that is started, and killed at the end of the block, or when this process is told to end."""
    previous_handler = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    server = ServerProcess(data_folder, command, ready_path, settings)
    try:
        server.start()
        yield server
    finally:
        server.stop(signal.SIGKILL)
        signal.signal(signal.SIGTERM, previous_handler)


def percentile(values: list[float], quantile: float) -> float:
    return sorted(values)[min(len(values) - 1, int(quantile * len(values)))]


def _proportional_megabytes(process_id: int) -> float:
    lines = _read_text(Path(f"/proc/{process_id}/smaps_rollup")).splitlines()
    return sum(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("Pss:"))


def _processor_seconds(process_id: int) -> float:
    fields = _read_text(Path(f"/proc/{process_id}/stat")).rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _read_text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process has ended
        return ""

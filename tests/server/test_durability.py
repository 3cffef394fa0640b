"""A server process, killed and stopped while it works: no accepted job is lost, no result changes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving import free_port

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are found through /proc"),
    pytest.mark.timeout(180),  # servers start and stop several times, on a busy machine too
]

JOBS = 24  # more than are done before the second kill


class ServerProcess:
    """`mattebox serve` in a process group of its own, on one port and folder however often it is started."""

    def __init__(self, data: Path) -> None:
        self.port = free_port()
        self.data = data
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "mattebox", "serve", "--port", str(self.port), "--workers", "1"]
        settings = {"MATTEBOX_OFFLINE": "1", "MATTEBOX_SERVER_DATA": str(self.data), "MATTEBOX_SERVER_MODEL": "fast",
                    "MATTEBOX_SERVER_DRAIN": "10"}  # fmt: skip
        log = (self.data / "log").open("ab")
        with log:
            self.process = subprocess.Popen(command, stderr=log, env=os.environ | settings, start_new_session=True)
        for _ in range(1000):
            if self.get("/readyz")[0] == 200:
                return
            time.sleep(0.05)
        raise AssertionError((self.data / "log").read_text())

    def kill(self) -> None:
        """Kill the server and its workers."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def workers(self) -> list[int]:
        assert self.process is not None
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for task in tasks for pid in task.read_text().split()]

    def get(self, path: str) -> tuple[int, bytes]:
        return self.ask(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}"))

    def send(self, image: bytes, **headers: str) -> tuple[int, bytes]:
        all_headers = {"Content-Type": "image/jpeg"} | {n.replace("_", "-"): v for n, v in headers.items()}
        return self.ask(
            urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/cutouts?empty=keep", image, all_headers)
        )

    def ask(self, request: urllib.request.Request) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError:
            return 0, b""

    def submit(self, image: bytes, key: str) -> str:
        status, body = self.send(image, Prefer="respond-async", Idempotency_Key=key)
        assert status == 202, body
        name: str = json.loads(body)["id"]
        return name

    def job_status(self, name: str) -> dict[str, Any]:
        status: dict[str, Any] = json.loads(self.get(f"/v1/jobs/{name}")[1])
        return status

    def wait_until_finished(self, name: str) -> dict[str, Any]:
        for _ in range(400):
            if (job := self.job_status(name))["progress"] == 1:
                return job
            time.sleep(0.05)
        raise AssertionError(job)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path_factory.mktemp("data"))
    process.start()
    yield process
    if process.process is not None and process.process.poll() is None:
        process.kill()


def test_all_jobs_survive_kills(server: ServerProcess, mug: bytes, photo: bytes) -> None:
    names = [server.submit((mug, photo)[i % 2], f"k{i}") for i in range(JOBS)]
    results: dict[str, bytes] = {}
    for _ in range(2):
        server.wait_until_finished(next(name for name in names if name not in results))
        for name in names:
            status, body = server.get(f"/v1/jobs/{name}/result")
            assert status in (200, 409)
            if status == 200:
                assert results.setdefault(name, body) == body
        assert 0 < len(results) < len(names)
        server.kill()
        server.start()
    assert [server.submit((mug, photo)[i % 2], f"k{i}") for i in range(JOBS)] == names
    assert {server.wait_until_finished(name)["state"] for name in names} == {"done"}
    for name in names:
        status, body = server.get(f"/v1/jobs/{name}/result")
        assert status == 200
        assert results.get(name, body) == body
    assert b"Traceback" not in (server.data / "log").read_bytes()


def test_a_job_whose_worker_always_dies_is_poisoned(server: ServerProcess, mug: bytes) -> None:
    name = server.submit(mug, "poison")
    while (job := server.job_status(name))["progress"] < 1:
        for pid in server.workers():
            with contextlib.suppress(ProcessLookupError):  # it may have gone since it was listed
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    assert (job["state"], job["error"]["code"], job["attempts"]) == ("failed", "poisoned", 3)
    assert server.wait_until_finished(server.submit(mug, "fine"))["state"] == "done"


def test_sigterm_finishes_running_work_and_hands_the_rest_back(server: ServerProcess, photo: bytes, mug: bytes) -> None:
    names = [server.submit(photo, f"s{i}") for i in range(6)]
    statuses: list[int] = []
    waiting = [threading.Thread(target=lambda: statuses.append(server.send(photo)[0])) for _ in range(3)]
    for thread in waiting:
        thread.start()
    time.sleep(0.3)
    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    started_at = time.monotonic()
    time.sleep(0.2)
    assert server.get("/readyz")[0] == 503
    assert server.send(mug)[0] == 503
    for thread in waiting:
        thread.join()
    assert statuses == [200] * 3
    assert server.process.wait(20) == 0
    assert time.monotonic() - started_at < 15
    server.start()
    assert {server.wait_until_finished(name)["state"] for name in names} == {"done"}
    assert max(server.job_status(name)["attempts"] for name in names) == 1
    assert b"Traceback" not in (server.data / "log").read_bytes()

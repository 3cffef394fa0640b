"""A server as users start it, killed and stopped with work in hand: nothing promised is lost, nothing seen changes."""

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

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are found through /proc")

JOBS = 24  # more than are done before the second kill


class Served:
    """`mattebox serve` in a process group of its own, on one port and folder however often it is started."""

    def __init__(self, data: Path) -> None:
        self.port = free_port()
        self.data = data
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [sys.executable, "-m", "mattebox", "serve", "--port", str(self.port), "--workers", "1"]
        settings = {"MATTEBOX_OFFLINE": "1", "MATTEBOX_SERVER_DATA": str(self.data), "MATTEBOX_SERVER_MODEL": "fast",
                    "MATTEBOX_SERVER_DRAIN": "10"}  # fmt: skip
        log = (self.data / "log").open("ab")
        with log:
            self.process = subprocess.Popen(words, stderr=log, env=os.environ | settings, start_new_session=True)
        for _ in range(300):
            if self.get("/readyz")[0] == 200:
                return
            time.sleep(0.05)
        raise AssertionError((self.data / "log").read_text())

    def kill(self) -> None:
        """The whole tree, at once."""
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
        told = {"Content-Type": "image/jpeg"} | {n.replace("_", "-"): v for n, v in headers.items()}
        return self.ask(urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/cutouts?empty=keep", image, told))

    def ask(self, request: urllib.request.Request) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError:
            return 0, b""

    def job(self, image: bytes, key: str) -> str:
        status, body = self.send(image, Prefer="respond-async", Idempotency_Key=key)
        assert status == 202, body
        name: str = json.loads(body)["id"]
        return name

    def told(self, name: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.get(f"/v1/jobs/{name}")[1])
        return told

    def ended(self, name: str) -> dict[str, Any]:
        for _ in range(400):
            if (told := self.told(name))["progress"] == 1:
                return told
            time.sleep(0.05)
        raise AssertionError(told)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("data"))
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.kill()


def test_killed_again_and_again_and_all_is_done(served: Served, mug: bytes, photo: bytes) -> None:
    names = [served.job((mug, photo)[i % 2], f"k{i}") for i in range(JOBS)]
    seen: dict[str, bytes] = {}
    for _ in range(2):
        served.ended(next(name for name in names if name not in seen))
        for name in names:
            status, body = served.get(f"/v1/jobs/{name}/result")
            assert status in (200, 409)
            if status == 200:
                assert seen.setdefault(name, body) == body
        assert 0 < len(seen) < len(names)
        served.kill()
        served.start()
    assert [served.job((mug, photo)[i % 2], f"k{i}") for i in range(JOBS)] == names
    assert {served.ended(name)["state"] for name in names} == {"done"}
    for name in names:
        status, body = served.get(f"/v1/jobs/{name}/result")
        assert status == 200
        assert seen.get(name, body) == body
    assert b"Traceback" not in (served.data / "log").read_bytes()


def test_a_job_whose_worker_always_dies_is_poisoned_and_the_next_is_done(served: Served, mug: bytes) -> None:
    name = served.job(mug, "poison")
    while (told := served.told(name))["progress"] < 1:
        for pid in served.workers():
            with contextlib.suppress(ProcessLookupError):  # it may have gone since it was listed
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    assert (told["state"], told["error"]["code"], told["attempts"]) == ("failed", "poisoned", 3)
    assert served.ended(served.job(mug, "fine"))["state"] == "done"


def test_told_to_stop_it_finishes_what_it_has_in_hand_and_the_next_does_the_rest(
    served: Served, photo: bytes, mug: bytes
) -> None:
    names = [served.job(photo, f"s{i}") for i in range(6)]
    answers: list[int] = []
    waiting = [threading.Thread(target=lambda: answers.append(served.send(photo)[0])) for _ in range(3)]
    for thread in waiting:
        thread.start()
    time.sleep(0.3)
    assert served.process is not None
    served.process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    time.sleep(0.2)
    assert served.get("/readyz")[0] == 503
    assert served.send(mug)[0] == 503
    for thread in waiting:
        thread.join()
    assert answers == [200] * 3
    assert served.process.wait(20) == 0
    assert time.monotonic() - begun < 15
    served.start()
    assert {served.ended(name)["state"] for name in names} == {"done"}
    assert max(served.told(name)["attempts"] for name in names) == 1
    assert b"Traceback" not in (served.data / "log").read_bytes()

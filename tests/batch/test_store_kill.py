"""Two processes that share a batch in a store, one of them killed again and again: every result once, none halved.

`benchmarks/store_crash_recovery.py` is the long form, against an S3 server.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.stores import photo_bytes

COUNT, KILLS, LEASE_SECONDS = 10, 2, 1
MAX_SECONDS = 200  # that a process may take on a busy machine

CHILD = """
import sys
from pathlib import Path
from mattebox.models import matte_session
from tests.fakes import fake_session
from tests.stores import folder_stores
folder_stores(Path(sys.argv[1]))
matte_session.open_session = lambda *_: fake_session()
from mattebox.cli.main import main
main(sys.argv[2:])
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    pytest.importorskip("obstore", reason="the extra `store` is not installed")
    for n in range(COUNT):
        path = tmp_path / "stores/shop/in" / f"{n % 3}" / f"{n}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo_bytes(200 + n))
    return tmp_path


@pytest.fixture
def start(root: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts processes, which end with the test."""
    processes: list[subprocess.Popen[bytes]] = []

    def start_process(name: str, *words: str) -> subprocess.Popen[bytes]:
        processes.append(start_worker(root, name, *words))
        return processes[-1]

    yield start_process
    for process in processes:
        process.kill()
        process.wait()


def start_worker(root: Path, name: str, *words: str) -> subprocess.Popen[bytes]:
    """A process that works on the batch, its report named after it."""
    options = ["--recursive", "--report", str(root / f"{name}.jsonl"), "--resume", "--jobs", "1", *words]
    command = [sys.executable, "-c", CHILD, str(root / "stores"), "cut", "s3://shop/in/", *options]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with open(root / f"{name}.txt", "ab") as errors:
        return subprocess.Popen(command, stderr=errors, env=environment)


def results(root: Path, bucket: str) -> dict[str, bytes]:
    folder = root / "stores" / bucket
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.png")}


@pytest.mark.timeout(300)
def test_two_workers_one_killed_again_and_again(root: Path, start: Callable[..., subprocess.Popen[bytes]]) -> None:
    assert start("alone", "-o", "s3://alone/").wait(MAX_SECONDS) == 0
    share = ("-o", "s3://out/", "--share", "--lease", str(LEASE_SECONDS))
    steady = start("steady", *share)
    rng = random.Random(3)
    for _ in range(KILLS):
        victim = start("victim", *share)
        before, end = len(results(root, "out")), time.monotonic() + MAX_SECONDS
        while len(results(root, "out")) == before and steady.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.5))
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    assert steady.wait(MAX_SECONDS) == 0, (root / "steady.txt").read_text()
    assert "Traceback" not in (root / "victim.txt").read_text()
    made = results(root, "out")
    assert made == results(root, "alone")
    assert all(Image.open(io.BytesIO(content)).size[0] == 140 for content in made.values())
    reports = [root / "steady.jsonl", root / "victim.jsonl"]
    lines = [line for path in reports if path.exists() for line in path.read_text().splitlines()]
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    assert len(rows) == len({row["output"] for row in rows}) > 0
    for row in rows:
        assert hashlib.sha256(made[row["output"].removeprefix("s3://out/")]).hexdigest() == row["output_sha256"]

"""Whole or not at all, even under kill -9."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mattebox.errors import OutputError
from mattebox.io import atomic_write

WRITER = """
import sys
from pathlib import Path
from mattebox.io.atomic_write import write_bytes
n = 0
while True:
    write_bytes(Path(sys.argv[1]), bytes([n % 256]) * 3_000_000, overwrite=True)
    n += 1
    if n == 1:
        print("first", flush=True)
"""


def test_kill_minus_nine_never_leaves_a_part(tmp_path: Path) -> None:
    target, rng = tmp_path / "out.png", random.Random(0)
    for _ in range(12):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(rng.uniform(0, 0.03))
            process.send_signal(signal.SIGKILL)
        content = target.read_bytes()
        assert len(content) == 3_000_000
        assert content == content[:1] * 3_000_000


def test_without_overwrite_what_is_there_stays(tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    atomic_write.write_bytes(target, b"one", overwrite=False)
    with pytest.raises(OutputError, match="already exists"):
        atomic_write.write_bytes(target, b"two", overwrite=False)
    assert target.read_bytes() == b"one"
    atomic_write.write_bytes(target, b"two", overwrite=True)
    assert target.read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["out.png"]


def test_of_many_writers_one_wins(tmp_path: Path) -> None:
    target, won, lost = tmp_path / "out.png", [], []
    gate = threading.Barrier(8)

    def write(n: int) -> None:
        gate.wait()
        try:
            atomic_write.write_bytes(target, bytes([n]) * 100_000, overwrite=False)
            won.append(n)
        except OutputError:
            lost.append(n)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    assert target.read_bytes() == bytes(won) * 100_000
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("path", "remedy"),
    [("no/such/out.png", "create the folder first"), ("file/out.png", "choose a folder"), ("x" * 300, "shorter name")],
)
def test_each_failure_has_its_remedy(tmp_path: Path, path: str, remedy: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=remedy):
        atomic_write.write_bytes(tmp_path / path, b"content", overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_failure_midway_leaves_the_old_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out.png"
    target.write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"no space left on device\); nothing was changed; free some space"):
        atomic_write.write_bytes(target, b"new", overwrite=True)
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.png"]


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    atomic_write.write_bytes(tmp_path / "out.png", b"x", overwrite=False)
    (tmp_path / "plain").write_bytes(b"x")
    assert (tmp_path / "out.png").stat().st_mode == (tmp_path / "plain").stat().st_mode

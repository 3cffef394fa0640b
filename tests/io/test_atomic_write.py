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


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o666])
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "out.png"
    target.write_bytes(b"old")
    target.chmod(mode)
    atomic_write.write_bytes(target, b"new", overwrite=True)
    assert (target.read_bytes(), target.stat().st_mode & 0o7777) == (b"new", mode)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_written_to(tmp_path: Path) -> None:
    target, parts = tmp_path / "out.png", []
    os.mkfifo(target)
    reader = threading.Thread(target=lambda: parts.append(target.read_bytes()))
    timer = threading.Timer(0.3, reader.start)  # a reader that comes late is waited for
    timer.start()
    atomic_write.write_bytes(target, b"x" * 1_000_000, overwrite=False)
    timer.join()
    reader.join(20)
    assert parts == [b"x" * 1_000_000]
    assert target.is_fifo()
    assert [p.name for p in tmp_path.iterdir()] == ["out.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_without_a_reader_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic_write, "MAX_READER_WAIT_SECONDS", 0.1)
    os.mkfifo(tmp_path / "out.png")
    with pytest.raises(OutputError, match="start its reader first"):
        atomic_write.write_bytes(tmp_path / "out.png", b"x", overwrite=True)
    assert (tmp_path / "out.png").is_fifo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_devices_are_written_to() -> None:
    atomic_write.write_bytes(Path("/dev/null"), b"x", overwrite=False)
    assert Path("/dev/null").is_char_device()
    with pytest.raises(OutputError, match="free some space"):
        atomic_write.write_bytes(Path("/dev/full"), b"x", overwrite=True)
    assert Path("/dev/full").is_char_device()


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_a_link_to_nothing_is_replaced_only_with_overwrite(tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    target.symlink_to("nowhere")
    with pytest.raises(OutputError, match="already exists"):
        atomic_write.write_bytes(target, b"x", overwrite=False)
    assert target.is_symlink()
    atomic_write.write_bytes(target, b"x", overwrite=True)
    assert target.read_bytes() == b"x"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(OutputError, match="is not a folder; nothing was changed; choose a folder"):
        atomic_write.make_folder(tmp_path / "out")

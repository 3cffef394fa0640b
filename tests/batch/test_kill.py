"""Killed at any moment and started again, a batch ends as if it had never been disturbed."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.fakes import composite, disc

COUNT, BROKEN = 24, (5, 17)

CHILD = """
import sys, time
from mattebox.zoo import session
from tests.fakes import fake_session
session.open_session = lambda *_: fake_session()
from mattebox.cli.main import main
main(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("in")
    for n in range(COUNT):
        path = folder / f"sub{n % 3}" / f"photo-{n}.{('jpg', 'png', 'webp')[n % 3]}"
        path.parent.mkdir(exist_ok=True)
        if n in BROKEN:
            path.write_bytes(b"\xff\xd8\xff broken")
        else:
            Image.fromarray(composite(disc((260 + 3 * n, 320), 2), (220, 60, 20), (20, 60, 220)).rgb).save(path)
    return folder


def start(photos: Path, out: Path) -> subprocess.Popen[bytes]:
    root = Path(__file__).resolve().parents[2]
    words = ["cut", str(photos), "-o", f"{out}/", "--recursive", "--report", str(out.with_suffix(".jsonl")), "--resume"]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *words, "--jobs", "2"],
        stderr=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(root)},
    )  # fmt: skip


def hashes(folder: Path) -> dict[str, str]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_killed_ten_times(photos: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    undisturbed = start(photos, whole)
    assert undisturbed.wait(50) == 3
    rng, out = random.Random(7), tmp_path / "out"
    kills = 0
    for _ in range(10):
        process = start(photos, out)
        time.sleep(rng.uniform(0.25, 0.75))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
    assert start(photos, out).wait(50) == 3
    assert kills >= 3
    assert hashes(out) == hashes(whole)
    assert len(hashes(out)) == COUNT - len(BROKEN)
    told = [json.loads(line) for line in out.with_suffix(".jsonl").read_text().splitlines() if line.endswith("}")]
    good = {r["input"]: r for r in told if r["verdict"] != "failed"}
    assert len(good) == COUNT - len(BROKEN)
    for row in good.values():
        assert hashlib.sha256(Path(row["output"]).read_bytes()).hexdigest() == row["output_sha256"]
    assert {r["input"] for r in told if r["verdict"] == "failed"} == {
        str(p) for p in photos.rglob("*") if p.is_file() and p.read_bytes().endswith(b"broken")
    }

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

import numpy as np
import pytest
from PIL import Image

from tests.fakes import composite, disc

COUNT, BROKEN, KILLS = 30, (5, 17), 6

CHILD = """
import sys, time
from mattebox.models import matte_session
from tests.fakes import fake_session
matte_session.open_session = lambda *_: fake_session()
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
            Image.fromarray(composite(disc((130 + 2 * n, 160), 2), (220, 60, 20), (20, 60, 220)).rgb).save(path)
    return folder


def start(photos: Path, out: Path) -> subprocess.Popen[bytes]:
    root = Path(__file__).resolve().parents[2]
    words = ["cut", str(photos), "-o", f"{out}/", "--recursive", "--report", str(out.with_suffix(".jsonl")), "--resume"]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *words, "--jobs", "2"],
        stderr=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(root)},
    )  # fmt: skip


def interrupt(process: subprocess.Popen[bytes], out: Path, delay: float) -> bool:
    """Kill it `delay` seconds after its first new file, however fast the machine; False when it was done before."""
    before = len(files(out))
    while process.poll() is None and len(files(out)) == before:
        time.sleep(0.002)
    time.sleep(delay)
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return alive


def files(folder: Path) -> dict[str, Path]:
    return {str(p.relative_to(folder)): p for p in sorted(folder.rglob("*")) if p.is_file()}


def difference(one: Path, other: Path) -> str:
    """How two pictures differ, in words; nothing when they do not."""
    if one.read_bytes() == other.read_bytes():
        return ""
    first, second = (np.asarray(Image.open(p)).astype(int) for p in (one, other))
    if first.shape != second.shape:
        return f"{first.shape} and {second.shape}"
    away = np.abs(first - second).max(2)
    return f"{(away > 0).sum()} pixels, by up to {away.max()}" if away.any() else ""


def test_killed_again_and_again(photos: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    undisturbed = start(photos, whole)
    assert undisturbed.wait(50) == 3
    rng, out = random.Random(7), tmp_path / "out"
    assert sum(interrupt(start(photos, out), out, rng.uniform(0, 0.03)) for _ in range(KILLS)) >= 2
    assert start(photos, out).wait(50) == 3
    made = files(out)
    assert made.keys() == files(whole).keys()
    assert len(made) == COUNT - len(BROKEN)
    assert {n: d for n, p in made.items() if (d := difference(p, whole / n))} == {}
    told = [json.loads(line) for line in out.with_suffix(".jsonl").read_text().splitlines() if line.endswith("}")]
    good = {r["input"]: r for r in told if r["verdict"] != "failed"}
    assert len(good) == COUNT - len(BROKEN)
    for row in good.values():
        assert hashlib.sha256(Path(row["output"]).read_bytes()).hexdigest() == row["output_sha256"]
    assert {r["input"] for r in told if r["verdict"] == "failed"} == {
        str(p) for p in photos.rglob("*") if p.is_file() and p.read_bytes().endswith(b"broken")
    }

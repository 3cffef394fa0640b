"""Tile checkpoints: complete tiles survive a kill, incomplete ones are computed again, and the file goes at the end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from mattebox.batch.tile_checkpoint import CHECKPOINT_SUFFIX, TileCheckpoint
from mattebox.types import Pixels

ENOUGH_BYTES = 200_000  # of tiles on disk, when the process is killed


def tile(value: int, kind: type = np.uint8) -> Pixels:
    return np.full((4, 6, 3), value, kind)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_saved_tiles_are_restored(tmp_path: Path, kind: type) -> None:
    checkpoint = TileCheckpoint(tmp_path / "a.png", "k" * 64, resume=False)
    first, second = (checkpoint.next_tile_sink(np.zeros((8, 12, 3), kind)) for _ in range(2))
    first.on_tile((0, 0), tile(200, kind))
    second.on_tile((4, 6), tile(7, kind))
    checkpoint.close()
    again = TileCheckpoint(tmp_path / "a.png", "k" * 64, resume=True)
    one, two = (again.next_tile_sink(np.zeros((8, 12, 3), kind)) for _ in range(2))
    assert (one.completed, two.completed) == ({(0, 0)}, {(4, 6)})
    assert (one.pixels[:4, :6] == 200).all()
    assert (two.pixels[4:, 6:] == 7).all()
    again.clear()
    assert not list(tmp_path.iterdir())


def test_a_torn_or_changed_record_ends_it(tmp_path: Path) -> None:
    checkpoint = TileCheckpoint(tmp_path / "a.png", "k" * 64, resume=False)
    sink = checkpoint.next_tile_sink(np.zeros((8, 12, 3), np.uint8))
    for place in ((0, 0), (0, 6), (4, 0)):
        sink.on_tile(place, tile(9))
    checkpoint.close()
    content = bytearray(checkpoint.path.read_bytes())
    third = len(content) // 3
    content[third + 40] ^= 1
    checkpoint.path.write_bytes(content[:-5])
    again = TileCheckpoint(tmp_path / "a.png", "k" * 64, resume=True)
    assert again.next_tile_sink(np.zeros((8, 12, 3), np.uint8)).completed == {(0, 0)}
    assert checkpoint.path.stat().st_size == third


def test_tiles_of_another_key_are_deleted(tmp_path: Path) -> None:
    old = TileCheckpoint(tmp_path / "a[1].png", "o" * 64, resume=False)
    old.next_tile_sink(np.zeros((8, 12, 3), np.uint8)).on_tile((0, 0), tile(9))
    old.close()
    other = tmp_path / ".b.png.x.tiles"
    other.write_bytes(b"another's")
    new = TileCheckpoint(tmp_path / "a[1].png", "n" * 64, resume=True)
    assert not new.next_tile_sink(np.zeros((8, 12, 3), np.uint8)).completed
    assert not old.path.exists()
    assert other.exists()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_upscaling_goes_on_with_its_tiles(tmp_path: Path) -> None:
    """Killed when some tiles are on disk; the second run begins with them, and ends in the undisturbed result."""
    photo = tmp_path / "her.png"
    Image.fromarray(skimage.data.astronaut()).save(photo)
    words = [sys.executable, "-m", "mattebox", "upscale", str(photo), "--to", "2x", "--report"]

    def command(name: str) -> list[str]:
        return [*words, str(tmp_path / f"{name}.jsonl"), "-o", str(tmp_path / name) + "/", "--threads", "1"]

    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(command("whole"), check=True, env=environment)
    running = subprocess.Popen([*command("killed"), "--resume"], env=environment)
    place, ends = tmp_path / "killed", time.monotonic() + 60
    while (
        not (kept := list(place.glob(f".*{CHECKPOINT_SUFFIX}")) if place.exists() else [])
        or kept[0].stat().st_size < ENOUGH_BYTES
    ):
        assert running.poll() is None, "it was done before it could be killed"
        assert time.monotonic() < ends
        time.sleep(0.005)
    running.kill()
    running.wait()
    size = kept[0].stat().st_size
    assert size > ENOUGH_BYTES
    assert not (place / "her.png").exists()
    subprocess.run([*command("killed"), "--resume"], check=True, env=environment)
    assert (place / "her.png").read_bytes() == (tmp_path / "whole" / "her.png").read_bytes()
    assert [p.name for p in place.iterdir()] == ["her.png"]

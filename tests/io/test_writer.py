"""The back door: formats by suffix, file objects, and inputs that are never overwritten."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest

from mattebox.errors import OutputError
from mattebox.io.reader import read
from mattebox.io.writer import write
from mattebox.types import Picture

PICTURE = Picture(np.full((6, 8, 3), (200, 150, 100), np.uint8))


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.png", b"\x89PNG"), ("a.JPG", b"\xff\xd8"), ("a.webp", b"RIFF"), ("a.tif", b"II*"), ("a.bmp", b"BM")],
)
def test_the_suffix_says_the_format(tmp_path: Path, name: str, start: bytes) -> None:
    path = write(PICTURE, tmp_path / name)
    assert path == tmp_path / name
    assert path.read_bytes().startswith(start)
    assert np.abs(read(path).rgb.astype(int) - PICTURE.rgb).max() <= 4


def test_a_given_format_wins(tmp_path: Path) -> None:
    write(PICTURE, tmp_path / "picture", format="png")
    assert (tmp_path / "picture").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("name", "remedy"), [("picture", "add one such as .png"), ("picture.xyz", "choose one of")])
def test_an_unknown_suffix(tmp_path: Path, name: str, remedy: str) -> None:
    with pytest.raises(OutputError, match=remedy):
        write(PICTURE, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_file_object() -> None:
    file = io.BytesIO()
    assert write(PICTURE, file, format="webp", quality=100) is None
    assert (read(file.getvalue()).rgb == PICTURE.rgb).all()


def test_an_input_is_safe_under_every_name(tmp_path: Path) -> None:
    source = tmp_path / "photo.png"
    write(PICTURE, source)
    before = source.read_bytes()
    os.link(source, tmp_path / "hard.png")
    (tmp_path / "soft.png").symlink_to(source)
    for name in ("photo.png", "hard.png", "soft.png", "../" + tmp_path.name + "/photo.png"):
        with pytest.raises(OutputError, match="is the input itself"):
            write(PICTURE, tmp_path / name, overwrite=True, inputs=[source])
    assert source.read_bytes() == before


def test_a_full_device() -> None:
    with (
        pytest.raises(OutputError, match="no space left on device"),
        open("/dev/full", "wb", buffering=0) as full,
    ):
        write(PICTURE, full)  # type: ignore[arg-type]


@pytest.mark.parametrize("depth", [8, 16])
def test_sixteen_in_sixteen_out(tmp_path: Path, depth: int) -> None:
    kind = np.uint8 if depth == 8 else np.uint16
    rng = np.random.default_rng(0)
    picture = Picture(rng.integers(0, np.iinfo(kind).max, (9, 7, 3), kind), rng.integers(1, 255, (9, 7), kind))
    for name in ("a.png", "a.tif"):
        back = read(write(picture, tmp_path / name) or "")
        assert back.bit_depth == depth
        assert (back.rgb == picture.rgb).all()
        assert back.alpha is not None
        assert picture.alpha is not None
        assert (back.alpha == picture.alpha).all()

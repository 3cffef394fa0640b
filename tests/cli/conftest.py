"""The command line as a user meets it: in a child process, or in this one with a fake network; in an empty folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

import mattebox.pipeline.run  # noqa: F401  bound to the real network before any test replaces it
from mattebox.cli.main import main
from mattebox.models import matte_session
from mattebox.types import Picture
from tests.fakes import composite, disc, fake_session


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line on standard error; more than one is a failure in itself."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


Run = Callable[..., Ran]


def run_main(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run a command line in this process: its exit code, and all that it says."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out + said.err


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line here, in an empty folder, its network replaced by the fake one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(matte_session, "open_session", lambda *_: fake_session())

    def call(*words: object) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main([str(w) for w in words])
        told = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, told.out, told.err)

    return call


@pytest.fixture
def child(tmp_path: Path) -> Run:
    """Run a command line in a process of its own, with the embedded network."""

    def call(*words: object, stdin: bytes = b"", **options: object) -> Ran:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "mattebox", *map(str, words)],
            input=stdin, capture_output=True, cwd=tmp_path, timeout=50, **options,
        )  # type: ignore[call-overload]  # fmt: skip
        return Ran(done.returncode, done.stdout.decode("latin-1"), done.stderr.decode())

    return call


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A JPEG of a red disc on blue: what the fake network takes for a subject."""
    return save(composite(disc((120, 160), 2), (220, 60, 20), (20, 60, 220)), tmp_path / "photo.jpg")


def save(picture: Picture, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture.rgb).save(path)
    return path

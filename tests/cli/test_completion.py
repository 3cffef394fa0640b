"""Shell completion, by real bash, zsh and fish where there are such, and by click's protocol."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mattebox.cli.main import main
from tests.cli.conftest import Run

END = "<end>"  # typed after the completion
MAX_WAIT_SECONDS = 40.0
VALUES = [
    (("cut", "--preset", "ama"), ["amazon"]),
    (("cut", "--model", "bal"), ["balanced"]),
    (("enhance", "--restore-model", "sta"), ["standard"]),
    (("check", "--for", "eb"), ["ebay"]),
    (("recipes", "stick"), ["sticker"]),
    (("models", "pull", "gfp"), ["gfpgan"]),
    (("help", "upsc"), ["upscale"]),
    (("photo.jpg", "--metad"), ["--metadata"]),
    (("cut", "photo.jpg", "--shadow", "ca"), ["cast"]),
    (("enh",), ["enhance"]),
]
FILES = [("phot",), ("cut", "phot"), ("cut", "-o", "phot"), ("enhance", "phot"), ("run", "phot"), ("find", "phot"),
         ("check", "phot"), ("cut", "--recipe", "phot"), ("cut", "--background", "phot"), ("cut", "--model", "phot"),
         ("cut", "--trimap", "phot")]  # fmt: skip


CompleteWords = Callable[[str, tuple[str, ...]], list[tuple[str, str]]]


@pytest.fixture
def complete_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CompleteWords:
    """(kind, value) of each completion of the last word, as the shell's script is told."""

    def complete(shell: str, words: tuple[str, ...]) -> list[tuple[str, str]]:
        monkeypatch.setenv("_MATTEBOX_COMPLETE", f"{shell}_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(["mattebox", *words]))
        monkeypatch.setenv("COMP_CWORD", words[-1] if shell == "fish" else str(len(words)))
        monkeypatch.setattr(sys, "argv", ["mattebox"])
        with pytest.raises(SystemExit):
            main()
        done = capsys.readouterr()
        assert done.err == ""
        lines = done.out.splitlines()
        if shell == "zsh":
            return list(zip(lines[::3], lines[1::3], strict=True))
        return [tuple(line.split("\t")[0].split(",", 1)) for line in lines if "," in line]  # type: ignore[misc]

    return complete


@pytest.mark.parametrize(("words", "values"), VALUES)
def test_names_are_completed(complete_words: CompleteWords, words: tuple[str, ...], values: list[str]) -> None:
    assert complete_words("bash", words) == [("plain", value) for value in values]


@pytest.mark.parametrize("words", FILES)
def test_files_are_left_to_the_shell(complete_words: CompleteWords, words: tuple[str, ...]) -> None:
    assert complete_words("bash", words) == [("file", "phot")]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_the_same(complete_words: CompleteWords, shell: str) -> None:
    assert [value for _, value in complete_words(shell, ("cut", "--preset", "ama"))] == ["amazon"]
    assert [kind for kind, _ in complete_words(shell, ("cut", "phot"))] == ["file"]


TYPED = [
    ("cut phot", "cut photograph\\ one.jpg"),
    ("phot", "photograph\\ one.jpg"),
    ("cut --preset ama", "cut --preset amazon"),
    ("cut --preset=ama", "cut --preset=amazon"),
    ("cut --shadow=ca", "cut --shadow=cast"),
    ("check --for goo", "check --for google"),
    ("cut sub", "cut subfolder/"),
    ("cut --recipe=sub", "cut --recipe=subfolder/"),
]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The folder of the program `mattebox`, in a folder with a photograph and a subfolder."""
    (tmp_path / "photograph one.jpg").touch()
    (tmp_path / "subfolder").mkdir()
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "mattebox"
    code = "from mattebox.cli.main import main; main()"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{code}" "$@"\n')
    program.chmod(0o755)
    return folder


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(("typed", "expected"), TYPED)
def test_a_real_bash_completes(run: Run, tmp_path: Path, programs: Path, typed: str, expected: str) -> None:
    (tmp_path / "completion.sh").write_text(run("completion", "bash").out)
    assert type_into_bash(tmp_path, f"mattebox {typed}", programs) == f"mattebox {expected}"


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
@pytest.mark.parametrize(("typed", "expected"), TYPED)
def test_a_real_zsh_completes(run: Run, tmp_path: Path, programs: Path, typed: str, expected: str) -> None:
    (tmp_path / "completion.sh").write_text(run("completion", "zsh").out)
    assert type_into_zsh(tmp_path, f"mattebox {typed}", programs) == f"mattebox {expected}"


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
@pytest.mark.parametrize(
    ("typed", "expected"), [*TYPED, ("cut --background=phot", "cut --background=photograph one.jpg")]
)
def test_a_real_fish_completes(run: Run, tmp_path: Path, programs: Path, typed: str, expected: str) -> None:
    (tmp_path / "completion.fish").write_text(run("completion", "fish").out)
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source completion.fish; complete -C 'mattebox {typed}'"],
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        cwd=tmp_path, capture_output=True, text=True, timeout=50,
    )  # fmt: skip
    words = [line.split("\t")[0] for line in done.stdout.splitlines()]
    expected = expected.replace("\\", "")
    assert words == [expected[len(expected) - len(words[0]) :]]
    assert expected.startswith(typed[: typed.rfind(" ") + 1])


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish_shows_all_of_a_description(run: Run, tmp_path: Path, programs: Path) -> None:
    (tmp_path / "completion.fish").write_text(run("completion", "fish").out)
    done = subprocess.run(
        ["fish", "--no-config", "-c", "source completion.fish; complete -C 'mattebox enhance'"],
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        cwd=tmp_path, capture_output=True, text=True, timeout=50,
    )  # fmt: skip
    assert "noise, light" in done.stdout


def type_into_bash(folder: Path, typed: str, programs: Path) -> str:
    """What stands on the command line after Tab."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        variables = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PS1": "$ ", "TERM": "dumb"}
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], variables)
    try:
        os.write(terminal, b"bind 'set enable-bracketed-paste off'; . ./completion.sh; echo re''ady\n")
        read_until(terminal, "ready\r\n$ ")  # the prompt, after which the terminal no longer echoes
        os.write(terminal, typed.encode() + b"\t" + END.encode())
        return read_until(terminal, END).split("$ ")[-1].removesuffix(END).rstrip(" ")
    finally:
        os.close(terminal)
        os.waitpid(process, 0)


def type_into_zsh(folder: Path, typed: str, programs: Path) -> str:
    """What stands on the command line after Tab: a key bound for the test prints it."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        variables = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PS1": "$ ", "TERM": "dumb"}
        os.execvpe("zsh", ["zsh", "-f", "-i"], variables)
    show = 'show() { print -r -- "<li""ne>$BUFFER<e""nd>" }; zle -N show; bindkey \'^X\' show'
    start = f"autoload -Uz compinit && compinit -u -D && . ./completion.sh; {show}; echo re''ady\n"
    try:
        os.write(terminal, start.encode())
        read_until(terminal, "ready\r\n")
        os.write(terminal, typed.encode() + b"\t\x18")
        return read_until(terminal, END).split("<line>")[1].partition(END)[0].rstrip(" ")
    finally:
        os.close(terminal)
        os.waitpid(process, 0)


def read_until(terminal: int, end: str) -> str:
    text, limit = "", time.monotonic() + MAX_WAIT_SECONDS
    while end not in text:
        assert time.monotonic() < limit, text
        if select.select([terminal], [], [], 1.0)[0]:
            text += os.read(terminal, 4096).decode()
    return text

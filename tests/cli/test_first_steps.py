"""What a new user types first: the program alone, a photograph alone, another tool's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattebox._version import __version__
from mattebox.cli.command_group import COMMAND_SYNONYMS, COMMANDS, insert_default_command, plugin_names
from tests.cli.conftest import Run

COMPLETE_HELP_MIN_LINES, HELP_MAX_LINES = 200, 62


@pytest.mark.parametrize("words", [(), ("keys",)])
def test_a_group_alone_prints_its_help(run: Run, words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == run(*words, "--help").out
    assert ran.out.startswith("Usage: mattebox")
    assert len(ran.out.splitlines()) > 15


@pytest.mark.parametrize(
    "words", [("photo.jpg",), ("-o", "photo-cut.png", "photo.jpg"), ("*.jpg",), ("--debug", "photo.jpg")]
)
def test_a_photograph_alone_is_cut(run: Run, photo: Path, words: tuple[str, ...]) -> None:
    assert run("cut", photo, "-o", "expected.png").code == 0
    ran = run(*words)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert Path("photo-cut.png").read_bytes() == Path("expected.png").read_bytes()


def test_a_missing_photograph_alone_is_named(run: Run) -> None:
    ran = run("missing.jpg")
    assert ran.code == 3
    assert "missing.jpg: no such file" in ran.error


def test_a_command_comes_before_a_file_of_its_name(run: Run, photo: Path) -> None:
    photo.rename("check")
    assert "--for" in run("check").error
    assert insert_default_command(["./check"], set(), ["check"]) == ["cut", "./check"]


@pytest.mark.parametrize(
    ("words", "suggestion"),
    [
        (("cutt",), "mattebox cut"),
        (("Enhance",), "mattebox enhance"),
        (("upsacle", "photo.jpg"), "mattebox upscale"),
        (("rembg", "i", "in.png"), "mattebox cut"),
        (("presets",), "mattebox recipes"),
        (("models", "pul"), "mattebox models pull"),
        (("keys", "creat"), "mattebox keys create"),
        (("help", "servr"), "mattebox serve"),
        (("remove-background", "photo.jpg"), "mattebox cut"),
        (("watch", "photos"), "mattebox cut --watch"),
        (("find-subjects",), "mattebox find"),
        (("superres",), "mattebox upscale"),
        (("evaluate",), "mattebox eval"),
        (("clear",), "mattebox cache --clear"),
    ],
)
def test_a_near_miss_gets_a_suggestion(run: Run, words: tuple[str, ...], suggestion: str) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert f"did you mean `{suggestion}`? See `mattebox" in ran.error


def test_nothing_similar_gets_the_help(run: Run) -> None:
    ran = run("xyzzy")
    assert ran.code == 2
    assert ran.error == "mattebox: there is no command 'xyzzy'; see `mattebox --help`"


def test_synonyms_lead_to_commands() -> None:
    assert not set(COMMAND_SYNONYMS) & set(COMMANDS)
    assert {target.split()[0] for target in COMMAND_SYNONYMS.values()} <= {*COMMANDS, *plugin_names(), "--version"}


def test_version_and_its_short_flag(run: Run) -> None:
    assert run("-V").out == run("--version").out == f"mattebox, version {__version__}\n"


@pytest.mark.parametrize("words", [("cut",), ("models", "pull"), ("train",), ()])
def test_help_is_also_a_command(run: Run, words: tuple[str, ...]) -> None:
    assert run("help", *words).out == run(*words, "--help").out
    assert run("help", *words).code == 0


@pytest.mark.parametrize("name", ["cut", "enhance", "upscale", "run"])
def test_help_shows_the_common_options_and_help_all_the_rest(run: Run, name: str) -> None:
    short, complete = run(name, "--help").out, run(name, "--help-all").out
    assert len(short.splitlines()) <= HELP_MAX_LINES
    assert "  -o, --output" in short
    assert "--review-under" not in short
    assert f"more options: `mattebox {name} --help-all`" in short
    assert "  --review-under" in complete
    assert run("help", "--all", name).out == complete
    assert {w for w in short.split() if w.startswith("--")} <= {*complete.split(), "--help-all`"}


def test_exit_codes_are_in_the_complete_help(run: Run) -> None:
    assert "Exit codes:" not in run("--help").out
    assert "Exit codes:" in run("--help-all").out


@pytest.mark.parametrize(
    "words",
    [
        ("cut", "photo.jpg", "out.png"),
        ("photo.jpg", "out.png"),
        ("enhance", "photo.jpg", "better.jpg"),
        ("cut", "photo.jpg", "out/"),
    ],
)
def test_an_output_without_o_is_answered(run: Run, photo: Path, words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert f"use -o: photo.jpg -o {words[-1]}" in ran.error
    assert [path.name for path in Path().iterdir()] == ["photo.jpg"]


def test_a_missing_last_of_many_is_only_missing(run: Run, photo: Path) -> None:
    Path("second.jpg").write_bytes(photo.read_bytes())
    ran = run("cut", "photo.jpg", "second.jpg", "none.jpg")
    assert ran.code == 3
    assert Path("second-cut.png").exists()

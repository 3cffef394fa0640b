"""What README and docs/ show is true: Python snippets run, and command lines are understood."""

from __future__ import annotations

import contextlib
import re
import shlex
from pathlib import Path

import click
import pytest
from PIL import Image

from mattebox.cli.command_group import PLUGIN_SECTION, plugin_names
from mattebox.cli.main import cli
from mattebox.language.plan import plan_request
from tests.serving import start_server

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SERVER_ADDRESS = "http://127.0.0.1:7100"
PICTURE_NAMES = ("photo.jpg", "group.jpg", "mug.jpg")


def snippets(page: Path, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(page.read_text()) if kind == language]


def shell_command_lines(page: Path) -> list[list[str]]:
    """The words of each call of mattebox in a page's shell snippets, without the program's name."""
    lines = [line for body in snippets(page, "sh") for line in body.replace("\\\n", " ").splitlines()]
    calls = []
    for line in lines:
        for part in re.split(r"&&|\|\|?|;", re.sub(r"(^|\s)#.*", "", line)):
            words = shlex.split(re.sub(r"[<>]\s*\S+", "", part))
            if words[:1] == ["mattebox"]:
                calls.append(words[1:])
    return calls


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with photographs of an astronaut, under the names that the pages use."""
    from skimage import data

    for name in PICTURE_NAMES:
        Image.fromarray(data.astronaut()).save(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_snippets_of_the_readme_run(pictures: Path) -> None:
    bodies = snippets(ROOT / "README.md", "python")
    assert len(bodies) >= 2
    names: dict[str, object] = {}
    for body in bodies:
        for picture in pictures.glob("*.png"):
            picture.unlink()
        exec(compile(body, "README.md", "exec"), names)
        for target in re.findall(r"""(?:save|write)\(.*?["']([\w-]+\.png)["']""", body):
            with Image.open(target) as made:
                assert made.mode == "RGBA"
    with Image.open("mug.jpg") as photograph:
        assert photograph.size == (512, 512)


def test_requests_of_the_words_page_are_understood_and_its_snippet_runs(pictures: Path) -> None:
    page = ROOT / "docs/words.md"
    said = [words for words in shell_command_lines(page) if words[0] == "say"]
    requests = [words[1] for words in said if "--words-model" not in words]
    assert len(requests) > 5
    for request in requests:
        assert plan_request(request).recipe
    for body in snippets(page, "python"):
        exec(compile(body, "words.md", "exec"), {})
    with Image.open("mug-white.jpg") as made:
        assert made.size == (800, 800)


def test_snippets_of_the_server_page_run(pictures: Path, tmp_path: Path) -> None:
    pytest.importorskip("dbos")
    (tmp_path / "data").mkdir()
    bodies = snippets(ROOT / "docs/server.md", "python")
    assert len(bodies) == 1
    with start_server(tmp_path / "data") as url:
        for body in bodies:
            assert SERVER_ADDRESS in body
            exec(compile(body.replace(SERVER_ADDRESS, url), "server.md", "exec"), {})
    for name in ("white.jpg", "cut.png"):
        with Image.open(name) as made:
            assert min(made.size) > 100


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_command_lines_are_understood(page: Path) -> None:
    for words in shell_command_lines(page):
        with contextlib.suppress(click.exceptions.Exit):  # --help and the like
            parse_command_line(words)


def parse_command_line(words: list[str]) -> None:
    """Parse a command line without running it. click.UsageError, with the command line, where it is not understood."""
    with cli.make_context("mattebox", list(words)) as top:
        name, command, rest = cli.resolve_command(top, [*top._protected_args, *top.args])
        while isinstance(command, click.Group) and rest:
            name, command, rest = command.resolve_command(top, rest)
        if command is None or words[0] in plugin_names():
            return  # argparse parses theirs: tests/training runs them
        with command.make_context(name, [word for word in rest if word != "..."], parent=top):
            pass


def test_pages_have_command_lines() -> None:
    assert sum(len(shell_command_lines(page)) for page in PAGES) > 30
    assert PLUGIN_SECTION in cli.get_help(click.Context(cli, info_name="mattebox"))


def test_extras_are_quoted_for_zsh() -> None:
    for page in PAGES:
        assert not re.search(r"pip install [^'\"\s`]*\[", page.read_text()), page.name

"""Help that cannot lie: exit codes, flags and the page in docs/ follow the code."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import click
import pytest

from mattebox import errors
from mattebox._version import __version__
from mattebox.cli import reference_page
from mattebox.cli.cut import command as cut
from mattebox.cli.main import EPILOG, EXIT_INTERNAL_ERROR, EXIT_INTERRUPTED
from mattebox.recipe.flat_parameters import parameters_by_name
from tests.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[2]


def codes(kind: type[errors.MatteboxError]) -> set[int]:
    return {kind.exit_code}.union(*(codes(k) for k in kind.__subclasses__()))


def test_every_exit_code_is_documented() -> None:
    importlib.import_module("mattebox.language.errors")  # errors outside of `errors`
    listed = {int(line.split()[0]) for line in EPILOG.splitlines() if line.strip()[:1].isdigit()}
    assert listed == codes(errors.MatteboxError) | {0, EXIT_INTERNAL_ERROR, EXIT_INTERRUPTED}


def test_every_field_of_every_step_has_a_flag() -> None:
    given = {p.name: p for p in cut.params if isinstance(p, click.Option)}
    for name in parameters_by_name():
        assert given[name].help


def test_the_page_in_docs_is_the_help() -> None:
    assert (ROOT / "docs/cli.md").read_text() == reference_page.render_page(), (
        "run: python -m mattebox.cli.reference_page docs/cli.md"
    )


def test_version_and_help(run: Run) -> None:
    assert run("--version").out.strip() == f"mattebox, version {__version__}"
    assert "mattebox cut photo.jpg" in run("--help").out
    assert "--matte-only" in run("cut", "--help").out


def test_an_unknown_command_gets_a_hint(run: Run) -> None:
    ran = run("cutt")
    assert ran.code == 2
    assert "mattebox --help" in ran.error


def test_models(run: Run) -> None:
    table = run("models").out
    for word in ("fast", "balanced", "best", "Apache-2.0", "yes"):
        assert word in table
    rows = [json.loads(line) for line in run("models", "--json").out.splitlines()]
    assert {r["preset"] for r in rows} >= {"fast", "balanced", "best"}


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion(run: Run, shell: str) -> None:
    assert "_MATTEBOX_COMPLETE" in run("completion", shell).out

"""`mattebox doctor`: findings in words and in JSON, and the exit code that scripts need."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mattebox.models import diagnostics
from tests.cli.conftest import Run
from tests.models.weight_server import use_home_folder


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return use_home_folder(monkeypatch, tmp_path / "home")


def test_nothing_is_wrong(run: Run) -> None:
    ran = run("doctor")
    assert ran.code == 0
    assert "good  devices: cpu starts" in ran.out


def test_what_is_wrong_comes_with_its_fix(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnostics, "free_memory_bytes", lambda: 1_000_000)
    ran = run("doctor")
    assert ran.code == 1
    assert "bad   memory: 1 MB of memory are free" in ran.out
    assert "      fix: close other programs" in ran.out


def test_json(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEBOX_COMMERCIAL", "perhaps")
    ran = run("doctor", "--json")
    assert ran.code == 1
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [r["check"] for r in rows if r["level"] == "bad"] == ["environment"]
    assert all({"check", "level", "says", "mend"} == set(r) for r in rows)

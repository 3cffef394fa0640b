"""What the environment says of models, on every platform."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mattebox.errors import UsageError
from mattebox.models.store import settings


def test_the_home_that_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MATTEBOX_HOME", str(tmp_path))
    assert settings.home_folder() == tmp_path
    monkeypatch.setenv("MATTEBOX_HOME", "~/models")
    assert settings.home_folder() == Path.home() / "models"


def test_the_home_of_each_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("MATTEBOX_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for platform, folder in (
        ("linux", ".local/share"), ("darwin", "Library/Application Support"), ("win32", "AppData/Local"),
    ):  # fmt: skip
        monkeypatch.setattr(sys, "platform", platform)
        assert settings.home_folder() == tmp_path / folder / "mattebox"
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert settings.home_folder() == tmp_path / "data/mattebox"


@pytest.mark.parametrize(("value", "meant"), [("1", True), ("yes", True), ("TRUE", True), ("0", False), ("", False)])
def test_switches(monkeypatch: pytest.MonkeyPatch, value: str, meant: bool) -> None:
    monkeypatch.setenv("MATTEBOX_OFFLINE", value)
    assert settings.is_offline() is meant


def test_a_misspelt_prohibition_is_no_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEBOX_COMMERCIAL", "ture")
    with pytest.raises(UsageError, match="MATTEBOX_COMMERCIAL=ture; set it to 1 or 0"):
        settings.is_commercial_only()

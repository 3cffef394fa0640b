"""Each usual mistake of an installation is found, and named with its remedy."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import onnxruntime
import pytest

from mattebox.errors import ModelError
from mattebox.models import diagnostics
from mattebox.models.cards import registry
from mattebox.models.diagnostics import Diagnostic
from mattebox.models.store import weight_files
from tests.models.weight_server import use_home_folder


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return use_home_folder(monkeypatch, tmp_path / "home")


def installed(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    found = [SimpleNamespace(metadata={"Name": name}) for name in names]
    monkeypatch.setattr(importlib.metadata, "distributions", lambda: found)


def test_a_sound_installation() -> None:
    findings = list(diagnostics.run_checks())
    assert [f for f in findings if f.level == "bad"] == []
    assert {f.check for f in findings} >= {"packages", "libraries", "devices", "memory", "home", "weights"}


def test_two_builds_of_the_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "numpy", "onnxruntime", "onnxruntime-gpu")
    (found,) = diagnostics.check_packages()
    assert found.level == "bad"
    assert found.mend == "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu"


def test_no_runtime_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "numpy", "onnxruntime-extensions")
    assert list(diagnostics.check_packages()) == [
        Diagnostic("packages", "bad", "onnxruntime is not installed", "pip install onnxruntime")
    ]


def test_required_packages_come_from_the_metadata() -> None:
    assert {"numpy", "pillow", "onnxruntime", "msgspec", "click"} <= set(diagnostics.required_packages())
    assert "pillow-heif" not in diagnostics.required_packages()


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        (
            ImportError("libGL.so.1: cannot open shared object file: No such file or directory"),
            "install the system's package that holds libGL.so.1",
        ),
        (ModuleNotFoundError("No module named 'isal'"), "pip install --force-reinstall isal"),
        (AttributeError("numpy was built for another ABI"), "pip install --force-reinstall isal"),
    ],
)
def test_packages_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch, error: Exception, mend: str) -> None:
    def load(name: str) -> ModuleType:
        if name == "isal":
            raise error
        return sys

    monkeypatch.setattr(diagnostics, "import_module", load)
    bad, good = diagnostics.check_libraries()
    assert (bad.level, good.level) == ("bad", "good")
    assert bad.mend.startswith(mend)
    assert "isal" not in good.says


def test_a_device_that_is_listed_and_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    there = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: there)
    with pytest.warns(UserWarning, match="not in available provider"):
        findings = {f.says.split()[0]: f for f in diagnostics.check_devices()}
    assert findings["cuda"].level == "bad"
    assert "onnxruntime-gpu" in findings["cuda"].mend
    assert findings["cpu"].level == "good"


def test_a_card_that_the_runtime_cannot_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr(diagnostics, "has_nvidia_driver", lambda: True)
    starts, taken, note = diagnostics.check_devices()
    assert (starts.level, taken.says, note.level) == ("good", "--device auto takes cpu", "note")


@pytest.mark.parametrize(("free", "level"), [(None, "note"), (100_000_000, "bad"), (8_000_000_000, "good")])
def test_memory(monkeypatch: pytest.MonkeyPatch, free: int | None, level: str) -> None:
    monkeypatch.setattr(diagnostics, "free_memory_bytes", lambda: free)
    assert [f.level for f in diagnostics.check_memory()] == [level]


def test_a_home_folder_that_is_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MATTEBOX_HOME", str(tmp_path / "file/home"))
    (found,) = diagnostics.check_home()
    assert found.level == "bad"
    assert found.mend == "set MATTEBOX_HOME to a folder you may write to"


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnostics.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    assert [f.level for f in diagnostics.check_home()] == ["note"]


def test_bad_weights_and_unfinished_pulls(home: Path) -> None:
    path = weight_files.weights_path(registry.find_card("u2netp"))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"other")
    weight_files.partial_path(path.with_name("silueta.onnx")).write_bytes(b"half")
    findings = {f.level: f for f in diagnostics.check_weights()}
    assert "mattebox models pull u2netp" in findings["bad"].mend
    assert findings["note"].mend == "mattebox models pull silueta"
    assert findings["good"].says == f"{len(list(registry.WEIGHTS_FOLDER.glob('*.json')))} models verified"


def test_an_environment_that_cannot_be_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTEBOX_OFFLINE", "maybe")
    bad = [f for f in diagnostics.run_checks() if f.level == "bad"]
    assert bad == [Diagnostic("environment", "bad", "MATTEBOX_OFFLINE=maybe", "set it to 1 or 0")]
    monkeypatch.setenv("MATTEBOX_OFFLINE", "1")
    monkeypatch.delenv("MATTEBOX_CACHE")
    assert [f.says for f in diagnostics.check_environment()] == ["in force: MATTEBOX_OFFLINE=1"]


@pytest.mark.parametrize("error", [ModelError("broken card", "fix it"), ModuleNotFoundError("No module named 'x'")])
def test_a_check_that_breaks_is_a_finding(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def weights() -> None:
        raise error

    checks: tuple[Callable[[], object], ...] = (weights,)
    monkeypatch.setattr(diagnostics, "CHECKS", checks)
    (found,) = diagnostics.run_checks()
    assert (found.check, found.level) == ("weights", "bad")

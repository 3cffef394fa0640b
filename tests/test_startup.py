"""Start-up stays light: which modules are loaded, not how long it takes (benchmarks/ measures that)."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys

import pytest

IMPORT = "import mattebox"
HELP = """
import runpy, sys
sys.argv = ["mattebox", "--help"]
try:
    runpy.run_module("mattebox", run_name="__main__", alter_sys=True)
except SystemExit as end:
    assert not end.code, end.code
"""
REPORT = "\nimport json, sys; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
DECODERS = ["PIL", "isal", "pillow_heif", "simplejpeg", "tifffile"]


def loaded(code: str) -> set[str]:
    """The modules a fresh Python holds after `code`."""
    done = subprocess.run([sys.executable, "-c", code + REPORT], capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.fixture(scope="module")
def after_import() -> set[str]:
    return loaded(IMPORT)


@pytest.fixture(scope="module")
def after_help() -> set[str]:
    return loaded(HELP)


@pytest.mark.parametrize("module", ["numpy", "onnxruntime", "msgspec", "click", *DECODERS])
def test_import_leaves_alone(after_import: set[str], module: str) -> None:
    assert "mattebox" in after_import
    assert module not in after_import


@pytest.mark.parametrize("module", ["onnxruntime", "ctypes", "concurrent.futures", *DECODERS])
def test_help_leaves_alone(after_help: set[str], module: str) -> None:
    assert "mattebox.cli" in after_help
    assert module not in after_help


def test_a_client_loads_no_pipeline() -> None:
    after_client = loaded("from mattebox import Client")
    assert "mattebox.client.client" in after_client
    assert not after_client & {"numpy", "mattebox.api", "mattebox.pipeline.run"}


def test_the_probe_sees_what_is_loaded() -> None:
    assert "PIL.Image" in loaded("import PIL.Image")


def test_one_version_everywhere() -> None:
    import mattebox

    assert mattebox.__version__ == importlib.metadata.version("mattebox")

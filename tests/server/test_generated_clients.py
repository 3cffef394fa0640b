"""Clients that public generators make of the OpenAPI document: a cutout, a job and its result, remove.bg's API.

Needs the generators in `.clients`, as .ci/run installs them:

    python -m venv .clients/python && .clients/python/bin/pip install openapi-python-client==0.29.1
    cp tests/server/generated_clients/package*.json .clients/ && npm ci --prefix .clients
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.conftest import decode_image

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "generated_clients"
PYTHON, NODE_TOOLS = ROOT / ".clients/python/bin/python", ROOT / ".clients/node_modules/.bin"
PYTHON_GENERATOR = PYTHON.with_name("openapi-python-client")
TSC = ("--strict", "--skipLibCheck", "--target", "es2022", "--module", "commonjs", "--moduleResolution", "node10")
COMMAND_SECONDS = 300

pytestmark = pytest.mark.timeout(600)


@pytest.mark.skipif(not PYTHON_GENERATOR.exists(), reason="needs openapi-python-client in .clients")
def test_a_python_client(address: str, files: dict[str, Path], tmp_path: Path) -> None:
    document = f"{address}openapi.json"
    run(
        str(PYTHON_GENERATOR), "generate", "--url", document, "--output-path", "made", "--fail-on-warning", cwd=tmp_path
    )
    shutil.copy(HERE / "use_python_client.py", tmp_path / "made")
    check_pictures(
        lambda folder: run(
            str(PYTHON),
            "use_python_client.py",
            address.rstrip("/"),
            str(files["astronaut"]),
            str(folder),
            cwd=tmp_path / "made",
        ),
        tmp_path,
    )


@pytest.mark.skipif(not (NODE_TOOLS / "openapi-ts").exists(), reason="needs @hey-api/openapi-ts in .clients")
def test_a_typescript_client(address: str, files: dict[str, Path], tmp_path: Path) -> None:
    run(str(NODE_TOOLS / "openapi-ts"), "-i", f"{address}openapi.json", "-o", "client", cwd=tmp_path)
    shutil.copy(HERE / "use_typescript_client.ts", tmp_path)
    types = str(NODE_TOOLS.parent / "@types")
    run(str(NODE_TOOLS / "tsc"), *TSC, "--typeRoots", types, "use_typescript_client.ts", cwd=tmp_path)
    check_pictures(
        lambda folder: run(
            "node", "use_typescript_client.js", address.rstrip("/"), str(files["astronaut"]), str(folder), cwd=tmp_path
        ),
        tmp_path,
    )


def check_pictures(use_client: Callable[[Path], object], tmp_path: Path) -> None:
    """Run a client, and look at what it saved."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    use_client(folder)
    pictures = {path.name: decode_image(path.read_bytes()) for path in folder.iterdir()}
    assert {name: p.mode for name, p in pictures.items()} == dict.fromkeys(
        ("cutout.png", "job.png", "removebg.png"), "RGBA"
    )
    assert pictures["job.png"].size == (512, 512)
    assert pictures["cutout.png"].size != (512, 512)  # cropped


def run(*command: str, cwd: Path) -> str:
    """What a command prints. AssertionError when it fails."""
    path = f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}"  # the Python generator calls its ruff
    environment = os.environ | {"PATH": path, "PYTHONPATH": ""}
    process = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=COMMAND_SECONDS)
    assert process.returncode == 0, process.stdout[-4000:] + process.stderr[-4000:]
    return process.stdout + process.stderr

"""A server whose workers do not start says so in one line, and never that it is listening."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import free_port

SERVE_WITHOUT_PATIENCE = """
from mattebox.cli.main import main
from mattebox.server.workers import worker_pool
worker_pool.START_TIMEOUT_SECONDS = 0.001
main(["serve", "--workers", "1"])
"""


@pytest.mark.parametrize("log", ["none", "json"])
def test_workers_that_take_too_long_are_an_error_of_one_line(tmp_path: Path, log: str) -> None:
    values = {"DATA": str(tmp_path), "LOG": log, "PORT": str(free_port())}
    environment = os.environ | {f"MATTEBOX_SERVER_{name}": value for name, value in values.items()}
    command = [sys.executable, "-c", SERVE_WITHOUT_PATIENCE]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode not in (0, 3)  # 3 is uvicorn's own, after its traceback
    last = ran.stderr.splitlines()[-1]
    assert last == (
        "mattebox: a worker was not ready after 0.001 s; the machine is busy or slow: try again, or a smaller model"
    )
    assert "Traceback" not in ran.stderr
    assert "http://" not in ran.stderr

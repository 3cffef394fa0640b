"""The server keeps its own OpenAPI document: Schemathesis, all checks, on a server as users start it.

A few examples here; `EXAMPLES=200 SEED=3 scripts/test tests/server/test_contract.py` asks for more.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

TOOL = Path(sys.executable).with_name("schemathesis")
HERE = Path(__file__).parent


@pytest.mark.skipif(not TOOL.exists(), reason="needs schemathesis")
@pytest.mark.timeout(600)
def test_whatever_is_sent_the_answer_is_one_that_was_promised(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    words = [sys.executable, "-m", "mattebox", "serve", "--port", address.rpartition(":")[2], "--workers", "1"]
    settings = {"MATTEBOX_OFFLINE": "1", "MATTEBOX_SERVER_DATA": str(tmp_path), "MATTEBOX_SERVER_MODEL": "fast"}
    server = subprocess.Popen(words, stderr=subprocess.DEVNULL, env=os.environ | settings)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/readyz", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        asked = [str(TOOL), "--config-file", str(HERE / "schemathesis.toml"), "run", f"{address}/openapi.json",
                 "--checks", "all", "--max-examples", os.environ.get("EXAMPLES", "8"),
                 "--seed", os.environ.get("SEED", "1"), "--no-color"]  # fmt: skip
        done = subprocess.run(asked, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert "generated" in done.stdout
    finally:
        server.terminate()
        server.wait(30)

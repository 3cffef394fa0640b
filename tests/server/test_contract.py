"""The server conforms to its OpenAPI document: all checks of Schemathesis on a server process.

A few examples here; `EXAMPLES=200 SEED=3 scripts/test tests/server/test_contract.py` asks for more.
"""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.serving import start_server

TOOL = Path(sys.executable).with_name("schemathesis")
HERE = Path(__file__).parent


@pytest.mark.skipif(not TOOL.exists(), reason="needs schemathesis")
@pytest.mark.timeout(600)
def test_responses_match_the_openapi_document(tmp_path: Path) -> None:
    with start_server(tmp_path) as address:
        compile_vocabularies(address)
        command = [str(TOOL), "--config-file", str(HERE / "schemathesis.toml"), "run", f"{address}/openapi.json",
                 "--checks", "all", "--max-examples", os.environ.get("EXAMPLES", "3"),
                 "--seed", os.environ.get("SEED", "1"), "--no-color"]  # fmt: skip
        environment = os.environ | {"SCHEMATHESIS_HOOKS": "contract_checks", "PYTHONPATH": str(HERE)}
        process = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
        assert process.returncode == 0, process.stdout[-6000:] + process.stderr[-2000:]
        assert "generated" in process.stdout


def compile_vocabularies(address: str) -> None:
    """Send first words: their vocabularies are compiled, longer than a response may take on a busy machine."""
    headers = {"Content-Type": "application/json"}
    first = urllib.request.Request(f"{address}/v1/plans", b'{"words": "warmer"}', headers)
    urllib.request.urlopen(first, timeout=120).close()

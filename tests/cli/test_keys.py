"""`mattebox keys`: the key on standard output, once; the file holds its hash."""

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_made_listed_and_revoked(run: Run, tmp_path: Path) -> None:
    made = run("keys", "create", "shop", "--file", "keys", "--quota", "1000", "--scope", "pictures")
    secret = made.out.strip()
    assert (made.code, secret[:4]) == (0, "mbx_")
    assert secret not in (tmp_path / "keys").read_text()
    (listed,) = map(json.loads, run("keys", "list", "--file", "keys", "--json").out.splitlines())
    assert (listed["name"], listed["quota"], listed["scopes"], listed["revoked"]) == ("shop", 1000, ["pictures"], "")
    assert "1000 a month" in run("keys", "list", "--file", "keys").out
    assert run("keys", "revoke", "shop", "--file", "keys").code == 0
    assert "revoked" in run("keys", "list", "--file", "keys").out
    assert run("keys", "revoke", "shop", "--file", "keys").code == 2


def test_mistakes_say_what_to_do(run: Run) -> None:
    assert "mattebox keys create" in run("keys", "list", "--file", "none").error
    assert "pictures, jobs, usage" in run("keys", "create", "x", "--file", "keys", "--scope", "all").error

"""`mattebox keys`: the key on standard output, once; the file holds its hash."""

import json
from pathlib import Path

from mattebox.server.api_keys import read_keys
from mattebox.server.usage import UsageStore
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


def test_usage_and_what_it_costs(run: Run, tmp_path: Path) -> None:
    run("keys", "create", "shop", "--file", "keys")
    (key,) = read_keys(tmp_path / "keys")
    for machine, seconds in (("a", 1800.0), ("b", 900.0)):
        usage = UsageStore(tmp_path / "data" / f"usage-{machine}.sqlite")
        usage.add_picture(key.hash, 2_000_000, seconds, "2026-11")
        usage.add_picture("f" * 64, 1_000_000, 3600.0, "2026-10")
        usage.close()
    words = ("keys", "usage", "--file", "keys", "--data", "data", "--price", "0.04")
    rows = [json.loads(line) for line in run(*words, "--json").out.splitlines()]
    shop, other = rows
    assert shop == {
        "month": "2026-11",
        "key": "shop",
        "pictures": 2,
        "megapixels": 4.0,
        "seconds": 2700.0,
        "cost": 0.03,
    }
    assert (other["key"], other["cost"]) == ("ffffffff (not in keys)", 0.08)
    (line,) = run(*words, "--month", "2026-11").out.splitlines()
    assert "shop" in line
    assert "0.0300" in line
    assert "cost" not in run(*words[:-2], "--json").out


def test_usage_that_is_not_there(run: Run, tmp_path: Path) -> None:
    run("keys", "create", "shop", "--file", "keys")
    words = ("keys", "usage", "--file", "keys", "--data", "data")
    assert "give the folder of data of a server that has keys" in run(*words).error
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "usage-x.sqlite").write_bytes(b"no database at all" * 100)
    assert "usage-x.sqlite: cannot be read" in run(*words).error

"""API keys: creation, scopes, limits, revocation, usage; their secrets are written nowhere."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mattebox.errors import UsageError
from mattebox.server import api_keys, auth
from mattebox.server.api_keys import JOBS_SCOPE, PICTURES_SCOPE, USAGE_SCOPE
from mattebox.server.app import create_app
from mattebox.server.auth import AccessControl
from mattebox.server.settings import Settings
from mattebox.server.usage import MonthlyUsage, UsageStore


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "keys"


@pytest.fixture(scope="module")
def secrets(key_file: Path) -> dict[str, str]:
    scopes = {
        "shop": (PICTURES_SCOPE,),
        "owner": (PICTURES_SCOPE, JOBS_SCOPE, USAGE_SCOPE),
        "clerk": (JOBS_SCOPE,),
        "slow": (PICTURES_SCOPE,),
    }
    rates = {"slow": 1}
    return {
        name: api_keys.create_key(key_file, name, given, rates.get(name, 500), 2 if name == "shop" else 0)[1]
        for name, given in scopes.items()
    }


@pytest.fixture(scope="module")
def keyed_client(key_file: Path, secrets: dict[str, str]) -> Iterator[TestClient]:
    with TestClient(
        create_app(Settings(model="fast", workers=1, keys=str(key_file), data=str(key_file.parent / "data")))
    ) as client:
        yield client


def cut(client: TestClient, image: bytes, secret: str, path: str = "/v1/cutouts") -> tuple[int, str]:
    answer = client.post(path, files={"image": image}, data={"empty": "keep"}, headers={"X-API-Key": secret})
    return answer.status_code, "" if answer.status_code == 200 else answer.json()["code"]


def test_scopes(keyed_client: TestClient, secrets: dict[str, str], mug: bytes) -> None:
    assert cut(keyed_client, mug, secrets["owner"]) == (200, "")
    assert cut(keyed_client, mug, secrets["clerk"]) == (403, "scope_missing")
    assert cut(keyed_client, mug, "mbx_other") == (401, "key_unknown")
    for method, path in (("GET", "/v1/jobs"), ("POST", "/v1/cutouts")):
        headers = {"X-API-Key": secrets["shop"], "Prefer": "respond-async"}
        files = {"image": mug} if method == "POST" else None
        assert keyed_client.request(method, path, headers=headers, files=files).json()["code"] == "scope_missing"
    old = keyed_client.post("/v1.0/removebg", files={"image_file": mug}, headers={"X-API-Key": secrets["clerk"]})
    assert old.status_code == 403


def test_quota_and_usage(keyed_client: TestClient, secrets: dict[str, str], mug: bytes, photo: bytes) -> None:
    shop, owner = ({"X-API-Key": secrets[n]} for n in ("shop", "owner"))
    assert cut(keyed_client, b"hello", secrets["shop"])[0] == 422  # not counted
    assert cut(keyed_client, mug, secrets["shop"]) == (200, "")
    amounts = keyed_client.get("/v1.0/account", headers=shop).json()["data"]["attributes"]["credits"]
    assert (amounts["total"], amounts["payg"]) == (1, 0)
    assert keyed_client.post("/v1.0/removebg", files={"image_file": photo}, headers=shop).status_code == 200
    assert cut(keyed_client, mug, secrets["shop"]) == (429, "quota_used_up")
    old = keyed_client.post("/v1.0/removebg", files={"image_file": photo}, headers=shop)
    assert (old.status_code, old.json()["errors"][0]["code"]) == (402, "insufficient_credits")
    mine = keyed_client.get("/v1/usage", headers=shop).json()
    (month,) = mine["usage"]
    assert (mine["left"], month["name"], month["pictures"]) == (0, "shop", 2)
    assert month["megapixels"] == pytest.approx((320 * 240 + 256 * 256) / 1e6, abs=0.002)
    assert month["seconds"] > 0
    everyone = keyed_client.get("/v1/usage", headers=owner).json()
    assert {"shop", "owner"} <= {each["name"] for each in everyone["usage"]}
    assert keyed_client.get("/v1/usage").status_code == 401


def test_the_rate_of_a_key(keyed_client: TestClient, secrets: dict[str, str], mug: bytes) -> None:
    assert cut(keyed_client, mug, secrets["slow"])[0] == 200
    assert cut(keyed_client, mug, secrets["slow"]) == (429, "too_many_pixels")


def test_a_revoked_key_is_refused(
    keyed_client: TestClient, key_file: Path, mug: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "RELOAD_INTERVAL_SECONDS", 0.0)
    key, secret = api_keys.create_key(key_file, "guest", (PICTURES_SCOPE,), 500, 0)
    assert cut(keyed_client, mug, secret) == (200, "")
    api_keys.revoke_key(key_file, key.id)
    assert cut(keyed_client, mug, secret) == (401, "key_unknown")


def test_a_broken_key_file_keeps_the_known_keys(key_file: Path, secrets: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_bytes(key_file.read_bytes())
    known = AccessControl.from_file(str(file))
    time.sleep(0.01)
    file.write_text("{broken\n")
    known._checked_at = 0.0
    assert known.authenticate(secrets["owner"]) is not None


def test_no_secret_is_written(key_file: Path, secrets: dict[str, str]) -> None:
    written = b"".join(p.read_bytes() for p in key_file.parent.rglob("*") if p.is_file())
    assert all(secret.encode() not in written and secret[4:].encode() not in written for secret in secrets.values())
    assert all(len(secret) > 40 for secret in secrets.values())


@pytest.mark.parametrize("text", ["", "# none\n", "{}\n", '{"id": 1}\n'])
def test_files_without_keys_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    with pytest.raises(UsageError, match="mattebox keys create"):
        AccessControl.from_file(str(file))


def test_invalid_scopes_and_ambiguous_names(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    with pytest.raises(UsageError, match="pictures, jobs, usage"):
        api_keys.create_key(file, "x", ("everything",), 500, 0)
    api_keys.create_key(file, "x", (PICTURES_SCOPE,), 500, 0)
    api_keys.create_key(file, "x", (PICTURES_SCOPE,), 500, 0)
    with pytest.raises(UsageError, match="2 keys"):
        api_keys.revoke_key(file, "x")
    with pytest.raises(UsageError, match="0 keys"):
        api_keys.revoke_key(file, "y")


def test_usage_waits_for_disk_space(tmp_path: Path) -> None:
    usage = UsageStore(tmp_path / "usage.sqlite")
    usage.add_picture("a", 1_000_000, 0.5, "2026-01")
    real = usage._connection

    class Full:
        def execute(self, *_: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

    usage._connection = Full()  # type: ignore[assignment]
    usage.add_picture("a", 1_000_000, 0.5, "2026-01")
    usage._connection = real
    usage.add_picture("a", 1_000_000, 0.5, "2026-02")
    usage.close()
    again = UsageStore(tmp_path / "usage.sqlite")
    assert [(u.month, u.pictures, u.seconds) for u in again.caller_months("a")] == [
        ("2026-02", 1, 0.5),
        ("2026-01", 2, 1.0),
    ]
    again.close()


def test_usage_of_all_machines_is_added_up(tmp_path: Path) -> None:
    one, two = (UsageStore(tmp_path / f"usage-{name}.sqlite") for name in ("one", "two"))
    one.add_picture("me", 2_000_000, 0.5, "2026-10")
    one.add_picture("me", 1_000_000, 0.25, "2026-11")
    two.add_picture("me", 3_000_000, 1.0, "2026-11")
    two.add_picture("you", 1_000_000, 1.0, "2026-11")
    for each in (one, two):
        assert each.caller_month("me", "2026-11") == MonthlyUsage("me", "2026-11", 2, 4.0, 1.25)
        assert [u.month for u in each.caller_months("me")] == ["2026-11", "2026-10"]
        assert len(each.all_months()) == 3
        each.close()
    (tmp_path / "usage-three.sqlite").write_bytes(b"no database")
    assert one.caller_month("you", "2026-11").pictures == 1
    one.close()


def test_the_format_of_the_key_file(key_file: Path, secrets: dict[str, str]) -> None:
    first = json.loads(key_file.read_text().splitlines()[0])
    assert (first["name"], first["scopes"], first["quota"]) == ("shop", ["pictures"], 2)
    assert first["hash"] == api_keys.hash_key(secrets["shop"])


def test_plain_keys_are_required_by_both_apis(tmp_path: Path, mug: bytes) -> None:
    keys = tmp_path / "keys"
    keys.write_text("# mine\nsecret-one\n")
    with TestClient(create_app(Settings(keys=str(keys), data=str(tmp_path), model="fast", workers=1))) as client:
        assert client.post("/v1/cutouts", files={"image": mug}).json()["code"] == "key_unknown"
        wrong = client.post("/v1.0/removebg", files={"image_file": mug}, headers={"X-API-Key": "secret-two"})
        assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (403, "auth_failed")
        right = {"X-API-Key": "secret-one"}
        assert (
            client.post("/v1/cutouts", files={"image": mug}, data={"empty": "keep"}, headers=right).status_code == 200
        )
        assert client.get("/v1.0/account", headers=right).status_code == 200

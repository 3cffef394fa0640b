"""Health, counters, keys, limits, settings and the page's files."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mattebox.errors import UsageError
from mattebox.server.api_keys import DEFAULT_MEGAPIXELS_PER_MINUTE
from mattebox.server.app import create_app
from mattebox.server.auth import AccessControl
from mattebox.server.settings import Settings, load_settings, settings_table

ROOT = Path(__file__).resolve().parents[2]


def test_alive_ready_and_counted(client: TestClient, mug: bytes) -> None:
    assert client.get("/livez").text == "ok"
    assert client.get("/readyz").status_code == 200
    client.post("/v1/cutouts", files={"image": mug})
    text = client.get("/metrics").text
    assert 'mattebox_requests_total{route="/v1/cutouts"' in text
    assert "mattebox_pixels_in_hand 0" in text


def test_not_ready_before_the_start() -> None:
    assert TestClient(create_app(Settings())).get("/readyz").status_code == 503


def test_the_page_brings_its_policy_and_nothing_foreign(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for name in ("app.js", "style.css", "strings.js", "zip.js", "icon.svg"):
        answer = client.get(f"/page/{name}")
        assert answer.status_code == 200
        assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in answer.text
    for path in ("/page/../settings.py", "/page/%2e%2e/settings.py", "/page/app.py", "/docs"):
        assert client.get(path).status_code == 404


def test_the_page_is_sent_once_to_whoever_keeps_it(client: TestClient) -> None:
    first = client.get("/page/app.js")
    tag = first.headers["etag"]
    assert tag != client.get("/page/style.css").headers["etag"]
    for known in (tag, f'"other", W/{tag}'):
        again = client.get("/page/app.js", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "content-security-policy" in again.headers
    assert client.get("/page/app.js", headers={"If-None-Match": '"other"'}).content == first.content


def test_keys_are_asked_for_where_there_are_any(tmp_path: Path, mug: bytes) -> None:
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


def test_a_minute_has_so_many_megapixels() -> None:
    access = AccessControl.from_keys(["secret"])
    assert access.consume_rate_limit("a", 400_000_000, 0.0)[0]
    fine, told = access.consume_rate_limit("a", 101_000_000, 1.0)
    assert not fine
    assert told["X-RateLimit-Remaining"] == str(DEFAULT_MEGAPIXELS_PER_MINUTE - 400)
    assert 0 < int(told["Retry-After"]) <= 60
    assert access.consume_rate_limit("b", 101_000_000, 1.0)[0]
    assert access.consume_rate_limit("a", 101_000_000, 60.5)[0]
    assert all(AccessControl().consume_rate_limit("local", 400_000_000, 0.0)[0] for _ in range(9))


def test_what_is_refused_for_its_size_is_not_counted(client: TestClient) -> None:
    from tests.server.test_removebg_mapping import large

    before = client.post("/v1/cutouts", files={"image": large()})
    assert (before.status_code, before.json()["code"]) == (413, "image_too_large")
    assert "x-ratelimit-remaining" not in before.headers


def test_an_upload_over_the_limit_is_refused_however_it_comes(mug: bytes) -> None:
    with TestClient(create_app(Settings(max_upload=1000, model="fast", workers=1))) as client:
        assert client.post("/v1/cutouts", files={"image": mug}).status_code == 413
        chunks = (mug[i : i + 100] for i in range(0, len(mug), 100))
        answer = client.post("/v1/cutouts", content=chunks, headers={"Content-Type": "image/jpeg"})
        assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")


def test_settings_come_from_the_environment() -> None:
    made = load_settings({"MATTEBOX_SERVER_PORT": "8000", "MATTEBOX_SERVER_PAGE": "false", "OTHER": "x"}, model="best")
    assert (made.port, made.page, made.model) == (8000, False, "best")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"MATTEBOX_SERVER_PROT": "1"}, "no setting"),
        ({"MATTEBOX_SERVER_PORT": "x"}, "whole number"),
        ({"MATTEBOX_SERVER_PAGE": "x"}, "true or false"),
        ({"MATTEBOX_SERVER_HOST": "0.0.0.0"}, "would let anyone in"),
        ({"MATTEBOX_SERVER_PORT": "70000"}, "no port"),
    ],
)
def test_settings_that_make_no_sense_are_refused(environment: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_settings(environment)


def test_every_setting_is_documented() -> None:
    assert settings_table() in (ROOT / "docs/server.md").read_text()

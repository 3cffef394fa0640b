"""Requests that a foreign web page makes a browser send are refused; the server's own page and clients are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from mattebox.server.app import create_app
from mattebox.server.http.origin_guard import OriginGuard, server_names
from mattebox.server.settings import Settings
from mattebox.server.state import AppState

EVIL = "https://evil.example"


def is_called(name: str, *, address: str = "127.0.0.1", **settings: Any) -> bool:
    guard = OriginGuard(None, AppState.from_settings(Settings(**settings)))  # type: ignore[arg-type]
    return guard._is_known_host(name, {"server": (address, 7100)})


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:7100", "127.0.0.1:9", "127.9.9.9", "[::1]:7100", "cut.localhost"]
)
def test_loopback_names_are_the_server(host: str) -> None:
    assert is_called(host)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.5", "evil@localhost", "a b", "[x]"],
)
def test_other_names_are_not(host: str) -> None:
    assert not is_called(host)


def test_names_by_address_and_setting() -> None:
    assert is_called("10.0.0.5:7100", address="10.0.0.5", host="10.0.0.5", open=True)
    assert not is_called("evil.example", host="0.0.0.0", open=True)
    assert is_called("192.168.1.7:80", host="0.0.0.0", open=True)
    assert is_called("studio.lan", host="studio.lan", open=True)
    settings = {"hosts": "Cut.example.com, *.shop.example"}
    assert is_called("cut.example.com:443", **settings)
    assert is_called("a.shop.example", **settings)
    assert not is_called("shop.example", **settings)
    assert is_called("whatever", hosts="*")


def test_any_name_will_do_where_a_key_is_needed(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("secret\n")
    assert is_called("cut.example.com", keys=str(keys))
    assert not is_called("evil.example", keys=str(keys), hosts="cut.example.com")


def test_the_machine_has_names_when_it_listens_everywhere() -> None:
    import socket

    name = socket.gethostname().lower()
    assert name in server_names(Settings(host="0.0.0.0", open=True))
    assert name not in server_names(Settings()) or name == "localhost"


FOREIGN: list[dict[str, str]] = [
    {"Host": "evil.example"},
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": "http://localhost:3000"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1/jobs"),
        ("GET", "/v1/jobs/a1/result"),
        ("POST", "/v1/cutouts"),
        ("POST", "/v1/jobs/a1:cancel"),
        ("DELETE", "/v1/jobs/a1"),
        ("POST", "/v1.0/removebg"),
        ("OPTIONS", "/v1/cutouts"),
    ],
)
def test_foreign_requests_are_refused(client: TestClient, method: str, path: str, headers: dict[str, str]) -> None:
    answer = client.request(method, path, headers=headers)
    is_name, error = "Host" in headers, answer.json()
    assert answer.status_code == (421 if is_name else 403)
    code = "host_unknown" if is_name else "origin_refused"
    assert (error["errors"][0] if path.startswith("/v1.0") else error)["code"] == code


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "http://localhost:80"},
        {"Host": "127.0.0.1:7100", "Origin": "http://127.0.0.1:7100"},
        {"Origin": "https://cut.example", "Sec-Fetch-Site": "same-origin"},  # a proxy changes Host
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_own_requests_are_answered(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/v1/presets", headers=headers).status_code == 200


def test_a_link_from_elsewhere_opens_the_page_and_nothing_else(client: TestClient) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/", headers=link).status_code == 200
    assert client.get("/v1/presets", headers=link).status_code == 403
    assert client.post("/v1/cutouts", headers=link).status_code == 403
    assert client.get("/", headers=link | {"Sec-Fetch-Dest": "iframe"}).status_code == 403


def test_named_origins_may_call_and_read_the_headers() -> None:
    settings = Settings(origins=f"{EVIL}, https://shop.example", page=False)
    client = TestClient(create_app(settings))
    sent = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}
    answer = client.get("/v1/presets", headers=sent)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    exposed = answer.headers["access-control-expose-headers"].lower()
    for name in ("x-width", "retry-after", "x-ratelimit-remaining", "location", "x-credits-charged"):
        assert name in exposed
    preflight = sent | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    assert client.options("/v1/cutouts", headers=preflight).status_code == 200
    refused = client.get("/v1/presets", headers={"Origin": "https://other.example"})
    assert (refused.status_code, refused.json()["code"]) == (403, "origin_refused")


@pytest.mark.parametrize("media_type", ["text/plain", "text/plain;charset=UTF-8", "text/html", "application/xml", "x"])
def test_pictures_are_not_taken_as_text(client: TestClient, mug: bytes, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    answer = client.post("/v1/cutouts", content=mug, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")
    assert (
        client.post("/v1.0/removebg", content=mug, headers=headers).json()["errors"][0]["code"] == "invalid_file_type"
    )


@pytest.mark.parametrize("media_type", ["image/jpeg", "application/octet-stream", "IMAGE/JPEG; x=1", None])
def test_pictures_are_taken_as_bytes(client: TestClient, mug: bytes, media_type: str | None) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    assert client.post("/v1/cutouts", content=mug, headers=headers).status_code == 200

"""Pictures from URLs: off by default, and from allowed addresses only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fastapi.testclient import TestClient

from mattebox.errors import UsageError
from mattebox.server.app import create_app
from mattebox.server.settings import Settings, load_settings
from tests.server.conftest import decode_image


@pytest.fixture(scope="module")
def site(mug: bytes) -> Iterator[str]:
    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/mug.jpg" else 404)
            self.end_headers()
            self.wfile.write(mug)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def open_client(site: str) -> Iterator[TestClient]:
    port = site.rsplit(":", 1)[1]
    with TestClient(
        create_app(Settings(model="fast", workers=1, urls=True, url_networks="127.0.0.1/32", url_ports=port, jobs=0))
    ) as client:
        yield client


def test_fetching(open_client: TestClient, site: str) -> None:
    for answer in (
        open_client.post("/v1/cutouts", data={"image_url": f"{site}/mug.jpg"}),
        open_client.post("/v1/cutouts", json={"image_url": f"{site}/mug.jpg"}),
        open_client.post("/v1.0/removebg", data={"image_url": f"{site}/mug.jpg", "size": "full"}),
        open_client.post(
            "/v1.0/removebg",
            data={"image_url": f"{site}/mug.jpg", "bg_image_url": f"{site}/mug.jpg", "format": "png"},
        ),
    ):
        assert answer.status_code == 200, answer.text
        assert decode_image(answer.content).size == (320, 240)


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("http://169.254.169.254/latest/meta-data/", 422, "address_refused"),
        ("http://127.0.0.2/mug.jpg", 422, "address_refused"),
        ("http://127.0.0.1/mug.jpg", 422, "image_missing"),
        ("file:///etc/passwd", 422, "address_refused"),
        ("{site}/gone.jpg", 422, "image_missing"),
    ],
)
def test_refused_addresses(open_client: TestClient, site: str, url: str, status: int, code: str) -> None:
    answer = open_client.post("/v1/cutouts", data={"image_url": url.format(site=site)})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    old = open_client.post("/v1.0/removebg", data={"image_url": url.format(site=site)})
    theirs = "invalid_image_url" if code == "address_refused" else "failed_image_download"
    assert (old.status_code, old.json()["errors"][0]["code"]) == (400, theirs)


def test_one_source_only(open_client: TestClient, site: str, mug: bytes) -> None:
    files, data = {"image": mug}, {"image_url": f"{site}/mug.jpg"}
    assert open_client.post("/v1/cutouts", files=files, data=data).json()["code"] == "image_missing"
    old = open_client.post("/v1.0/removebg", files={"image_file": mug}, data=data)
    assert old.json()["errors"][0]["code"] == "multiple_sources"


def test_off_unless_allowed(client: TestClient, site: str) -> None:
    answer = client.post("/v1/cutouts", data={"image_url": f"{site}/mug.jpg"})
    assert (answer.status_code, answer.json()["code"]) == (422, "urls_off")


@pytest.mark.parametrize(
    ("name", "value"),
    [("URL_NETWORKS", "10.0.0.1/8"), ("URL_PORTS", "x"), ("URL_PORTS", "70000"), ("DATABASE", "mysql://x")],
)
def test_invalid_settings(name: str, value: str) -> None:
    with pytest.raises(UsageError):
        load_settings({f"MATTEBOX_SERVER_{name}": value})

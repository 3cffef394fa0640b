"""Jobs over HTTP: promised, followed, fetched, told, cancelled, erased; the same key is the same job."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from mattebox.server import webhooks
from mattebox.server.app import create_app
from mattebox.server.settings import Settings
from mattebox.server.state import AppState
from tests.server.conftest import opened

LATER = {"Prefer": "respond-async"}
SECRET = "hush"


class Ear(BaseHTTPRequestHandler):
    """Hears web hooks; the first is refused."""

    heard: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        self.heard.append((dict(self.headers.items()), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(500 if len(self.heard) == 1 else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def ear() -> Iterator[str]:
    Ear.heard = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Ear) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/done"
        server.shutdown()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def desk(data: Path, ear: str) -> Iterator[TestClient]:
    """A server with keys, hooks and a folder of its own."""
    keys = data.parent / "keys"
    keys.write_text("one\ntwo\n")
    settings = Settings(
        model="fast", workers=1, data=str(data), keys=str(keys), hook_secret=SECRET, job_pixels=250_000,
        url_networks="127.0.0.1/32", url_ports=ear.split(":")[2].split("/")[0], data_key=bytes(range(32)).hex(),
    )  # fmt: skip
    with TestClient(create_app(settings), headers={"X-API-Key": "one"}) as client:
        yield client


def sent(client: TestClient, image: bytes, headers: dict[str, str] | None = None, **fields: str) -> Any:
    return client.post("/v1/cutouts", files={"image": image}, data=fields, headers=LATER | (headers or {}))


def ended(client: TestClient, job: str) -> dict[str, Any]:
    for _ in range(500):
        told: dict[str, Any] = client.get(f"/v1/jobs/{job}").json()
        if told["progress"] == 1:
            return told
        time.sleep(0.02)
    raise AssertionError(told)


def test_promised_done_and_fetched(desk: TestClient, mug: bytes) -> None:
    answer = sent(desk, mug, background="white", format="jpg")
    told = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/jobs/{told['id']}")
    assert told["state"] in ("queued", "running")
    assert answer.headers["preference-applied"] == "respond-async"
    early = desk.get(f"{answer.headers['location']}/result")
    assert early.status_code in (200, 409)
    told = ended(desk, told["id"])
    assert (told["state"], told["attempts"], told["made"]["width"]) == ("done", 1, 320)
    first, second = (desk.get(told["links"]["result"]) for _ in range(2))
    assert opened(first.content).format == "JPEG"
    assert first.content == second.content
    assert first.headers["etag"] == f'"{hashlib.sha256(first.content).hexdigest()}"'
    at_once = desk.post("/v1/cutouts", files={"image": mug}, data={"background": "white", "format": "jpg"})
    assert (at_once.status_code, at_once.content) == (200, first.content)


def test_large_pictures_become_jobs_unasked(desk: TestClient, photo: bytes) -> None:
    answer = desk.post("/v1/recipes:run", files={"image": photo}, data={"recipe": '{"steps": [{"step": "cut"}]}'})
    assert answer.status_code == 202
    assert ended(desk, answer.json()["id"])["state"] == "done"


def test_what_can_be_seen_at_once_is_said_at_once(desk: TestClient, mug: bytes) -> None:
    wrong: list[dict[str, str]] = [
        {"model": "u3net"}, {"crop": "x"}, {"background": "blurple"}, {"background": "unsent.jpg"},
        {"outline": "some"}, {"style": "unsent.jpg"}, {"trimap": "unsent.png"}, {"by": "plate(unsent.jpg)"},
    ]  # fmt: skip
    for image, fields in ((b"hello", {}), *((mug, fields) for fields in wrong)):
        answer = sent(desk, image, **fields)
        assert (answer.status_code, answer.json()["detail"] != "") == (422, True), fields
    assert sent(desk, mug, {"Idempotency-Key": "x" * 256}).status_code == 422


def test_a_job_that_fails_tells_what_the_request_would_have(desk: TestClient) -> None:
    import numpy as np

    from tests.server.conftest import encoded

    told = ended(desk, sent(desk, encoded(np.full((200, 300, 3), 128, np.uint8))).json()["id"])
    assert (told["state"], told["error"]["code"], told["error"]["status"]) == ("failed", "no_subject", 422)
    answer = desk.get(f"{told['links']['self']}/result")
    assert (answer.status_code, answer.json()["code"]) == (422, "no_subject")


def test_the_same_key_is_the_same_job(desk: TestClient, mug: bytes) -> None:
    key = {"Idempotency-Key": "a-key"}
    first, second = sent(desk, mug, key), sent(desk, mug, key)
    assert (first.status_code, second.status_code, first.json()["id"]) == (202, 202, second.json()["id"])
    other = sent(desk, mug, key, background="white")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert sent(desk, mug, key | {"X-API-Key": "two"}).json()["id"] != first.json()["id"]


def test_a_job_is_its_callers_alone(desk: TestClient, mug: bytes) -> None:
    job, stranger = sent(desk, mug).json()["id"], {"X-API-Key": "two"}
    assert job in [j["id"] for j in desk.get("/v1/jobs").json()["jobs"]]
    assert job not in [j["id"] for j in desk.get("/v1/jobs", headers=stranger).json()["jobs"]]
    for method, path in (("GET", ""), ("GET", "/result"), ("GET", "/events"), ("DELETE", ""), ("POST", ":cancel")):
        answer = desk.request(method, f"/v1/jobs/{job}{path}", headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "job_unknown")
    assert desk.get("/v1/jobs", headers={"X-API-Key": "three"}).status_code == 401
    assert desk.get("/v1/jobs/..%2f..%2fkeys").status_code == 404


def test_followed_by_events(desk: TestClient, mug: bytes) -> None:
    job = sent(desk, mug).json()["id"]
    answer = desk.get(f"/v1/jobs/{job}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    *_, last = answer.text.strip().split("\n\n")
    kind, told = last.split("\n")
    assert kind == "event: done"
    assert json.loads(told.removeprefix("data: "))["id"] == job


def test_erased_is_gone_with_all_its_bytes(desk: TestClient, mug: bytes, data: Path) -> None:
    canary = b"canary-71c0"
    job = sent(desk, mug + canary, {"Idempotency-Key": canary.decode()}).json()["id"]
    body = desk.get(ended(desk, job)["links"]["self"] + "/result").content
    path = f"/v1/jobs/{job}"
    assert (data / "jobs" / job).is_dir()
    assert desk.delete(path).status_code == 204
    assert desk.delete(path).status_code == 404
    assert desk.get(path).status_code == 404
    left = b"".join(p.read_bytes() + p.name.encode() for p in data.rglob("*") if p.is_file())
    assert all(piece not in left for piece in (canary, mug[100:200], body[-200:-100]))
    assert not (data / "jobs" / job).exists()


def test_nothing_sent_lies_open_where_there_is_a_key(desk: TestClient, mug: bytes, data: Path) -> None:
    job = sent(desk, mug).json()["id"]
    assert ended(desk, job)["state"] == "done"
    folder = data / "jobs" / job
    for _ in range(250):
        if not (folder / "task").exists():  # cleared away right after the outcome is there
            break
        time.sleep(0.02)
    pieces = [p.read_bytes() for p in folder.iterdir() if p.name != "losses"]
    assert len(pieces) == 3
    assert all(piece.startswith(b"MBX1") for piece in pieces)


def test_cancelled(desk: TestClient, photo: bytes) -> None:
    jobs = [sent(desk, photo).json()["id"] for _ in range(4)]
    told = desk.post(f"/v1/jobs/{jobs[-1]}:cancel").json()
    assert told["state"] == "cancelled"
    assert [ended(desk, j)["state"] for j in jobs] == ["done"] * 3 + ["cancelled"]
    assert desk.get(f"/v1/jobs/{jobs[-1]}/result").status_code == 404


def test_a_hook_is_signed_and_tried_again(
    desk: TestClient, mug: bytes, ear: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "FIRST_RETRY_SECONDS", 0.05)
    job = sent(desk, mug, hook_url=ear).json()["id"]
    for _ in range(250):
        if len(Ear.heard) > 1:
            break
        time.sleep(0.02)
    headers, body = Ear.heard[-1]
    assert len(Ear.heard) == 2
    assert (json.loads(body)["id"], json.loads(body)["state"], headers["webhook-id"]) == (job, "done", job)
    signed = f"{job}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"


def test_hooks_go_where_pictures_may_come_from(desk: TestClient, client: TestClient, mug: bytes) -> None:
    inside = sent(desk, mug, hook_url="http://10.0.0.1/")
    assert (inside.status_code, inside.json()["code"]) == (422, "address_refused")
    at_once = desk.post("/v1/cutouts", files={"image": mug}, data={"hook_url": "http://10.0.0.1/"})
    assert at_once.status_code == 422
    assert sent(client, mug, hook_url="https://example.org/").json()["code"] == "hooks_off"


def test_too_many_jobs_are_refused_and_none_can_be_had(desk: TestClient, mug: bytes) -> None:
    house: AppState = desk.app.state.mattebox  # type: ignore[attr-defined]
    before = house.settings.jobs
    try:
        house.settings.__dict__["jobs"] = 1
        answer = sent(desk, mug)
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "busy", "10")
        house.settings.__dict__["jobs"] = 0
        assert sent(desk, mug).status_code == 200
        assert desk.get("/v1/jobs").json()["code"] == "no_jobs"
    finally:
        house.settings.__dict__["jobs"] = before


def test_one_folder_has_one_server(desk: TestClient, data: Path, mug: bytes) -> None:
    settings = Settings(model="fast", workers=1, data=str(data), data_key=bytes(range(32)).hex())
    with TestClient(create_app(settings)) as second:
        assert sent(second, mug).json()["code"] == "no_jobs"
        assert second.post("/v1/cutouts", files={"image": mug}).status_code == 200


def test_a_server_that_leaves_says_so(desk: TestClient, mug: bytes) -> None:
    house: AppState = desk.app.state.mattebox  # type: ignore[attr-defined]
    house.is_stopping = True
    try:
        assert desk.get("/readyz").status_code == 503
        assert desk.get("/livez").status_code == 200
        answer = desk.post("/v1/cutouts", files={"image": mug})
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "leaving", "5")
        old = desk.post("/v1.0/removebg", files={"image_file": mug})
        assert (old.status_code, old.headers["retry-after"]) == (503, "5")
    finally:
        house.is_stopping = False

"""Jobs over HTTP: submission, status, events, result, cancellation, erasure, web hooks and idempotency keys."""

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

from mattebox.jobs import webhook_queue
from mattebox.server import caller_streams
from mattebox.server.app import create_app
from mattebox.server.routes import jobs
from mattebox.server.settings import Settings
from mattebox.server.state import AppState
from mattebox.server.thread_pool import ThreadPoolBusy
from mattebox.types import Picture
from tests.server.conftest import decode_image, encode_image
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(180)  # a server starts, and jobs are waited for, on a busy machine too

ASYNC_HEADERS = {"Prefer": "respond-async"}
SECRET = "hush"


class WebhookReceiver(BaseHTTPRequestHandler):
    """Receives web hooks, and refuses the first one."""

    received: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        self.received.append((dict(self.headers.items()), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(500 if len(self.received) == 1 else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def webhook_url() -> Iterator[str]:
    WebhookReceiver.received = []
    with ThreadingHTTPServer(("127.0.0.1", 0), WebhookReceiver) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/done"
        server.shutdown()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def jobs_client(data: Path, webhook_url: str) -> Iterator[TestClient]:
    """A server with API keys, web hooks and encrypted jobs."""
    keys = data.parent / "keys"
    keys.write_text("one\ntwo\n")
    settings = Settings(
        model="fast", workers=1, data=str(data), keys=str(keys), hook_secret=SECRET, job_pixels=250_000,
        url_networks="127.0.0.1/32", url_ports=webhook_url.split(":")[2].split("/")[0], data_key=bytes(range(32)).hex(),
    )  # fmt: skip
    with TestClient(create_app(settings), headers={"X-API-Key": "one"}) as client:
        yield client


def submit_job(client: TestClient, image: bytes, headers: dict[str, str] | None = None, **fields: str) -> Any:
    return client.post("/v1/cutouts", files={"image": image}, data=fields, headers=ASYNC_HEADERS | (headers or {}))


def wait_until_finished(client: TestClient, job: str) -> dict[str, Any]:
    for _ in range(500):
        status: dict[str, Any] = client.get(f"/v1/jobs/{job}").json()
        if status["progress"] == 1:
            return status
        time.sleep(0.02)
    raise AssertionError(status)


def test_submit_wait_and_fetch(jobs_client: TestClient, mug: bytes) -> None:
    answer = submit_job(jobs_client, mug, background="white", format="jpg")
    status = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/jobs/{status['id']}")
    assert status["state"] in ("queued", "running")
    assert answer.headers["preference-applied"] == "respond-async"
    early = jobs_client.get(f"{answer.headers['location']}/result")
    assert early.status_code in (200, 409)
    status = wait_until_finished(jobs_client, status["id"])
    assert (status["state"], status["attempts"], status["made"]["width"]) == ("done", 1, 320)
    first, second = (jobs_client.get(status["links"]["result"]) for _ in range(2))
    assert decode_image(first.content).format == "JPEG"
    assert first.content == second.content
    assert first.headers["etag"] == f'"{hashlib.sha256(first.content).hexdigest()}"'
    direct = jobs_client.post("/v1/cutouts", files={"image": mug}, data={"background": "white", "format": "jpg"})
    assert (direct.status_code, direct.content) == (200, first.content)


def test_large_pictures_become_jobs(jobs_client: TestClient, astronaut: Picture) -> None:
    recipe = '{"steps": [{"step": "cut"}]}'
    large = encode_image(astronaut.rgb)
    answer = jobs_client.post("/v1/recipes:run", files={"image": large}, data={"recipe": recipe})
    assert answer.status_code == 202
    assert wait_until_finished(jobs_client, answer.json()["id"])["state"] == "done"


def test_invalid_requests_are_refused_at_submission(jobs_client: TestClient, mug: bytes) -> None:
    wrong: list[dict[str, str]] = [
        {"model": "u3net"}, {"crop": "x"}, {"background": "blurple"}, {"background": "unsent.jpg"},
        {"outline": "some"}, {"style": "unsent.jpg"}, {"trimap": "unsent.png"}, {"by": "plate(unsent.jpg)"},
    ]  # fmt: skip
    for image, fields in ((b"hello", {}), *((mug, fields) for fields in wrong)):
        answer = submit_job(jobs_client, image, **fields)
        assert (answer.status_code, answer.json()["detail"] != "") == (422, True), fields
    assert submit_job(jobs_client, mug, {"Idempotency-Key": "x" * 256}).status_code == 422


def test_a_failed_job_has_the_error_of_its_request(jobs_client: TestClient) -> None:
    import numpy as np

    from tests.server.conftest import encode_image

    status = wait_until_finished(
        jobs_client, submit_job(jobs_client, encode_image(np.full((200, 300, 3), 128, np.uint8))).json()["id"]
    )
    assert (status["state"], status["error"]["code"], status["error"]["status"]) == ("failed", "no_subject", 422)
    answer = jobs_client.get(f"{status['links']['self']}/result")
    assert (answer.status_code, answer.json()["code"]) == (422, "no_subject")


def test_a_job_delivers_a_rocket_and_says_doubt(jobs_client: TestClient, rocket) -> None:  # type: ignore[no-untyped-def]
    from tests.server.conftest import encode_image

    status = wait_until_finished(jobs_client, submit_job(jobs_client, encode_image(rocket.rgb)).json()["id"])
    assert status["state"] == "done"
    made = status["made"]
    assert any("not clear what the subject is" in note for note in made["notes"]) is not made["found"]
    answer = jobs_client.get(status["links"]["result"])
    assert answer.headers["x-found"] == str(made["found"]).lower()


def test_the_same_key_is_the_same_job(jobs_client: TestClient, mug: bytes) -> None:
    key = {"Idempotency-Key": "a-key"}
    first, second = submit_job(jobs_client, mug, key), submit_job(jobs_client, mug, key)
    assert (first.status_code, second.status_code, first.json()["id"]) == (202, 202, second.json()["id"])
    other = submit_job(jobs_client, mug, key, background="white")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert submit_job(jobs_client, mug, key | {"X-API-Key": "two"}).json()["id"] != first.json()["id"]


def test_jobs_are_visible_to_their_caller_only(jobs_client: TestClient, mug: bytes) -> None:
    job, stranger = submit_job(jobs_client, mug).json()["id"], {"X-API-Key": "two"}
    assert job in [j["id"] for j in jobs_client.get("/v1/jobs").json()["jobs"]]
    assert job not in [j["id"] for j in jobs_client.get("/v1/jobs", headers=stranger).json()["jobs"]]
    for method, path in (("GET", ""), ("GET", "/result"), ("GET", "/events"), ("DELETE", ""), ("POST", ":cancel")):
        answer = jobs_client.request(method, f"/v1/jobs/{job}{path}", headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "job_unknown")
    assert jobs_client.get("/v1/jobs", headers={"X-API-Key": "three"}).status_code == 401
    assert jobs_client.get("/v1/jobs/..%2f..%2fkeys").status_code == 404


def test_server_sent_events(jobs_client: TestClient, mug: bytes) -> None:
    job = submit_job(jobs_client, mug).json()["id"]
    answer = jobs_client.get(f"/v1/jobs/{job}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    *_, last = answer.text.strip().split("\n\n")
    event, status = last.split("\n")
    assert event == "event: done"
    assert json.loads(status.removeprefix("data: "))["id"] == job


def test_a_caller_who_follows_too_many_jobs_is_asked_to_come_again(
    jobs_client: TestClient, mug: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit_job(jobs_client, mug).json()["id"]
    monkeypatch.setattr(caller_streams, "MAX_STREAMS", 0)
    answer = jobs_client.get(f"/v1/jobs/{job}/events")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "follow" in answer.json()["detail"]
    monkeypatch.undo()
    assert jobs_client.get(f"/v1/jobs/{job}/events").status_code == 200
    assert not jobs_client.app.state.mattebox.streams._counts  # type: ignore[attr-defined]


def test_a_followed_job_waits_while_there_is_no_thread(
    jobs_client: TestClient, mug: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, calls = submit_job(jobs_client, mug).json()["id"], []
    pool = jobs_client.app.state.mattebox.job_threads  # type: ignore[attr-defined]
    run_call = pool.run

    async def run_unless_second(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            raise ThreadPoolBusy("too many", "wait")
        return await run_call(*arguments)

    monkeypatch.setattr(pool, "run", run_unless_second)
    monkeypatch.setattr(jobs, "BUSY_POLL_SECONDS", 0.01)
    events = jobs_client.get(f"/v1/jobs/{job}/events").text
    assert len(calls) > 2
    assert events.rstrip().splitlines()[-2] == "event: done"


def test_erasing_leaves_no_bytes(jobs_client: TestClient, mug: bytes, data: Path) -> None:
    canary = b"canary-71c0"
    job = submit_job(jobs_client, mug + canary, {"Idempotency-Key": canary.decode()}).json()["id"]
    body = jobs_client.get(wait_until_finished(jobs_client, job)["links"]["self"] + "/result").content
    path = f"/v1/jobs/{job}"
    assert (data / "jobs" / job).is_dir()
    assert jobs_client.delete(path).status_code == 204
    assert jobs_client.delete(path).status_code == 404
    assert jobs_client.get(path).status_code == 404
    left = b"".join(p.read_bytes() + p.name.encode() for p in data.rglob("*") if p.is_file())
    assert all(piece not in left for piece in (canary, mug[100:200], body[-200:-100]))
    assert not (data / "jobs" / job).exists()


def test_all_files_are_encrypted_with_a_key(jobs_client: TestClient, mug: bytes, data: Path) -> None:
    job = submit_job(jobs_client, mug).json()["id"]
    assert wait_until_finished(jobs_client, job)["state"] == "done"
    folder = data / "jobs" / job
    wait_until(lambda: len(list(folder.iterdir())) == 4)  # the rest is cleared away after the outcome is there
    pieces = [p.read_bytes() for p in folder.iterdir() if p.name != "losses"]
    assert {piece[:4] for piece in pieces} == {b"MBX1", b"MBX2"}


def test_cancelled(jobs_client: TestClient, photo: bytes) -> None:
    job_ids = [submit_job(jobs_client, photo).json()["id"] for _ in range(4)]
    status = jobs_client.post(f"/v1/jobs/{job_ids[-1]}:cancel").json()
    assert status["state"] == "cancelled"
    assert [wait_until_finished(jobs_client, j)["state"] for j in job_ids] == ["done"] * 3 + ["cancelled"]
    assert jobs_client.get(f"/v1/jobs/{job_ids[-1]}/result").status_code == 404


def test_a_web_hook_is_signed_and_retried(
    jobs_client: TestClient, mug: bytes, webhook_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_queue, "FIRST_RETRY_SECONDS", 0.05)
    job = submit_job(jobs_client, mug, hook_url=webhook_url).json()["id"]
    for _ in range(250):
        if len(WebhookReceiver.received) > 1:
            break
        time.sleep(0.02)
    headers, body = WebhookReceiver.received[-1]
    assert len(WebhookReceiver.received) == 2
    assert (json.loads(body)["id"], json.loads(body)["state"], headers["webhook-id"]) == (job, "done", job)
    signed = f"{job}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"


def test_web_hooks_reach_allowed_addresses_only(jobs_client: TestClient, client: TestClient, mug: bytes) -> None:
    inside = submit_job(jobs_client, mug, hook_url="http://10.0.0.1/")
    assert (inside.status_code, inside.json()["code"]) == (422, "address_refused")
    direct = jobs_client.post("/v1/cutouts", files={"image": mug}, data={"hook_url": "http://10.0.0.1/"})
    assert direct.status_code == 422
    assert submit_job(client, mug, hook_url="https://example.org/").json()["code"] == "hooks_off"


def test_the_number_of_unfinished_jobs_of_a_key_is_limited(jobs_client: TestClient, mug: bytes, photo: bytes) -> None:
    state: AppState = jobs_client.app.state.mattebox  # type: ignore[attr-defined]
    before = state.settings.jobs
    wait_until_finished(jobs_client, submit_job(jobs_client, mug).json()["id"])
    try:
        state.settings.__dict__["jobs"] = 1
        answers = [submit_job(jobs_client, photo) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [202, 503]
        assert (answers[1].json()["code"], answers[1].headers["retry-after"]) == ("busy", "10")
        assert submit_job(jobs_client, mug, {"X-API-Key": "two"}).status_code == 202
        wait_until_finished(jobs_client, answers[0].json()["id"])
        assert submit_job(jobs_client, mug).status_code == 202
        state.settings.__dict__["jobs"] = 0
        assert submit_job(jobs_client, mug).status_code == 200
        assert jobs_client.get("/v1/jobs").json()["code"] == "no_jobs"
    finally:
        state.settings.__dict__["jobs"] = before


@pytest.mark.parametrize("name", ["a" * 256, "a" * 5000, "..%2f", "%00", "\u00e9"])
def test_odd_names_of_jobs_are_unknown(jobs_client: TestClient, name: str) -> None:
    for method, path in (("GET", ""), ("GET", "/result"), ("GET", "/events"), ("DELETE", ""), ("POST", ":cancel")):
        assert jobs_client.request(method, f"/v1/jobs/{name}{path}").status_code in (404, 405)


def test_one_folder_has_one_server(jobs_client: TestClient, data: Path, mug: bytes) -> None:
    settings = Settings(model="fast", workers=1, data=str(data), data_key=bytes(range(32)).hex())
    with TestClient(create_app(settings)) as second:
        assert submit_job(second, mug).json()["code"] == "no_jobs"
        assert second.post("/v1/cutouts", files={"image": mug}).status_code == 200


def test_a_stopping_server_refuses_work(jobs_client: TestClient, mug: bytes) -> None:
    state: AppState = jobs_client.app.state.mattebox  # type: ignore[attr-defined]
    state.is_stopping = True
    try:
        assert jobs_client.get("/readyz").status_code == 503
        assert jobs_client.get("/livez").status_code == 200
        answer = jobs_client.post("/v1/cutouts", files={"image": mug})
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "leaving", "5")
        old = jobs_client.post("/v1.0/removebg", files={"image_file": mug})
        assert (old.status_code, old.headers["retry-after"]) == (503, "5")
    finally:
        state.is_stopping = False

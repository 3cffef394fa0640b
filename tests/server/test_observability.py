"""Event log and OpenTelemetry traces, neither of which contains what a client sent."""

from __future__ import annotations

import io
import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from fastapi.testclient import TestClient

from mattebox.errors import UsageError
from mattebox.server.app import create_app
from mattebox.server.settings import Settings
from mattebox.server.trace_context import TraceContext
from mattebox.server.tracing import Tracer
from mattebox.server.workers.protocol import read_frame
from mattebox.server.workers.worker import answer_task
from tests.serving import HOST, start_server
from tests.waiting import wait_until


def settings(folder: Path, **more: str) -> Settings:
    return Settings(model="fast", workers=1, data=str(folder), **more)  # type: ignore[arg-type]


def test_the_log_contains_routes_and_no_names(tmp_path: Path, mug: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with TestClient(create_app(settings(tmp_path, log="json"))) as client:
        client.post("/v1/cutouts?canary=1", files={"image": ("canary.jpg", mug)}, data={"empty": "keep"})
        client.get("/v1/jobs/canary0")
        client.get("/canary")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(e["method"], e["route"], e["status"]) for e in lines] == [
        ("POST", "/v1/cutouts", 422), ("GET", "/v1/jobs/{name}", 404), ("GET", "other", 404),
    ]  # fmt: skip
    assert all(e["seconds"] >= 0 and e["time"].endswith("+00:00") for e in lines)
    assert "canary" not in json.dumps(lines)


CANARY_REQUESTS = (
    b"CANARY /canary HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"GET /canary HTTP/1.1\r\nHost: canary\r\nConnection: close\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: localhost\r\nUpgrade: canary\r\nConnection: upgrade, close\r\n\r\n",
    b"canary canary canary\r\n\r\n",
)


def test_every_line_of_a_server_is_json_and_quotes_nothing(tmp_path: Path, mug: bytes) -> None:
    """Whatever writes it: this package, the HTTP library, warnings, decoders."""
    broken = io.BytesIO()
    tags = [(65000, "s", 0, "canary", True)]
    tifffile.imwrite(broken, np.zeros((32, 32, 3), np.uint8), compression="zlib", extratags=tags)
    with start_server(tmp_path, log="json") as address:
        for request in CANARY_REQUESTS:
            with socket.create_connection((HOST, int(address.rpartition(":")[2]))) as connection:
                connection.sendall(request)
                assert b" 4" in connection.recv(100) or request is CANARY_REQUESTS[2]
        for picture, path in (
            (broken.getvalue()[:-20], "/v1/cutouts?edges=plain"),
            (mug[:500], "/v1/cutouts?canary=1"),
        ):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(address + path, picture, {"Content-Type": "image/x"}))
            refused.value.close()
    text = (tmp_path / "log").read_text()
    events = [json.loads(line) for line in text.splitlines()]
    assert events[0]["event"] == "listening"
    assert {"request", "library log"} <= {event["event"] for event in events}
    assert {"other", "POST"} <= {event.get("method") for event in events}
    assert "canary" not in text.lower()


def test_internal_errors_of_workers_say_where_they_were_raised() -> None:
    frame = answer_task({"recipe": {"steps": [{"step": "cut"}]}, "source": "canary"}, b"", 1, print)
    header, _ = read_frame(io.BytesIO(frame)) or ({}, b"")
    assert (header["code"], header["kind"]) == ("internal", "TypeError")
    assert any("worker.py" in entry for entry in header["trace"])
    assert "canary" not in str(header)


def test_internal_errors_are_logged_and_answered(
    tmp_path: Path, mug: bytes, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mattebox.server.routes import v1

    def broken(*_: object, **__: object) -> None:
        raise ValueError("the secret")

    monkeypatch.setattr(v1, "prepare_task", broken)
    with TestClient(create_app(settings(tmp_path))) as client:
        answer = client.post("/v1/cutouts", files={"image": mug})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    (line,) = capsys.readouterr().err.splitlines()
    event = json.loads(line)
    assert (event["level"], event["kind"]) == ("error", "ValueError")
    assert any("test_observability.py" in entry for entry in event["trace"])
    assert "the secret" not in event["trace"][0]


TRACE = "0af7651916cd43dd8448eb211c80319c"


class Collector:
    """Receives spans, as an OpenTelemetry collector does."""

    def __init__(self) -> None:
        self.bodies = bodies = []  # type: ignore[var-annotated]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)

    def spans(self) -> list[Any]:
        """What has arrived."""
        proto = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
        found = [proto.ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [s for f in found for r in f.resource_spans for scope in r.scope_spans for s in scope.spans]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    collector = Collector()
    threading.Thread(target=collector.server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server.server_port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    yield collector
    collector.server.shutdown()
    collector.server.server_close()


def test_traces(collector: Collector, tmp_path: Path, mug: bytes) -> None:
    with TestClient(create_app(settings(tmp_path))) as client:
        headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        sent = client.post("/v1/cutouts", files={"image": mug}, data={"by": "network"}, headers=headers)
        assert sent.status_code == 200
    spans = {span.name: span for span in collector.spans()}
    request, picture = spans["POST /v1/cutouts"], spans["picture"]
    assert request.trace_id.hex() == TRACE
    assert picture.parent_span_id == request.span_id
    facts = {a.key: a.value for a in picture.attributes}
    assert facts["mattebox.pixels"].int_value == 320 * 240
    assert facts["mattebox.seconds.segment"].double_value > 0


def wait_for_job(address: str, mug: bytes, **headers: str) -> None:
    all_headers = {"Prefer": "respond-async", "Content-Type": "image/jpeg", **headers}
    request = urllib.request.Request(f"{address}/v1/cutouts?empty=keep", mug, all_headers)
    with urllib.request.urlopen(request) as answer:
        path = json.loads(answer.read())["links"]["self"]

    def is_done() -> bool:
        with urllib.request.urlopen(f"{address}{path}") as answer:
            return bool(json.loads(answer.read())["state"] == "done")

    wait_until(is_done, 150.0)


@pytest.mark.timeout(240)
def test_the_log_follows_a_trace_from_the_request_to_the_job(tmp_path: Path, mug: bytes) -> None:
    with start_server(tmp_path, log="json") as address:
        wait_for_job(address, mug, traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
        wait_for_job(address, mug, traceparent="canary")
        wait_for_job(address, mug)
    events = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    made = [e["trace_id"] for e in events if e["event"] == "request" and e["status"] == 202]
    done = [e["trace_id"] for e in events if e["event"] == "job"]
    assert made == done
    assert made[0] == TRACE
    assert len(set(made)) == 3
    assert all(len(name) == 32 for name in made)
    assert {e["status"] for e in events if e["event"] == "job"} == {"ok"}
    assert "canary" not in str(events)


def test_jobs_of_earlier_versions_have_no_trace_and_get_one(tmp_path: Path) -> None:
    with Tracer().job_span(None, 0.0) as span:
        assert len(span.context.trace_id) == 32


@pytest.mark.parametrize(
    "wrong", [None, "", "canary", f"00-{'0' * 32}-b7ad6b7169203331-01", f"ff-{TRACE}-b7ad6b7169203331-01",
              f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-b7ad6b7169203331-01"]
)  # fmt: skip
def test_malformed_contexts_start_a_new_trace(wrong: str | None) -> None:
    assert TraceContext.continue_from(wrong).trace_id != TRACE


def test_contexts_are_continued() -> None:
    context = TraceContext.continue_from(f"00-{TRACE}-b7ad6b7169203331-00")
    assert (context.trace_id, context.flags) == (TRACE, "00")
    assert context.span_id != "b7ad6b7169203331"
    assert TraceContext.continue_from(context.to_header()).trace_id == TRACE


@pytest.mark.timeout(240)
def test_spans_of_a_job_are_in_the_trace_of_its_request(collector: Collector, tmp_path: Path, mug: bytes) -> None:
    with start_server(tmp_path) as address:
        wait_for_job(address, mug, traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
    # The server has ended, and with it all spans are sent.
    found = [span for span in collector.spans() if span.trace_id.hex() == TRACE]
    spans = {span.name: span for span in found}
    request, queued, job, picture = (spans[name] for name in ("POST /v1/cutouts", "queued", "job", "picture"))
    assert request.parent_span_id.hex() == "b7ad6b7169203331"
    assert queued.parent_span_id == job.parent_span_id == request.span_id
    assert picture.parent_span_id == job.span_id
    assert request.start_time_unix_nano <= queued.end_time_unix_nano <= job.start_time_unix_nano
    assert {a.key: a.value.string_value for a in job.attributes}["mattebox.status"] == "ok"


def test_traces_without_opentelemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(UsageError, match=r"mattebox\[telemetry\]"):
        create_app(Settings())

"""Event log and OpenTelemetry traces, neither of which contains what a client sent."""

from __future__ import annotations

import io
import json
import socket
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
import tifffile
from fastapi.testclient import TestClient

from mattebox.errors import UsageError
from mattebox.server.app import create_app
from mattebox.server.settings import Settings
from mattebox.server.workers.protocol import read_frame
from mattebox.server.workers.worker import answer_task
from tests.serving import HOST, start_server


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


def test_traces(tmp_path: Path, mug: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    proto = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    received: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    collector = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    trace = "0af7651916cd43dd8448eb211c80319c"
    try:
        with TestClient(create_app(settings(tmp_path))) as client:
            headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
            sent = client.post("/v1/cutouts", files={"image": mug}, data={"by": "network"}, headers=headers)
            assert sent.status_code == 200
    finally:
        collector.shutdown()
        collector.server_close()
    found = [proto.ExportTraceServiceRequest.FromString(body) for body in received]
    spans = {s.name: s for f in found for r in f.resource_spans for scope in r.scope_spans for s in scope.spans}
    request, picture = spans["POST /v1/cutouts"], spans["picture"]
    assert request.trace_id.hex() == trace
    assert picture.parent_span_id == request.span_id
    facts = {a.key: a.value for a in picture.attributes}
    assert facts["mattebox.pixels"].int_value == 320 * 240
    assert facts["mattebox.seconds.segment"].double_value > 0


def test_traces_without_opentelemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(UsageError, match=r"mattebox\[telemetry\]"):
        create_app(Settings())

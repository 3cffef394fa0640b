"""Event log and OpenTelemetry traces, neither of which contains what a client sent."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mattebox.errors import UsageError
from mattebox.server.app import create_app
from mattebox.server.settings import Settings


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


def test_internal_errors_are_logged_and_answered(
    tmp_path: Path, mug: bytes, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mattebox.server.routes import v1

    def broken(*_: object) -> None:
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
            sent = client.post("/v1/cutouts", files={"image": mug}, data={"empty": "keep"}, headers=headers)
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

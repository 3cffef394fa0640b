"""Liveness, readiness and metrics."""

from fastapi.testclient import TestClient

from mattebox.server.app import create_app
from mattebox.server.settings import Settings


def test_liveness_readiness_and_metrics(client: TestClient, mug: bytes) -> None:
    assert client.get("/livez").text == "ok"
    assert client.get("/readyz").status_code == 200
    client.post("/v1/cutouts", files={"image": mug})
    text = client.get("/metrics").text
    assert 'mattebox_requests_total{route="/v1/cutouts"' in text
    assert "mattebox_pixels_in_hand 0" in text


def test_not_ready_before_the_start() -> None:
    assert TestClient(create_app(Settings())).get("/readyz").status_code == 503

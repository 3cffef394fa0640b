"""Clients that close their connection: what waits leaves the queue, what runs is given up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import numpy as np
import pytest
import uvicorn

from mattebox.server.app import create_app
from mattebox.server.settings import Settings
from mattebox.server.state import AppState
from tests.server.conftest import encode_image
from tests.serving import free_port
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AppState, int]]:
    """The state of a server in a thread of this process, and its port."""
    app = create_app(Settings(model="fast", workers=1, data=str(tmp_path_factory.mktemp("data"))))
    server = uvicorn.Server(uvicorn.Config(app, port=free_port(), log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    state: AppState = app.state.mattebox
    wait_until(lambda: state.is_ready and server.started)
    yield state, server.config.port
    server.should_exit = True
    thread.join(10)


def send_request(port: int, query: str, image: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    head = f"POST /v1/{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\nContent-Length: {len(image)}"
    connection.sendall(f"{head}\r\n\r\n".encode() + image)
    return connection


def test_abandoned_upscalings_do_not_delay_the_next_picture(running: tuple[AppState, int], mug: bytes) -> None:
    state, port = running
    large = encode_image(np.random.default_rng(0).integers(0, 255, (900, 1200, 3), np.uint8))
    clients = [send_request(port, "enhancements?upscale=4x", large) for _ in range(5)]
    queue = state.worker_pool.queue
    wait_until(lambda: len(queue.running) == 1 and len(queue.waiting) == 4)
    for client in clients:
        client.close()
    wait_until(lambda: not queue.running and not queue.waiting)
    with send_request(port, "cutouts?empty=keep", mug) as client:
        assert client.recv(12) == b"HTTP/1.1 200"
    counts = state.metrics.request_counts
    wait_until(lambda: {status: count for (_, status), count in counts.copy().items()} == {499: 5, 200: 1})
    assert state.usage.caller_month("local").pictures == 1

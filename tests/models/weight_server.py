"""A local HTTP server of weights that misbehaves on request."""

from __future__ import annotations

import contextlib
import hashlib
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from mattebox.models.cards.card import Card
from tests.fakes import FAKE

CONTENT = random.Random(0).randbytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class WeightServer:
    """Serves `content`; `range_headers` has the Range header of each request.

    `breaks`: bytes after which each connection in turn ends. `has_ranges`: whether it supports Range. `has_length`:
    whether it sends Content-Length. `statuses`: of the first responses. `hang_after`: bytes after which it waits for
    `resume` to be set.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.breaks: list[int] = []
        self.statuses: list[int] = []
        self.has_ranges = True
        self.has_length = True
        self.hang_after: int | None = None
        self.resume = threading.Event()
        self.range_headers: list[str | None] = []
        self.address = ""

    def card(self, **changes: object) -> Card:
        facts = {
            "name": "sold", "weights": "sold.onnx", "url": f"{self.address}/official.onnx", "sha256": "",
            "md5": hashlib.md5(self.content).hexdigest(), "bytes": len(self.content),
        }  # fmt: skip
        return msgspec.structs.replace(FAKE, **(facts | changes))


class RequestHandler(BaseHTTPRequestHandler):
    weights: WeightServer

    def do_GET(self) -> None:
        weights, range_header = self.weights, self.headers.get("Range")
        weights.range_headers.append(range_header)
        if weights.statuses:
            self.send_error(weights.statuses.pop(0))
            return
        start = 0
        if range_header and weights.has_ranges:
            start = int(range_header.removeprefix("bytes=").rstrip("-"))
        if start >= len(weights.content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(weights.content)}")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(weights.content) - 1}/{len(weights.content)}")
        if weights.has_length:
            self.send_header("Content-Length", str(len(weights.content) - start))
        self.end_headers()
        self._body(weights.content[start:])

    def _body(self, body: bytes) -> None:
        weights = self.weights
        if weights.breaks:
            body = body[: weights.breaks.pop(0)]
        if weights.hang_after is not None:
            self.wfile.write(body[: weights.hang_after])
            self.wfile.flush()
            weights.resume.wait(20)
            return
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextlib.contextmanager
def serve_weights(content: bytes) -> Iterator[WeightServer]:
    weights = WeightServer(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (RequestHandler,), {"weights": weights}))
    server.daemon_threads = True
    weights.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield weights
    finally:
        weights.resume.set()
        server.shutdown()
        thread.join()
        server.server_close()


def use_home_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Make `folder` the home of models, whatever the environment of this machine says."""
    for name in ("MIRROR", "OFFLINE", "COMMERCIAL"):
        monkeypatch.delenv(f"MATTEBOX_{name}", raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("MATTEBOX_HOME", str(folder))
    return folder

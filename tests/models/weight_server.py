"""A server of weights on this machine that can be told to misbehave."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from mattebox.models.cards.card import Card
from tests.fakes import FAKE


class WeightServer:
    """Sells `content`; keeps in `asked` the Range header of each request.

    `breaks`: after how many bytes each connection in turn ends. `ranges`: does it know Range. `announce`: does it say
    the length. `statuses`: what it answers first. `hang_after`: bytes after which it waits for `stall` to be set.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.breaks: list[int] = []
        self.statuses: list[int] = []
        self.ranges = True
        self.announce = True
        self.hang_after: int | None = None
        self.stall = threading.Event()
        self.asked: list[str | None] = []
        self.address = ""

    def card(self, **changes: object) -> Card:
        facts = {
            "name": "sold", "weights": "sold.onnx", "url": f"{self.address}/official.onnx", "sha256": "",
            "md5": hashlib.md5(self.content).hexdigest(), "bytes": len(self.content),
        }  # fmt: skip
        return msgspec.structs.replace(FAKE, **(facts | changes))


class RequestHandler(BaseHTTPRequestHandler):
    shop: WeightServer

    def do_GET(self) -> None:
        shop, asked = self.shop, self.headers.get("Range")
        shop.asked.append(asked)
        if shop.statuses:
            self.send_error(shop.statuses.pop(0))
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and shop.ranges else 0
        if start >= len(shop.content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(shop.content)}")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(shop.content) - 1}/{len(shop.content)}")
        if shop.announce:
            self.send_header("Content-Length", str(len(shop.content) - start))
        self.end_headers()
        self._body(shop.content[start:])

    def _body(self, body: bytes) -> None:
        shop = self.shop
        if shop.breaks:
            body = body[: shop.breaks.pop(0)]
        if shop.hang_after is not None:
            self.wfile.write(body[: shop.hang_after])
            self.wfile.flush()
            shop.stall.wait(20)
            return
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextlib.contextmanager
def serve_weights(content: bytes) -> Iterator[WeightServer]:
    shop = WeightServer(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OurClerk", (RequestHandler,), {"shop": shop}))
    server.daemon_threads = True
    shop.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield shop
    finally:
        shop.stall.set()
        server.shutdown()
        thread.join()
        server.server_close()


def use_home_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Make `folder` the home of models, free of what this machine's environment says."""
    for name in ("MIRROR", "OFFLINE", "COMMERCIAL"):
        monkeypatch.delenv(f"MATTEBOX_{name}", raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("MATTEBOX_HOME", str(folder))
    return folder

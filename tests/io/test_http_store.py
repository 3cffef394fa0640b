"""Web servers as outputs: PUT, looked for first, since nothing there is created conditionally."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

pytest.importorskip("obstore", reason="the extra `store` is not installed")

from mattebox.errors import OutputError, OutputExists
from mattebox.io.object_store import find_object, read_object, write_object
from mattebox.io.store_address import parse_store_address
from tests.cli.conftest import Run
from tests.cli.conftest import photo as photo
from tests.cli.conftest import run as run

MAX_BYTES = 1 << 30


@pytest.fixture
def files() -> Iterator[dict[str, Any]]:
    """What was put on a web server, by path, and its address under ""."""
    stored: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if "/forbidden/" not in self.path:
                stored[self.path] = content
            self.reply(201 if self.path in stored else 403, b"")

        def do_GET(self) -> None:
            self.reply(200 if self.path in stored else 404, stored.get(self.path, b""))

        do_HEAD = do_GET  # noqa: N815  a name of http.server

        def reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Last-Modified", "Mon, 30 Nov 2026 00:00:00 GMT")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stored[""] = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield stored
    server.shutdown()
    server.server_close()
    thread.join()


def test_objects_on_a_web_server(files: dict[str, Any]) -> None:
    address = parse_store_address(f"{files['']}/out/a%20b.png")
    assert find_object(address) is None
    write_object(address, b"one", overwrite=False)
    assert files["/out/a%20b.png"] == b"one"
    with pytest.raises(OutputExists):
        write_object(address, b"two", overwrite=False)
    write_object(address, b"x" * 7_000_000, overwrite=True)
    content, version = read_object(address, MAX_BYTES)
    assert (len(content), bool(version)) == (7_000_000, True)
    with pytest.raises(OutputError, match="cannot be written"):
        write_object(parse_store_address(f"{files['']}/forbidden/a.png"), b"x", overwrite=True)


def test_a_result_is_put_there(run: Run, photo: Any, files: dict[str, Any]) -> None:
    assert run("cut", photo, "-o", f"{files['']}/results/").code == 0
    assert files["/results/photo.png"].startswith(b"\x89PNG")
    assert "already exists" in run("cut", photo, "-o", f"{files['']}/results/").error
    assert run("cut", photo, "-o", f"{files['']}/results/", "--overwrite").code == 0

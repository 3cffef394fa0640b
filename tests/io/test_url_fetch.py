"""Fetching from a server of our own, found by a resolver of our own; and the many addresses that are refused."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mattebox.errors import InputMissing, InputTooLarge
from mattebox.io.ssrf_guard import parse_networks
from mattebox.io.url_fetch import AddressRefused, FetchPolicy, fetch_url, post_to_url

HERE = parse_networks("127.0.0.1/32")


class Site(BaseHTTPRequestHandler):
    seen: list[tuple[str, str, bytes]]

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.headers["Host"], self.path, body))
        status, headers, content = PAGES[self.path](self)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815  http.server's name

    def log_message(self, *_: object) -> None:
        pass


def _slow(site: Site) -> tuple[int, dict[str, str], bytes]:
    site.send_response(200)
    site.end_headers()
    for _ in range(100):
        site.wfile.write(b"x")
        time.sleep(0.05)
    return 200, {}, b""


Page = Callable[[Site], tuple[int, dict[str, str], bytes]]
PAGES: dict[str, Page] = {
    "/a.jpg?x=1": lambda _: (200, {}, b"picture"),
    "/short": lambda _: (200, {"Content-Length": "100"}, b"ten bytes!"),
    "/stated": lambda _: (200, {"Content-Length": "1001"}, b""),
    "/long": lambda _: (200, {}, bytes(1001)),
    "/gzip": lambda _: (200, {"Content-Encoding": "gzip"}, b"x"),
    "/gone": lambda _: (404, {}, b""),
    "/moved": lambda _: (302, {"Location": "/a.jpg?x=1"}, b""),
    "/ring": lambda _: (302, {"Location": "/ring"}, b""),
    "/inside": lambda _: (302, {"Location": "http://inside.example/"}, b""),
    "/file": lambda _: (302, {"Location": "file:///etc/passwd"}, b""),
    "/odd": lambda _: (302, {"Location": "http://[::ffff:127.0.0.1]/"}, b""),
    "/slow": _slow,
    "/hook": lambda _: (204, {}, b""),
}


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    Site.seen = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def rules(site: ThreadingHTTPServer) -> FetchPolicy:
    names = {
        "pictures.example": ["127.0.0.1"],
        "inside.example": ["10.0.0.7"],
        "both.example": ["8.8.8.8", "127.0.0.2"],
    }

    def resolve(host: str, port: int) -> list[str]:
        if host not in names:
            raise socket.gaierror(host)
        return names[host]

    return FetchPolicy(1000, 5, allowed_networks=HERE, allowed_ports=frozenset({site.server_port}), resolve=resolve)


def at(site: ThreadingHTTPServer, path: str) -> str:
    return f"http://pictures.example:{site.server_port}{path}"


def test_a_picture_under_its_name_from_the_address_that_was_checked(
    site: ThreadingHTTPServer, rules: FetchPolicy
) -> None:
    assert fetch_url(at(site, "/a.jpg?x=1#part"), rules) == b"picture"
    assert Site.seen == [(f"pictures.example:{site.server_port}", "/a.jpg?x=1", b"")]


def test_a_name_is_looked_up_once(site: ThreadingHTTPServer, rules: FetchPolicy) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.7"]])  # a name that changes its mind between check and use
    assert fetch_url(at(site, "/a.jpg?x=1"), replace(rules, resolve=lambda h, p: next(answers))) == b"picture"
    assert next(answers) == ["10.0.0.7"]


def test_redirects_are_followed_and_checked(site: ThreadingHTTPServer, rules: FetchPolicy) -> None:
    assert fetch_url(at(site, "/moved"), rules) == b"picture"
    for path in ("/inside", "/file", "/odd"):
        with pytest.raises(AddressRefused):
            fetch_url(at(site, path), rules)
    with pytest.raises(InputMissing, match="redirects too often"):
        fetch_url(at(site, "/ring"), rules)
    assert len(Site.seen) == 2 + 3 + 4


@pytest.mark.parametrize("path", ["/short", "/gzip", "/gone"])
def test_what_is_not_the_whole_picture_is_none(site: ThreadingHTTPServer, rules: FetchPolicy, path: str) -> None:
    with pytest.raises(InputMissing):
        fetch_url(at(site, path), rules)


@pytest.mark.parametrize("path", ["/stated", "/long"])
def test_size_is_bounded(site: ThreadingHTTPServer, rules: FetchPolicy, path: str) -> None:
    with pytest.raises(InputTooLarge):
        fetch_url(at(site, path), rules)


def test_time_is_bounded_however_slowly_bytes_come(site: ThreadingHTTPServer, rules: FetchPolicy) -> None:
    begun = time.monotonic()
    with pytest.raises(InputMissing, match="quickly enough"):
        fetch_url(at(site, "/slow"), replace(rules, timeout_seconds=0.3))
    assert time.monotonic() - begun < 2


def test_looking_up_is_bounded_too(rules: FetchPolicy) -> None:
    def never(host: str, port: int) -> list[str]:
        time.sleep(1)
        return []

    begun = time.monotonic()
    with pytest.raises(InputMissing, match="not found"):
        fetch_url("http://pictures.example/", replace(rules, timeout_seconds=0.1, resolve=never))
    assert time.monotonic() - begun < 0.9


@pytest.mark.parametrize(
    "url",
    [
        "http://inside.example/", "http://both.example/", "http://127.0.0.1/", "http://[::1]/", "http://0/",
        "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://[::ffff:8.8.8.8]/",
        "http://[64:ff9b::808:808]/", "http://user@pictures.example/", "http://user:pw@pictures.example/",
        "http://@pictures.example/", "ftp://pictures.example/", "file:///etc/passwd", "//pictures.example/", "x", "",
        "http://", "http:///a", "http://pictures.example:22/", "http://pictures.example:99999/",
        "http://pictures.example/a b", "http://pictures.example\\@inside.example/", "http://pictures.example/\r\nX: y",
        "http://[fe80::1%25eth0]/", "http://１２７.０.０.１/", "http://127。0。0。1/", "http://[::1", "gopher://pictures.example/",
        "http://pictures.example/" + "a" * 3000,
    ],
)  # fmt: skip
def test_refused(rules: FetchPolicy, url: str) -> None:
    with pytest.raises(AddressRefused):
        fetch_url(url, replace(rules, allowed_networks=()))


def test_a_refusal_does_not_tell_what_lies_there(rules: FetchPolicy) -> None:
    with pytest.raises(AddressRefused) as refused:
        fetch_url("http://inside.example/", rules)
    assert "10.0.0.7" not in str(refused.value)


def test_nobody_home(rules: FetchPolicy) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(InputMissing, match="does not send"):
            fetch_url(f"http://pictures.example:{port}/", replace(rules, allowed_ports=frozenset({port})))


def test_posting(site: ThreadingHTTPServer, rules: FetchPolicy) -> None:
    assert post_to_url(at(site, "/hook"), b"{}", {"X-Told": "1"}, rules) == 204
    assert Site.seen == [(f"pictures.example:{site.server_port}", "/hook", b"{}")]
    assert post_to_url(at(site, "/inside"), b"{}", {}, rules) == 302

"""A picture from an http or https address, whoever gave that address: checked, pinned, bounded.

A host is looked up once, every address found must be allowed, and the connection goes to the one that was checked, its
name kept for Host and TLS. Redirects are few and checked alike; size and time are bounded in all. No proxy, no cookies,
no credentials. What is wrong is told without saying what lies at an address that is refused.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from mattebox._version import __version__
from mattebox.errors import InputError, InputMissing, InputTooLarge
from mattebox.io.ssrf_guard import Network, is_literal, may_be_reached, oddly_spelt

Resolve = Callable[[str, int], list[str]]
"""Host and port -> its addresses. OSError when there are none."""

PORTS = {"http": 80, "https": 443}
MOVED = {301, 302, 303, 307, 308}
BLOCK = 1 << 16
LONGEST = 2000  # characters of an address


class AddressRefused(InputError):
    """An address that pictures are not fetched from."""


def look_up(host: str, port: int) -> list[str]:
    """The system's answer."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


@dataclass(frozen=True)
class Rules:
    """What is allowed. `besides`: networks besides the public ones; `ports`: besides each scheme's own."""

    most_bytes: int = 25_000_000
    seconds: float = 20.0
    redirects: int = 3
    besides: tuple[Network, ...] = ()
    ports: frozenset[int] = frozenset()
    resolve: Resolve = look_up


@dataclass(frozen=True)
class Target:
    """A checked address: what to say to whom, and where it is."""

    scheme: str
    host: str
    port: int
    path: str
    address: str


@dataclass(frozen=True)
class Answer:
    """Status, where it points, and the body."""

    status: int
    location: str | None
    body: bytes


def fetch(url: str, rules: Rules = Rules()) -> bytes:
    """The bytes behind an address. AddressRefused, InputMissing, InputTooLarge."""
    end = time.monotonic() + rules.seconds
    for _ in range(rules.redirects + 1):
        target = check(url, rules, end)
        answer = exchange(target, "GET", None, {}, rules, end)
        if answer.status == 200:
            return answer.body
        if answer.status not in MOVED or not answer.location:
            raise InputMissing(f"{target.host} answered {answer.status}", "check the address")
        url = _moved(url, answer.location)
    raise InputMissing("the address leads from one to the next", "give the last one")


def post(url: str, body: bytes, headers: dict[str, str], rules: Rules) -> int:
    """Send a body to an address; the status of the answer. Redirects are not followed. AddressRefused, InputMissing."""
    end = time.monotonic() + rules.seconds
    return exchange(check(url, rules, end), "POST", body, headers, rules, end).status


def check(url: str, rules: Rules, end: float | None = None) -> Target:
    """Look an address up, and refuse it unless everything about it is allowed. AddressRefused, InputMissing."""
    parts, host, port = split(url, rules)
    addresses = _resolved(host, port, rules, time.monotonic() + rules.seconds if end is None else end)
    if not addresses or not all(may_be_reached(a, rules.besides) for a in addresses):
        raise _refused("it does not lead to a public address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, addresses[0])


def split(url: str, rules: Rules) -> tuple[SplitResult, str, int]:
    """What can be said of an address without looking it up. AddressRefused."""
    if len(url) > LONGEST or any(c <= " " or c in "\\\x7f" for c in url):
        raise _refused("it is too long, or holds spaces or backslashes")
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
        host = (parts.hostname or "").encode("idna").decode().lower()
    except (ValueError, UnicodeError):
        raise _refused("it cannot be read") from None
    if parts.scheme not in PORTS:
        raise _refused("it starts with neither http:// nor https://")
    if parts.username is not None or parts.password is not None:
        raise _refused("it holds a user or password")
    if port != PORTS[parts.scheme] and port not in rules.ports:
        raise _refused(f"its port {port} is not allowed")
    if not host or "%" in host or oddly_spelt(host):
        raise _refused("its host is none, or oddly spelt")
    if not parts.path.isascii() or not parts.query.isascii():
        raise _refused("it holds other than ASCII after the host; percent-encode that")
    return parts, host, port


def exchange(
    target: Target, method: str, body: bytes | None, headers: dict[str, str], rules: Rules, end: float
) -> Answer:
    """One request over one connection to the checked address. InputMissing, InputTooLarge."""
    connection = _Pinned(target, max(0.001, end - time.monotonic()))
    told = {"User-Agent": f"mattebox/{__version__}", "Accept-Encoding": "identity", "Connection": "close"} | headers
    try:
        with _cut_off(connection, end):
            connection.request(method, target.path, body, told)
            answer = connection.getresponse()
            location = answer.getheader("Location")
            content = b"" if answer.status in MOVED else _read(answer, target.host, rules.most_bytes)
            if time.monotonic() >= end:  # cut off: what came may not be all
                raise TimeoutError
            return Answer(answer.status, location, content)
    except (OSError, http.client.HTTPException, ValueError):
        raise InputMissing(
            f"{target.host} does not send it", "check the address, and that it is quick enough"
        ) from None
    finally:
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to a target's checked address, under its name."""

    def __init__(self, target: Target, timeout: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout)
        self._target = target
        self.open: socket.socket | None = None  # http.client lets go of `sock` while the body still comes
        self.default_port = PORTS[target.scheme]  # so that Host names other ports only

    def connect(self) -> None:
        self.sock = self.open = socket.create_connection((self._target.address, self.port), self.timeout)
        if self._target.scheme == "https":
            name, context = self._target.host, ssl.create_default_context()
            secured = context.wrap_socket(self.sock, server_hostname=name, do_handshake_on_connect=False)
            self.sock = self.open = secured
            secured.do_handshake()


@contextlib.contextmanager
def _cut_off(connection: _Pinned, end: float) -> Iterator[None]:
    """Shut the connection at the end of the time, however slowly its bytes come."""

    def shut() -> None:
        if connection.open is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection.open, socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, end - time.monotonic()), shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _read(answer: http.client.HTTPResponse, host: str, most: int) -> bytes:
    if answer.getheader("Content-Encoding", "identity").lower() != "identity":
        raise ValueError("compressed although that was not asked for")
    stated = answer.getheader("Content-Length", "0")
    parts, count = [], int(stated) if stated.isdecimal() and int(stated) > most else 0
    while count <= most and (part := answer.read(BLOCK)):
        count += len(part)
        parts.append(part)
    if count > most:
        raise InputTooLarge(f"{host} sends more than {most} bytes", "make it smaller, or raise the limit")
    if answer.length:  # fewer than were announced
        raise http.client.IncompleteRead(b"")
    return b"".join(parts)


def _resolved(host: str, port: int, rules: Rules, end: float) -> list[str]:
    """The addresses of a host, in time: the system's resolver knows no limit, so that it has a thread of its own."""
    if is_literal(host):
        return [host]
    found: list[list[str]] = []

    def ask() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            found.append(rules.resolve(host, port))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(max(0.0, end - time.monotonic()))
    if not found:
        raise InputMissing(f"{host[:100]} is not found", "check the address")
    return found[0]


def _moved(url: str, location: str) -> str:
    try:
        new = urljoin(url, location)
    except ValueError:
        raise _refused("it cannot be read") from None
    if url.startswith("https:") and not new.startswith("https:"):
        raise _refused("it leads from https to something else")
    return new


def _refused(why: str) -> AddressRefused:
    return AddressRefused(f"the address is refused: {why}", "give a public http or https address, or send the file")

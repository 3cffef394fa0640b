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
from mattebox.io.ssrf_guard import IpNetwork, is_allowed_address, is_ip_literal, is_obfuscated_ip

ResolveHost = Callable[[str, int], list[str]]
"""Host and port -> its addresses. OSError when there are none."""

DEFAULT_PORTS = {"http": 80, "https": 443}
REDIRECT_STATUSES = {301, 302, 303, 307, 308}
CHUNK_BYTES = 1 << 16
MAX_URL_CHARACTERS = 2000  # characters of an address


class AddressRefused(InputError):
    """An address that pictures are not fetched from."""

    code = "address_refused"


def resolve_host(host: str, port: int) -> list[str]:
    """The system's answer."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


@dataclass(frozen=True)
class FetchPolicy:
    """What is allowed. `allowed_networks`: networks besides the public ones; `allowed_ports`: besides each scheme's own."""

    max_bytes: int = 25_000_000
    timeout_seconds: float = 20.0
    max_redirects: int = 3
    allowed_networks: tuple[IpNetwork, ...] = ()
    allowed_ports: frozenset[int] = frozenset()
    resolve: ResolveHost = resolve_host


@dataclass(frozen=True)
class ResolvedUrl:
    """A checked address: what to say to whom, and where it is."""

    scheme: str
    host: str
    port: int
    path: str
    ip_address: str


@dataclass(frozen=True)
class FetchResponse:
    """Status, where it points, and the body."""

    status: int
    location: str | None
    body: bytes


def fetch_url(url: str, policy: FetchPolicy = FetchPolicy()) -> bytes:
    """The bytes behind an address. AddressRefused, InputMissing, InputTooLarge."""
    end = time.monotonic() + policy.timeout_seconds
    for _ in range(policy.max_redirects + 1):
        target = check_url(url, policy, end)
        answer = send_request(target, "GET", None, {}, policy, end)
        if answer.status == 200:
            return answer.body
        if answer.status not in REDIRECT_STATUSES or not answer.location:
            raise InputMissing(f"{target.host} answered {answer.status}", "check the address")
        url = _resolve_redirect(url, answer.location)
    raise InputMissing("the address leads from one to the next", "give the last one")


def post_to_url(url: str, body: bytes, headers: dict[str, str], policy: FetchPolicy) -> int:
    """Send a body to an address; the status of the answer. Redirects are not followed. AddressRefused, InputMissing."""
    end = time.monotonic() + policy.timeout_seconds
    return send_request(check_url(url, policy, end), "POST", body, headers, policy, end).status


def check_url(url: str, policy: FetchPolicy, deadline: float | None = None) -> ResolvedUrl:
    """Look an address up, and refuse it unless everything about it is allowed. AddressRefused, InputMissing."""
    parts, host, port = parse_url(url, policy)
    addresses = _resolve_with_timeout(
        host, port, policy, time.monotonic() + policy.timeout_seconds if deadline is None else deadline
    )
    if not addresses or not all(is_allowed_address(a, policy.allowed_networks) for a in addresses):
        raise _refusal("it does not lead to a public address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return ResolvedUrl(parts.scheme, host, port, path, addresses[0])


def parse_url(url: str, policy: FetchPolicy) -> tuple[SplitResult, str, int]:
    """What can be said of an address without looking it up. AddressRefused."""
    if len(url) > MAX_URL_CHARACTERS or any(c <= " " or c in "\\\x7f" for c in url):
        raise _refusal("it is too long, or holds spaces or backslashes")
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        host = (parts.hostname or "").encode("idna").decode().lower()
    except (ValueError, UnicodeError):
        raise _refusal("it cannot be read") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise _refusal("it starts with neither http:// nor https://")
    if parts.username is not None or parts.password is not None:
        raise _refusal("it holds a user or password")
    if port != DEFAULT_PORTS[parts.scheme] and port not in policy.allowed_ports:
        raise _refusal(f"its port {port} is not allowed")
    if not host or "%" in host or is_obfuscated_ip(host):
        raise _refusal("its host is none, or oddly spelt")
    if not parts.path.isascii() or not parts.query.isascii():
        raise _refusal("it holds other than ASCII after the host; percent-encode that")
    return parts, host, port


def send_request(
    target: ResolvedUrl, method: str, body: bytes | None, headers: dict[str, str], policy: FetchPolicy, deadline: float
) -> FetchResponse:
    """One request over one connection to the checked address. InputMissing, InputTooLarge."""
    connection = _PinnedConnection(target, max(0.001, deadline - time.monotonic()))
    told = {"User-Agent": f"mattebox/{__version__}", "Accept-Encoding": "identity", "Connection": "close"} | headers
    try:
        with _close_at_deadline(connection, deadline):
            connection.request(method, target.path, body, told)
            answer = connection.getresponse()
            location = answer.getheader("Location")
            content = b"" if answer.status in REDIRECT_STATUSES else _read_body(answer, target.host, policy.max_bytes)
            if time.monotonic() >= deadline:  # cut off: what came may not be all
                raise TimeoutError
            return FetchResponse(answer.status, location, content)
    except (OSError, http.client.HTTPException, ValueError):
        raise InputMissing(
            f"{target.host} does not send it", "check the address, and that it is quick enough"
        ) from None
    finally:
        connection.close()


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to a target's checked address, under its name."""

    def __init__(self, target: ResolvedUrl, timeout: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout)
        self._target = target
        self.open_socket: socket.socket | None = None  # http.client lets go of `sock` while the body still comes
        self.default_port = DEFAULT_PORTS[target.scheme]  # so that Host names other ports only

    def connect(self) -> None:
        self.sock = self.open_socket = socket.create_connection((self._target.ip_address, self.port), self.timeout)
        if self._target.scheme == "https":
            name, context = self._target.host, ssl.create_default_context()
            secured = context.wrap_socket(self.sock, server_hostname=name, do_handshake_on_connect=False)
            self.sock = self.open_socket = secured
            secured.do_handshake()


@contextlib.contextmanager
def _close_at_deadline(connection: _PinnedConnection, deadline: float) -> Iterator[None]:
    """Shut the connection at the end of the time, however slowly its bytes come."""

    def shut() -> None:
        if connection.open_socket is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection.open_socket, socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _read_body(response: http.client.HTTPResponse, host: str, max_bytes: int) -> bytes:
    if response.getheader("Content-Encoding", "identity").lower() != "identity":
        raise ValueError("compressed although that was not asked for")
    stated = response.getheader("Content-Length", "0")
    parts, count = [], int(stated) if stated.isdecimal() and int(stated) > max_bytes else 0
    while count <= max_bytes and (part := response.read(CHUNK_BYTES)):
        count += len(part)
        parts.append(part)
    if count > max_bytes:
        raise InputTooLarge(f"{host} sends more than {max_bytes} bytes", "make it smaller, or raise the limit")
    if response.length:  # fewer than were announced
        raise http.client.IncompleteRead(b"")
    return b"".join(parts)


def _resolve_with_timeout(host: str, port: int, policy: FetchPolicy, deadline: float) -> list[str]:
    """The addresses of a host, in time: the system's resolver knows no limit, so that it has a thread of its own."""
    if is_ip_literal(host):
        return [host]
    found: list[list[str]] = []

    def ask() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            found.append(policy.resolve(host, port))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(max(0.0, deadline - time.monotonic()))
    if not found:
        raise InputMissing(f"{host[:100]} is not found", "check the address")
    return found[0]


def _resolve_redirect(url: str, location: str) -> str:
    try:
        new = urljoin(url, location)
    except ValueError:
        raise _refusal("it cannot be read") from None
    if url.startswith("https:") and not new.startswith("https:"):
        raise _refusal("it leads from https to something else")
    return new


def _refusal(reason: str) -> AddressRefused:
    return AddressRefused(f"the address is refused: {reason}", "give a public http or https address, or send the file")

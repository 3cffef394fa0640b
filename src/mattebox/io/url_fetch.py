"""Fetching of http and https URLs that may come from anybody.

The host is resolved once, all of its addresses must be allowed, and the connection goes to the address that was
checked, with the host's name for the Host header and TLS. Redirects are few and checked in the same way; size and total
time are bounded. No proxy, cookies or credentials are used. Errors do not reveal what lies at a refused address.
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
from mattebox.errors import InputError, InputMissing, InputTooLarge, MatteboxError
from mattebox.io.ssrf_guard import IpNetwork, is_allowed_address, is_ip_literal, is_obfuscated_ip

ResolveHost = Callable[[str, int], list[str]]
"""Resolves a host and port to IP addresses; OSError when there are none."""

DEFAULT_PORTS = {"http": 80, "https": 443}
REDIRECT_STATUSES = {301, 302, 303, 307, 308}
CHUNK_BYTES = 1 << 16
MAX_URL_CHARACTERS = 2000


class AddressRefused(InputError):
    """The URL is not allowed to be fetched."""

    code = "address_refused"


def resolve_host(host: str, port: int) -> list[str]:
    """Resolve a host with the system's resolver."""
    return list(dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


@dataclass(frozen=True)
class FetchPolicy:
    """Limits of fetching. `allowed_networks` are allowed besides public ones, `allowed_ports` besides 80 and 443."""

    max_bytes: int = 25_000_000
    timeout_seconds: float = 20.0
    max_redirects: int = 3
    allowed_networks: tuple[IpNetwork, ...] = ()
    allowed_ports: frozenset[int] = frozenset()
    resolve: ResolveHost = resolve_host


@dataclass(frozen=True)
class ResolvedUrl:
    """The parts of a checked URL, and the IP address to connect to."""

    scheme: str
    host: str
    port: int
    path: str
    ip_address: str


@dataclass(frozen=True)
class FetchResponse:
    """Status, Location header and body of a response."""

    status: int
    location: str | None
    body: bytes


def fetch_url(url: str, policy: FetchPolicy = FetchPolicy()) -> bytes:
    """Fetch the bytes at a URL. Raises AddressRefused, InputMissing, InputTooLarge."""
    end = time.monotonic() + policy.timeout_seconds
    for _ in range(policy.max_redirects + 1):
        target = check_url(url, policy, end)
        answer = send_request(target, "GET", None, {}, policy, end)
        if answer.status == 200:
            return answer.body
        if answer.status not in REDIRECT_STATUSES or not answer.location:
            raise InputMissing(f"{target.host} answered {answer.status}", "check the address")
        url = _resolve_redirect(url, answer.location)
    raise InputMissing("the address redirects too often", "give the final address")


def post_to_url(url: str, body: bytes, headers: dict[str, str], policy: FetchPolicy) -> int:
    """POST a body and return the status; redirects are not followed. Raises AddressRefused, InputMissing."""
    end = time.monotonic() + policy.timeout_seconds
    return send_request(check_url(url, policy, end), "POST", body, headers, policy, end).status


def check_url(url: str, policy: FetchPolicy, deadline: float | None = None) -> ResolvedUrl:
    """Parse and resolve a URL, and refuse it unless everything about it is allowed.

    Raises AddressRefused, InputMissing.
    """
    parts, host, port = parse_url(url, policy)
    addresses = _resolve_with_timeout(
        host, port, policy, time.monotonic() + policy.timeout_seconds if deadline is None else deadline
    )
    if not addresses or not all(is_allowed_address(a, policy.allowed_networks) for a in addresses):
        raise _refusal("it does not lead to a public address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return ResolvedUrl(parts.scheme, host, port, path, addresses[0])


def parse_url(url: str, policy: FetchPolicy) -> tuple[SplitResult, str, int]:
    """Check a URL without resolving it. Raises AddressRefused."""
    if len(url) > MAX_URL_CHARACTERS or any(c <= " " or c in "\\\x7f" for c in url):
        raise _refusal("it is too long, or contains spaces or backslashes")
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        host = (parts.hostname or "").encode("idna").decode().lower()
    except (ValueError, UnicodeError):
        raise _refusal("it cannot be read") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise _refusal("it does not start with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise _refusal("it contains a user or password")
    if port != DEFAULT_PORTS[parts.scheme] and port not in policy.allowed_ports:
        raise _refusal(f"its port {port} is not allowed")
    if not host or "%" in host or is_obfuscated_ip(host):
        raise _refusal("its host is missing or in an unusual notation")
    if not parts.path.isascii() or not parts.query.isascii():
        raise _refusal("it has non-ASCII characters after the host; percent-encode them")
    return parts, host, port


def send_request(
    target: ResolvedUrl, method: str, body: bytes | None, headers: dict[str, str], policy: FetchPolicy, deadline: float
) -> FetchResponse:
    """Send one request over one connection to the checked address. Raises InputMissing, InputTooLarge."""
    connection = _PinnedConnection(target, max(0.001, deadline - time.monotonic()))
    all_headers = {
        "User-Agent": f"mattebox/{__version__}",
        "Accept-Encoding": "identity",
        "Connection": "close",
    } | headers
    try:
        with _close_at_deadline(connection, deadline):
            connection.request(method, target.path, body, all_headers)
            answer = connection.getresponse()
            location = answer.getheader("Location")
            content = b"" if answer.status in REDIRECT_STATUSES else _read_body(answer, target.host, policy.max_bytes)
            if time.monotonic() >= deadline:  # cut off: the body may be incomplete
                raise TimeoutError
            return FetchResponse(answer.status, location, content)
    except MatteboxError:
        raise
    except (OSError, http.client.HTTPException, ValueError):
        raise InputMissing(
            f"{target.host} does not send it", "check the address, and that it answers quickly enough"
        ) from None
    finally:
        connection.close()


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to the checked IP address under the host's name."""

    def __init__(self, target: ResolvedUrl, timeout: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout)
        self._target = target
        self.open_socket: socket.socket | None = None  # http.client drops `sock` while the body is still read
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
    """Close the connection at the deadline, however slowly its bytes arrive."""

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
        raise ValueError("compressed without being asked to")
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
    """Resolve a host before a deadline. The system's resolver has no time-out, so it runs in a thread."""
    if is_ip_literal(host):
        return [host]
    results: list[list[str]] = []

    def resolve() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            results.append(policy.resolve(host, port))

    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(max(0.0, deadline - time.monotonic()))
    if not results:
        raise InputMissing(f"{host[:100]} is not found", "check the address")
    return results[0]


def _resolve_redirect(url: str, location: str) -> str:
    try:
        new = urljoin(url, location)
    except ValueError:
        raise _refusal("it cannot be read") from None
    if url.startswith("https:") and not new.startswith("https:"):
        raise _refusal("it redirects from https to something else")
    return new


def _refusal(reason: str) -> AddressRefused:
    return AddressRefused(f"the address is refused: {reason}", "give a public http or https address, or send the file")

"""Origin guard: refuses requests that a foreign web page makes a visitor's browser send.

A server on loopback trusts whoever reaches it, and a browser reaches it for every page it shows. Two things give such
requests away: a Host that the server is not called by (DNS rebinding), and an Origin or Sec-Fetch-Site that is not the
server's own (cross-site request forgery).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mattebox.server.error_responses import error_response
from mattebox.server.http.problems import Problem
from mattebox.server.settings import ENVIRONMENT_PREFIX, Settings, split_list
from mattebox.server.state import AppState

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\s:/@\[\]]+)(?::(?P<port>\d{1,5}))?", re.IGNORECASE)
DEFAULT_PORTS = {"http": 80, "https": 443}
ANY_ADDRESS = ("0.0.0.0", "::", "")  # bound to, the server answers at each address of its machine
MAX_QUOTED_CHARACTERS = 60


class OriginGuard:
    """ASGI middleware that checks Host, Origin and Sec-Fetch-Site of every request."""

    def __init__(self, app: ASGIApp, state: AppState) -> None:
        self.app, self.settings, self.access = app, state.settings, state.access
        self.names = server_names(state.settings)
        self.origins = split_list(state.settings.origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._find_problem(scope) if scope["type"] == "http" else None
        if problem is None:
            await self.app(scope, receive, send)
        else:
            await error_response(scope["path"], problem)(scope, receive, send)

    def _find_problem(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_known_host(host, scope):
            return Problem(
                421,
                "host_unknown",
                f"this server does not answer to the host {host[:MAX_QUOTED_CHARACTERS]!r}",
                f"use localhost or its address, or add the name to {ENVIRONMENT_PREFIX}HOSTS where it runs",
            )
        if not self._is_allowed_origin(headers, host) and not _is_navigation(scope, headers):
            return Problem(
                403,
                "origin_refused",
                "requests from other web sites are refused",
                f"add the site to {ENVIRONMENT_PREFIX}ORIGINS where the server runs",
            )
        return None

    def _is_known_host(self, host: str, scope: Scope) -> bool:
        """Whether the server is called so. Where callers need a key, a name gives no access: any will do."""
        if not host or (self.access.requires_key and not self.settings.hosts):
            return True
        match = HOST.fullmatch(host)
        if match is None:
            return False
        name = match["name"].lower().strip("[]").rstrip(".")
        return _is_own_address(name, self.settings.host, scope) or any(fnmatchcase(name, n) for n in self.names)

    def _is_allowed_origin(self, headers: Headers, host: str) -> bool:
        origin, fetch_site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if "*" in self.origins or origin in self.origins:
            return True
        if origin is None:
            return fetch_site != "cross-site"
        return fetch_site == "same-origin" or (fetch_site != "cross-site" and _is_origin_of(origin, host))


def server_names(settings: Settings) -> tuple[str, ...]:
    """Patterns of the names, in lower case, that the server is called by: loopback's, its own, and what is set."""
    machine_names: list[str] = []
    if settings.host in ANY_ADDRESS:
        machine_names = [socket.gethostname(), f"{socket.gethostname()}.local"]
    names = ("localhost", "*.localhost", settings.host, *machine_names, *split_list(settings.hosts))
    return tuple(name.lower().strip("[]") for name in names if name)


def _is_own_address(name: str, bound_host: str, scope: Scope) -> bool:
    """Whether a Host is an IP address of the server. No other site can be called by one, as it can by a name."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    server: tuple[str, int | None] | None = scope.get("server")
    return address.is_loopback or bound_host in ANY_ADDRESS or (server is not None and name == server[0])


def _is_origin_of(origin: str, host: str) -> bool:
    """Whether a web page of this origin was loaded from this host."""
    try:
        parts = urlsplit(origin)
        default_port = DEFAULT_PORTS[parts.scheme]
        origin_port = parts.port or default_port
    except (ValueError, KeyError):
        return False
    match = HOST.fullmatch(host)
    if match is None or parts.hostname is None:
        return False
    host_name = match["name"].lower().strip("[]")
    return (parts.hostname, origin_port) == (host_name, int(match["port"] or default_port))


def _is_navigation(scope: Scope, headers: Headers) -> bool:
    """Whether someone follows a link to a page of ours, which the linking page cannot read."""
    return (
        scope["method"] in ("GET", "HEAD")
        and not scope["path"].startswith("/v1")
        and headers.get("origin") is None
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )

"""Connection to a server: requests that are sent again while it is busy."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from mattebox.client.transport import ServerResponse, Transport
from mattebox.errors import MatteboxError


@dataclass(frozen=True)
class Connection:
    """Sends requests by a transport, and repeats those that a busy server refuses for at most `max_wait_seconds`."""

    transport: Transport
    max_wait_seconds: float

    @property
    def url(self) -> str:
        """Address of the server."""
        return self.transport.url

    def request(
        self, method: str, path: str, payload: tuple[str, bytes] = ("", b""), headers: Mapping[str, str] | None = None
    ) -> ServerResponse:
        """Send a request, again as long as the server is busy. MatteboxError after `max_wait_seconds`."""
        end = time.monotonic() + self.max_wait_seconds
        while True:
            response = self.transport.send_request(method, path, payload, headers or {})
            if response.retry_after_seconds is None:
                return response
            if time.monotonic() + response.retry_after_seconds > end:
                raise MatteboxError(f"{self.url} is busy", "try again later, or raise max_wait_seconds")
            time.sleep(response.retry_after_seconds)

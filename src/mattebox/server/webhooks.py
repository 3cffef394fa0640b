"""Web hooks: a job's end told to the address that its request gave, signed, and again if nobody took it.

The headers are those of Standard Webhooks: webhook-id, webhook-timestamp and webhook-signature, `v1,` and the base64 of
HMAC-SHA256 over `id.timestamp.body`. The body is what GET /v1/jobs/{id} tells; never a picture.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mattebox.errors import MatteboxError
from mattebox.io.url_fetch import Rules, post
from mattebox.server.serializers import described

if TYPE_CHECKING:
    from mattebox.jobs.manager import Status

TRIES, PAUSE, GROWTH = 6, 1.0, 4.0  # 1, 4, 16, 64 and 256 seconds between them
ANSWER = 10.0  # seconds for one


def deliver(status: Status, secret: str, rules: Rules, wait: Callable[[float], None]) -> bool:
    """Tell the end of a job; whether somebody took it (any 2xx). `wait` may raise, to go on elsewhere."""
    assert status.hook is not None
    body = json.dumps(described(status)).encode()
    bounded = replace(rules, seconds=ANSWER, most_bytes=1 << 16)
    for number in range(TRIES):
        if number:
            wait(PAUSE * GROWTH ** (number - 1))
        try:
            if 200 <= post(status.hook, body, headers(status.name, secret, body), bounded) < 300:
                return True
        except MatteboxError:
            continue
    return False


def headers(name: str, secret: str, body: bytes, now: float | None = None) -> dict[str, Any]:
    """Content type, id, time and signature."""
    at = str(int(time.time() if now is None else now))
    mac = hmac.new(secret.encode(), f"{name}.{at}.".encode() + body, hashlib.sha256)
    signature = f"v1,{base64.b64encode(mac.digest()).decode()}"
    return {"Content-Type": "application/json", "webhook-id": name, "webhook-timestamp": at,
            "webhook-signature": signature}  # fmt: skip

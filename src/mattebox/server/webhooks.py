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
from mattebox.io.url_fetch import FetchPolicy, post_to_url
from mattebox.server.serializers import serialize_job

if TYPE_CHECKING:
    from mattebox.jobs.manager import JobStatus

MAX_ATTEMPTS, FIRST_RETRY_SECONDS, BACKOFF_FACTOR = 6, 1.0, 4.0  # 1, 4, 16, 64 and 256 seconds between them
RESPONSE_TIMEOUT_SECONDS = 10.0  # seconds for one


def deliver_webhook(status: JobStatus, secret: str, rules: FetchPolicy, wait: Callable[[float], None]) -> bool:
    """Tell the end of a job; whether somebody took it (any 2xx). `wait` may raise, to go on elsewhere."""
    assert status.webhook_url is not None
    body = json.dumps(serialize_job(status)).encode()
    bounded = replace(rules, timeout_seconds=RESPONSE_TIMEOUT_SECONDS, max_bytes=1 << 16)
    for number in range(MAX_ATTEMPTS):
        if number:
            wait(FIRST_RETRY_SECONDS * BACKOFF_FACTOR ** (number - 1))
        try:
            if 200 <= post_to_url(status.webhook_url, body, signed_headers(status.job_id, secret, body), bounded) < 300:
                return True
        except MatteboxError:
            continue
    return False


def signed_headers(webhook_id: str, secret: str, body: bytes, now: float | None = None) -> dict[str, Any]:
    """Content type, id, time and signature."""
    at = str(int(time.time() if now is None else now))
    mac = hmac.new(secret.encode(), f"{webhook_id}.{at}.".encode() + body, hashlib.sha256)
    signature = f"v1,{base64.b64encode(mac.digest()).decode()}"
    return {"Content-Type": "application/json", "webhook-id": webhook_id, "webhook-timestamp": at,
            "webhook-signature": signature}  # fmt: skip

"""Web hooks: signed notifications of finished jobs.

Headers follow Standard Webhooks: webhook-id, webhook-timestamp and webhook-signature, which is `v1,` and the base64 of
HMAC-SHA256 over `id.timestamp.body`. The body is the JSON of GET /v1/jobs/{id}, never a picture.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from mattebox.errors import MatteboxError
from mattebox.io.url_fetch import FetchPolicy, post_to_url
from mattebox.server.serializers import serialize_job

if TYPE_CHECKING:
    from mattebox.jobs.status import JobStatus

RESPONSE_TIMEOUT_SECONDS = 10.0
MAX_RESPONSE_BYTES = 1 << 16


def send_webhook(status: JobStatus, secret: str, policy: FetchPolicy) -> bool:
    """Notify a job's web hook of its end, once.

    Parameters
    ----------
    status
        A finished job with a `webhook_url`.
    secret
        The key of the signature.
    policy
        Which addresses may be reached.

    Returns
    -------
    bool
        Whether the receiver accepted it with a 2xx status.
    """
    assert status.webhook_url is not None
    body = json.dumps(serialize_job(status)).encode()
    policy = replace(policy, timeout_seconds=RESPONSE_TIMEOUT_SECONDS, max_bytes=MAX_RESPONSE_BYTES)
    headers = signature_headers(status.job_id, secret, body)
    try:
        return 200 <= post_to_url(status.webhook_url, body, headers, policy) < 300
    except MatteboxError:
        return False


def signature_headers(webhook_id: str, secret: str, body: bytes, now: float | None = None) -> dict[str, str]:
    """Content type, id, timestamp and signature of a notification."""
    timestamp = str(int(time.time() if now is None else now))
    mac = hmac.new(secret.encode(), f"{webhook_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(mac.digest()).decode()}",
    }

"""One HTTP request and its answer, with retries of what may be sent again; replaced in tests."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from mattebox._version import __version__
from mattebox.shops.shop_error import ShopUnavailable

TIMEOUT_SECONDS = 60.0
MAX_ANSWER_BYTES = 64 << 20
MAX_ATTEMPTS = 6
BUSY_STATUSES = {429, 502, 503, 504}


class HttpAnswer(NamedTuple):
    """Status, headers by lower-case name, and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Exchange = Callable[[str, str, bytes | None, Mapping[str, str]], HttpAnswer]
"""Sends a request (method, URL, body, headers). OSError where there is no answer."""


def send_request(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> HttpAnswer:
    """Send a request and read the answer, whatever its status; redirects of a GET are followed. OSError."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ShopUnavailable(f"{url[:80]}: is no address of the web", "check the name of the shop")
    request = urllib.request.Request(url, body, {"User-Agent": f"mattebox/{__version__}", **headers}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return HttpAnswer(answer.status, _lower_names(dict(answer.headers)), answer.read(MAX_ANSWER_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            return HttpAnswer(error.code, _lower_names(dict(error.headers)), error.read(MAX_ANSWER_BYTES))


def send_with_retries(
    exchange: Exchange,
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    sleep: Callable[[float], None] = time.sleep,
) -> HttpAnswer:
    """Send a request that may be sent more than once, until a server that is busy or away answers. ShopUnavailable."""
    problem = ""
    for attempt in range(MAX_ATTEMPTS):
        try:
            answer = exchange(method, url, body, headers)
        except OSError as error:
            problem = str(getattr(error, "reason", error))
        else:
            if answer.status not in BUSY_STATUSES:
                return answer
            problem = f"it answers {answer.status}"
            if answer.headers.get("retry-after", "").replace(".", "", 1).isdigit():
                sleep(float(answer.headers["retry-after"]))
                continue
        if attempt < MAX_ATTEMPTS - 1:
            sleep(2.0**attempt / 2)
    host = urlsplit(url).netloc
    raise ShopUnavailable(
        f"{host} cannot be reached ({problem})", "try the same command again later: it goes on where it was"
    )


def _lower_names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}

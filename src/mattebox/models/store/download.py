"""An address -> a file on disk, going on where an earlier attempt ended (HTTP Range).

urllib takes the proxies of the environment. What arrives is whole but unverified: its hash is the store's business.
Knows nothing of models.
"""

from __future__ import annotations

import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from mattebox._version import __version__
from mattebox.errors import ModelError

Report = Callable[[int, int | None], None]
"""Told how many bytes are here, and of how many (None: the server does not say)."""

BLOCK = 1 << 18
TIMEOUT = 30.0  # seconds without a byte
RETRIES = 3  # connections in a row that come no further
PAUSE = 0.5  # seconds before the second try, doubled each time
LASTING = {401, 403, 404, 410, 451}  # a second try would hear the same

AGENT = {"User-Agent": f"mattebox/{__version__}"}


class Interrupted(Exception):
    """The connection ended before the file did."""


def fetch(address: str, part: Path, size: int, report: Report) -> None:
    """Bring `part` to its full length from `address`, appending to what it holds; `size` = bytes to expect or 0.

    Breaks are tried again; what came stays in `part` for the next call. ModelError when the server does not give
    the file; OSError when the disk does not take it.
    """
    if urlsplit(address).scheme not in ("http", "https"):
        raise ModelError(f"{address}: not an address to pull from", "give one that starts with https://")
    idle, most = 0, _length(part)
    while True:
        try:
            _once(address, part, size, report)
            return
        except Interrupted as broken:
            idle = 0 if _length(part) > most else idle + 1
            most = max(most, _length(part))
            if idle >= RETRIES:
                raise ModelError(
                    f"{address}: {broken}", "check the network (or set HTTPS_PROXY) and run it again; it goes on there"
                ) from broken
        time.sleep(PAUSE * 2**idle)


def _once(address: str, part: Path, size: int, report: Report) -> None:
    """One connection. Interrupted when it breaks off."""
    held = _length(part)
    if size and held > size:
        part.unlink()
        held = 0
    response = None if size and held == size else _open(address, held)
    if response is None:  # nothing beyond what is held
        report(held, held)
        return
    with response:
        start = held if _continues(response, held) else 0
        whole = _whole(response, start)
        if size and whole and whole != size:
            raise ModelError(
                f"{address}: {whole:,} bytes where the card says {size:,}", "nothing was kept; try another mirror"
            )
        _copy(response, part, start, whole or size or None, report)


def _open(address: str, held: int) -> http.client.HTTPResponse | None:
    """The response, from byte `held` on if the server can; None when it says that there is nothing beyond."""
    request = urllib.request.Request(address, headers=AGENT | ({"Range": f"bytes={held}-"} if held else {}))
    opener = urllib.request.build_opener()  # of its own, for the shared one keeps the proxies it saw first
    try:
        response: http.client.HTTPResponse = opener.open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and error.headers.get("Content-Range") == f"bytes */{held}":
                return None
            if error.code == 416:
                return _open(address, 0)
            if error.code in LASTING:
                raise ModelError(
                    f"{address}: refused ({error.code} {error.reason})",
                    "look whether the publisher has moved or closed it, or set MATTEBOX_MIRROR",
                ) from error
            raise Interrupted(f"the server failed ({error.code} {error.reason})") from error
    except (OSError, http.client.HTTPException) as error:
        raise Interrupted(f"cannot be reached ({getattr(error, 'reason', error)})") from error
    return response


def _continues(response: http.client.HTTPResponse, held: int) -> bool:
    """Does the response go on at byte `held`? A server without Range sends all from the start."""
    told = response.headers.get("Content-Range", "")
    return response.status == 206 and told.startswith(f"bytes {held}-")


def _whole(response: http.client.HTTPResponse, start: int) -> int | None:
    """Bytes of the whole file as the server announces them."""
    length = response.headers.get("Content-Length", "")
    return start + int(length) if length.isdigit() else None


def _copy(response: http.client.HTTPResponse, part: Path, start: int, whole: int | None, report: Report) -> None:
    """The body behind the first `start` bytes of `part`, and no more than `whole`; flushed to the disk."""
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        have = start
        report(have, whole)
        while block := _block(response):
            have += len(block)
            if whole is not None and have > whole:
                raise ModelError(f"more than the {whole:,} bytes expected came", "try another mirror")
            file.write(block)
            report(have, whole)
        file.flush()
        os.fsync(file.fileno())
    if whole is not None and have < whole:
        raise Interrupted(f"the connection ended after {have:,} of {whole:,} bytes")


def _block(response: http.client.HTTPResponse) -> bytes:
    """The next bytes; errors of the network are kept apart from those of the disk."""
    try:
        return response.read1(BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise Interrupted(f"the connection broke ({str(error) or type(error).__name__})") from error


def _length(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0

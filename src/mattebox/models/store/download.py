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

DownloadProgressCallback = Callable[[int, int | None], None]
"""Told how many bytes are here, and of how many (None: the server does not say)."""

BLOCK_BYTES = 1 << 18
TIMEOUT_SECONDS = 30.0  # seconds without a byte
MAX_STALLED_RETRIES = 3  # connections in a row that come no further
FIRST_RETRY_SECONDS = 0.5  # seconds before the second try, doubled each time
PERMANENT_STATUS_CODES = {401, 403, 404, 410, 451}  # a second try would hear the same

REQUEST_HEADERS = {"User-Agent": f"mattebox/{__version__}"}


class DownloadInterrupted(Exception):
    """The connection ended before the file did."""


def download_file(url: str, partial_file: Path, expected_bytes: int, on_progress: DownloadProgressCallback) -> None:
    """Bring `partial_file` to its full length from `url`, appending to what it holds; `expected_bytes` = bytes to expect or 0.

    Breaks are tried again; what came stays in `partial_file` for the next call. ModelError when the server does not give
    the file; OSError when the disk does not take it.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise ModelError(f"{url}: not an address to pull from", "give one that starts with https://")
    idle, most = 0, _file_bytes(partial_file)
    while True:
        try:
            _download_once(url, partial_file, expected_bytes, on_progress)
            return
        except DownloadInterrupted as broken:
            idle = 0 if _file_bytes(partial_file) > most else idle + 1
            most = max(most, _file_bytes(partial_file))
            if idle >= MAX_STALLED_RETRIES:
                raise ModelError(
                    f"{url}: {broken}", "check the network (or set HTTPS_PROXY) and run it again; it goes on there"
                ) from broken
        time.sleep(FIRST_RETRY_SECONDS * 2**idle)


def _download_once(url: str, partial_file: Path, expected_bytes: int, on_progress: DownloadProgressCallback) -> None:
    """One connection. Interrupted when it breaks off."""
    held = _file_bytes(partial_file)
    if expected_bytes and held > expected_bytes:
        partial_file.unlink()
        held = 0
    response = None if expected_bytes and held == expected_bytes else _open_response(url, held)
    if response is None:  # nothing beyond what is held
        on_progress(held, held)
        return
    with response:
        start = held if _resumes_at(response, held) else 0
        whole = _total_bytes(response, start)
        if expected_bytes and whole and whole != expected_bytes:
            raise ModelError(
                f"{url}: {whole:,} bytes where the card says {expected_bytes:,}", "nothing was kept; try another mirror"
            )
        _write_body(response, partial_file, start, whole or expected_bytes or None, on_progress)


def _open_response(url: str, offset: int) -> http.client.HTTPResponse | None:
    """The response, from byte `offset` on if the server can; None when it says that there is nothing beyond."""
    request = urllib.request.Request(url, headers=REQUEST_HEADERS | ({"Range": f"bytes={offset}-"} if offset else {}))
    opener = urllib.request.build_opener()  # of its own, for the shared one keeps the proxies it saw first
    try:
        response: http.client.HTTPResponse = opener.open(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and error.headers.get("Content-Range") == f"bytes */{offset}":
                return None
            if error.code == 416:
                return _open_response(url, 0)
            if error.code in PERMANENT_STATUS_CODES:
                raise ModelError(
                    f"{url}: refused ({error.code} {error.reason})",
                    "look whether the publisher has moved or closed it, or set MATTEBOX_MIRROR",
                ) from error
            raise DownloadInterrupted(f"the server failed ({error.code} {error.reason})") from error
    except (OSError, http.client.HTTPException) as error:
        raise DownloadInterrupted(f"cannot be reached ({getattr(error, 'reason', error)})") from error
    return response


def _resumes_at(response: http.client.HTTPResponse, offset: int) -> bool:
    """Does the response go on at byte `offset`? A server without Range sends all from the start."""
    told = response.headers.get("Content-Range", "")
    return response.status == 206 and told.startswith(f"bytes {offset}-")


def _total_bytes(response: http.client.HTTPResponse, offset: int) -> int | None:
    """Bytes of the whole file as the server announces them."""
    length = response.headers.get("Content-Length", "")
    return offset + int(length) if length.isdigit() else None


def _write_body(
    response: http.client.HTTPResponse,
    partial_file: Path,
    offset: int,
    total_bytes: int | None,
    on_progress: DownloadProgressCallback,
) -> None:
    """The body behind the first `offset` bytes of `partial_file`, and no more than `total_bytes`; flushed to the disk."""
    with partial_file.open("r+b" if offset else "wb") as file:
        file.seek(offset)
        have = offset
        on_progress(have, total_bytes)
        while block := _read_block(response):
            have += len(block)
            if total_bytes is not None and have > total_bytes:
                raise ModelError(f"more than the {total_bytes:,} bytes expected came", "try another mirror")
            file.write(block)
            on_progress(have, total_bytes)
        file.flush()
        os.fsync(file.fileno())
    if total_bytes is not None and have < total_bytes:
        raise DownloadInterrupted(f"the connection ended after {have:,} of {total_bytes:,} bytes")


def _read_block(response: http.client.HTTPResponse) -> bytes:
    """The next bytes; errors of the network are kept apart from those of the disk."""
    try:
        return response.read1(BLOCK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise DownloadInterrupted(f"the connection broke ({str(error) or type(error).__name__})") from error


def _file_bytes(partial_file: Path) -> int:
    try:
        return partial_file.stat().st_size
    except FileNotFoundError:
        return 0

"""Resumable download of a file over HTTP, by range requests.

Proxies come from the environment (urllib). The file that arrives is complete, but not verified.
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
"""Called with the bytes that are here and the bytes in all (None where the server does not say)."""

BLOCK_BYTES = 1 << 18
TIMEOUT_SECONDS = 30.0  # without a byte
MAX_STALLED_RETRIES = 3  # connections in a row that bring no new bytes
FIRST_RETRY_SECONDS = 0.5  # doubled for each further retry
PERMANENT_STATUS_CODES = {401, 403, 404, 410, 451}  # not worth a retry

REQUEST_HEADERS = {"User-Agent": f"mattebox/{__version__}"}


class DownloadInterrupted(Exception):
    """The connection ended before the file was complete."""


def download_file(url: str, partial_file: Path, expected_bytes: int, on_progress: DownloadProgressCallback) -> None:
    """Download a file, with retries; bytes that arrived stay in the partial file for the next call.

    Parameters
    ----------
    url : str
        An http or https address.
    partial_file : Path
        Where to write; bytes that are already in it are not downloaded again.
    expected_bytes : int
        Size of the file, 0 where unknown.
    on_progress : callable
        Called with the bytes that are here and the bytes in all.

    Raises
    ------
    ModelError
        The server does not give the file.
    OSError
        The file cannot be written.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise ModelError(f"{url}: not an address to pull from", "give one that starts with https://")
    stalled, max_bytes = 0, _file_bytes(partial_file)
    while True:
        try:
            _download_once(url, partial_file, expected_bytes, on_progress)
            return
        except DownloadInterrupted as error:
            stalled = 0 if _file_bytes(partial_file) > max_bytes else stalled + 1
            max_bytes = max(max_bytes, _file_bytes(partial_file))
            if stalled >= MAX_STALLED_RETRIES:
                raise ModelError(
                    f"{url}: {error}", "check the network (or set HTTPS_PROXY) and run it again; the download resumes"
                ) from error
        time.sleep(FIRST_RETRY_SECONDS * 2**stalled)


def _download_once(url: str, partial_file: Path, expected_bytes: int, on_progress: DownloadProgressCallback) -> None:
    """Download over one connection. DownloadInterrupted where it breaks off."""
    offset = _file_bytes(partial_file)
    if expected_bytes and offset > expected_bytes:
        partial_file.unlink()
        offset = 0
    response = None if expected_bytes and offset == expected_bytes else _open_response(url, offset)
    if response is None:  # the file is complete
        on_progress(offset, offset)
        return
    with response:
        start = offset if _resumes_at(response, offset) else 0
        total = _total_bytes(response, start)
        if expected_bytes and total and total != expected_bytes:
            raise ModelError(
                f"{url}: {total:,} bytes where the card says {expected_bytes:,}", "nothing was kept; try another mirror"
            )
        _write_body(response, partial_file, start, total or expected_bytes or None, on_progress)


def _open_response(url: str, offset: int) -> http.client.HTTPResponse | None:
    """Request the file from byte `offset` on; None where the server says that nothing follows."""
    request = urllib.request.Request(url, headers=REQUEST_HEADERS | ({"Range": f"bytes={offset}-"} if offset else {}))
    opener = urllib.request.build_opener()  # not the shared one, which keeps the proxies of its first use
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
    """Whether the response starts at byte `offset`; a server without range requests sends all from the start."""
    content_range = response.headers.get("Content-Range", "")
    return response.status == 206 and content_range.startswith(f"bytes {offset}-")


def _total_bytes(response: http.client.HTTPResponse, offset: int) -> int | None:
    """Size of the complete file as the server announces it; None where it does not."""
    length = response.headers.get("Content-Length", "")
    return offset + int(length) if length.isdigit() else None


def _write_body(
    response: http.client.HTTPResponse,
    partial_file: Path,
    offset: int,
    total_bytes: int | None,
    on_progress: DownloadProgressCallback,
) -> None:
    """Write the body at `offset`, at most up to `total_bytes`, and flush it to the disk."""
    with partial_file.open("r+b" if offset else "wb") as file:
        file.seek(offset)
        done = offset
        on_progress(done, total_bytes)
        while block := _read_block(response):
            done += len(block)
            if total_bytes is not None and done > total_bytes:
                raise ModelError(f"more than the {total_bytes:,} bytes expected came", "try another mirror")
            file.write(block)
            on_progress(done, total_bytes)
        file.flush()
        os.fsync(file.fileno())
    if total_bytes is not None and done < total_bytes:
        raise DownloadInterrupted(f"the connection ended after {done:,} of {total_bytes:,} bytes")


def _read_block(response: http.client.HTTPResponse) -> bytes:
    """The next bytes. Network errors become DownloadInterrupted, so that an OSError means the disk."""
    try:
        return response.read1(BLOCK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise DownloadInterrupted(f"the connection broke ({str(error) or type(error).__name__})") from error


def _file_bytes(partial_file: Path) -> int:
    try:
        return partial_file.stat().st_size
    except FileNotFoundError:
        return 0

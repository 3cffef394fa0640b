"""Sources of pictures: the bytes of paths, streams, standard input, archives, stores and URLs.

System errors become InputMissing or InputUnreadable.
"""

from __future__ import annotations

import os
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from mattebox.core.interface import choose_wording
from mattebox.errors import InputMissing, InputTooLarge, InputUnreadable, MatteboxError, UsageError
from mattebox.io.store_address import is_store_address, parse_store_address

MAX_FILE_BYTES = 1 << 30
"""Limit for one file, stream or pipe: 1 GiB."""

MAX_DOWNLOAD_BYTES = 100_000_000  # from one URL


def read_bytes(source: Any, *, name: str | None = None, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Read all bytes of a path, "-" (standard input), bytes-like object or binary file object, up to `max_bytes`.

    Raises InputMissing, InputUnreadable (a folder, no permission), InputTooLarge; UsageError for other sources.
    """
    label = name or source_display_name(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return source if isinstance(source, bytes) else bytes(source)
    try:
        if isinstance(source, str) and source == "-":
            return _read_limited(sys.stdin.buffer, label, max_bytes)
        if isinstance(source, str | os.PathLike):
            with open(source, "rb") as file:
                return _read_limited(file, label, max_bytes)
    except MatteboxError:
        raise
    except OSError as error:
        raise _input_error(error, label) from error
    except ValueError as error:  # a path with a null character
        raise InputMissing(f"{label!r} is not a valid path ({error})", "check its spelling") from error
    return _read_stream(source, label, max_bytes)


def read_item(path: Path | None, member: str | None = None, url: str | None = None) -> bytes:
    """Read a file, a member of a ZIP archive, an object in a store, a URL, or (None) standard input.

    Raises InputMissing, InputUnreadable, InputTooLarge; AddressRefused for a URL that is not public.
    """
    if url is not None:
        return read_url(url)[0]
    if path is None:
        return read_bytes("-")
    return read_bytes(path) if member is None else _read_archive_member(path, member, MAX_FILE_BYTES)


def read_url(url: str) -> tuple[bytes, str]:
    """The bytes at an address in an object store, and their version; or those at a public http or https URL, and "".

    Raises InputMissing, InputUnreadable, InputTooLarge, AddressRefused.
    """
    if is_store_address(url):
        from mattebox.io.object_store import read_object

        return read_object(parse_store_address(url), MAX_FILE_BYTES)
    from mattebox.io.url_fetch import FetchPolicy, fetch_url

    return fetch_url(url, FetchPolicy(max_bytes=MAX_DOWNLOAD_BYTES)), ""


def _read_archive_member(path: Path, member: str, max_bytes: int) -> bytes:
    label = f"{path}/{member}"
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            content = file.read(max_bytes + 1)
    except KeyError as error:
        raise InputMissing(f"{label}: no such picture in the archive", "check its spelling") from error
    except OSError as error:
        raise _input_error(error, str(path)) from error
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        raise InputUnreadable(f"{label} cannot be unpacked ({error})", "pack it again without a password") from error
    if len(content) > max_bytes:
        raise _too_large_error(label, max_bytes)
    return content


def source_display_name(source: Any) -> str:
    """What error messages call a source."""
    if isinstance(source, str | os.PathLike):
        return "standard input" if source == "-" else os.fsdecode(source) or "an empty path"
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "the picture"


def _read_stream(source: Any, label: str, max_bytes: int) -> bytes:
    if not hasattr(source, "read"):
        raise UsageError(
            f"a photograph cannot be read from {type(source).__name__}", "give a path, bytes or a binary file object"
        )
    try:
        return _read_limited(source, label, max_bytes)
    except MatteboxError:
        raise
    except (OSError, ValueError) as error:  # ValueError: the file is closed
        raise InputUnreadable(f"{label} cannot be read ({error})", "give an open file") from error


def _read_limited(file: BinaryIO, label: str, max_bytes: int) -> bytes:
    """Read a stream up to one byte over the limit, since pipes and devices may never end."""
    size = _file_size(file)
    if size is not None and size > max_bytes:
        raise _too_large_error(label, max_bytes)
    if size is not None:
        content = file.read()
    else:
        parts: list[bytes] = []
        while sum(map(len, parts)) <= max_bytes and (part := file.read(1 << 20)):
            parts.append(part)
        content = b"".join(parts) if all(isinstance(part, bytes) for part in parts) else None  # type: ignore[assignment]
    if not isinstance(content, bytes):
        raise UsageError(f"{label} is open as text", 'open it in binary mode, "rb"')
    if len(content) > max_bytes:
        raise _too_large_error(label, max_bytes)
    return content


def _file_size(file: BinaryIO) -> int | None:
    """The size of a regular file; None for pipes, devices and whatever else has a `read`."""
    try:
        status = os.fstat(file.fileno())
    except (OSError, AttributeError, TypeError, ValueError):
        return None
    return status.st_size if status.st_mode & 0o170000 == 0o100000 else None


def _too_large_error(label: str, max_bytes: int) -> InputTooLarge:
    return InputTooLarge(
        f"{label} is larger than {max_bytes >> 20} MiB", "make it smaller, or give a compressed format"
    )


def _input_error(error: OSError, label: str) -> InputMissing | InputUnreadable:
    if label.startswith(("http://", "https://")):
        return InputMissing(f"{label}: URLs are not fetched", "download it first, and give its path or bytes")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return InputMissing(f"{label}: no such file", "check its spelling")
    if isinstance(error, IsADirectoryError):
        return InputUnreadable(
            f"{label} is a folder",
            choose_wording(
                command_line="give a file, or a folder of pictures",
                python="give a file, or each of its files to `cut_many`",
                http="give a file",
            ),
        )
    if isinstance(error, PermissionError):
        return InputUnreadable(f"{label} may not be read (permission denied)", "change its permissions")
    return InputUnreadable(f"{label} cannot be read ({error.strerror or error})", "check the file and its disk")

"""Files that are on the disk when a function returns, and names that are."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

READ_BYTES = 120_000


def write_synced(path: Path, chunks: Iterable[bytes]) -> None:
    """Write and sync a new file, one that is not visible yet. OSError."""
    with open(path, "xb") as file:
        file.writelines(chunks)
        file.flush()
        os.fsync(file.fileno())


def read_chunks(path: Path) -> Iterator[bytes] | None:
    """The content of a file that is opened at once, in chunks; None when there is none."""
    try:
        file = open(path, "rb")  # noqa: SIM115  closed by the iterator
    except FileNotFoundError:
        return None

    def iterate() -> Iterator[bytes]:
        with file:
            while chunk := file.read(READ_BYTES):
                yield chunk

    return iterate()


def overwrite_and_link(source: Path, content: bytes, target: Path) -> None:
    """Write into a file's existing blocks, sync it, and give it a new name. OSError; FileExistsError."""
    own_name = source.with_name(f"{source.name}-{os.urandom(4).hex()}")
    os.rename(source, own_name)  # of two that finish a job, one gets it
    with open(own_name, "r+b") as file:
        file.write(content)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(own_name, target)
    finally:
        own_name.unlink()
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can sync folders."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)

"""Files that are on the disk when a function returns, and names that are."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def write_synced(path: Path, content: bytes) -> None:
    """Write and sync a file in a folder that is not visible yet. OSError."""
    with open(path, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


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

"""Lock between processes, on a file; the system releases it when its holder dies.

The empty file stays behind: if it were removed, two waiting processes could lock two different files.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

POLL_SECONDS = 0.1  # between two tries; polling lets Ctrl-C interrupt the wait on every platform


@contextlib.contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold the lock on file `path` inside the block; wait until it is free.

    Raises OSError where the file cannot be created or the file system has no locks.
    """
    with path.open("ab") as file:
        while not _try_lock(file):
            time.sleep(POLL_SECONDS)
        yield  # closing the file releases the lock


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

"""One process at a time: a lock on a file, which the system itself gives up when its holder dies.

The file stays behind, empty; removing it would let two waiters hold two different files. Knows nothing of models.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

POLL_SECONDS = 0.1  # seconds between two tries, so that Ctrl-C is heard everywhere


@contextlib.contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold the lock `path` within the block, waiting for whoever has it. OSError where locks are not to be had."""
    with path.open("ab") as file:
        while not _try_lock(file):
            time.sleep(POLL_SECONDS)
        yield  # closing the file gives the lock back


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

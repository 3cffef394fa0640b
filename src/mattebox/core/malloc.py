"""Tunes glibc's malloc for pictures (decision 017).

glibc asks the system anew for every block of more than 32 MB, such as a photograph of 12 MP, and returns it when it is
freed: all its pages are cleared each time while other threads wait. `tune_malloc` keeps such blocks for reuse, and
allows no more arenas than CPUs, since each keeps its own. Below that size glibc keeps freed blocks among smaller ones
in use: `release_free_memory` returns their pages to the system; it takes about 0.1 s.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from mattebox.core import cpu_threads

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # mallopt's parameters, from malloc.h
MMAP_THRESHOLD_BYTES = 256_000_000  # largest block that is kept for reuse
TRIM_THRESHOLD_BYTES = 512_000_000  # most that may lie free
SMALL_BLOCK_BYTES = 100_000  # below the chunks that a server sends and receives
_is_tuned = False


def tune_malloc() -> bool:
    """Keep large freed blocks from now on, for a process that handles many pictures; False without glibc."""
    global _is_tuned
    mallopt = _glibc_function("mallopt")
    options = (
        (M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES),
        (M_TRIM_THRESHOLD, TRIM_THRESHOLD_BYTES),
        (M_ARENA_MAX, max(2, cpu_threads.process_cpu_count())),
    )
    _is_tuned = mallopt is not None and all(mallopt(*option) for option in options)
    return _is_tuned


def keep_malloc_small() -> bool:
    """Return every large block to the system as soon as it is freed, for a process that rarely needs one; False
    without glibc."""
    mallopt = _glibc_function("mallopt")
    options = ((M_MMAP_THRESHOLD, SMALL_BLOCK_BYTES), (M_TRIM_THRESHOLD, SMALL_BLOCK_BYTES), (M_ARENA_MAX, 2))
    return mallopt is not None and all(mallopt(*option) for option in options)


def is_malloc_tuned() -> bool:
    """Whether `tune_malloc` has succeeded in this process."""
    return _is_tuned


def release_free_memory() -> bool:
    """Return free pages to the system now; False without glibc."""
    trim = _glibc_function("malloc_trim")
    return trim is not None and bool(trim(0) >= 0)


def _glibc_function(name: str) -> Any:
    """A function of the C library, or None: musl has neither, and needs neither."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None

"""What becomes of freed memory: among photographs of usual size it is used again, and after a panorama it goes back.

glibc asks the system anew for every block of more than 32 MB, which a photograph of 12 MP is, and gives it back when
it is freed: all its pages are cleared each time, and other threads wait (`hold`; with no more heaps than processors,
since each keeps its own). Below that, it keeps what it was given back in between smaller blocks that are in use; asked,
it gives back each free page (`give_back`; to do so always would cost a tenth of a second for each photograph). What
both are worth: LOG.md.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from mattebox.core import cpu_threads

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # mallopt's names, of malloc.h
MMAP_THRESHOLD_BYTES, TRIM_THRESHOLD_BYTES = (
    256_000_000,
    512_000_000,
)  # bytes: the largest block that is used again, and how much may lie free
_is_tuned = False


def tune_malloc() -> bool:
    """From now on, for a process that does many pictures; whether the C library can be asked."""
    global _is_tuned
    change = _glibc_function("mallopt")
    wanted = (
        (M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES),
        (M_TRIM_THRESHOLD, TRIM_THRESHOLD_BYTES),
        (M_ARENA_MAX, max(2, cpu_threads.process_cpu_count())),
    )
    _is_tuned = change is not None and all(change(*one) for one in wanted)
    return _is_tuned


def is_malloc_tuned() -> bool:
    """Whether this process holds what it freed."""
    return _is_tuned


def release_free_memory() -> bool:
    """Now; whether the C library can be asked."""
    trim = _glibc_function("malloc_trim")
    return trim is not None and bool(trim(0) >= 0)


def _glibc_function(name: str) -> Any:
    """That function; None where there is none: musl has none, and needs none."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None

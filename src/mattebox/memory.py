"""Large blocks of memory go back to the system when they are freed, so that a panorama leaves nothing behind.

glibc raises the size from which it does so with what it sees, and then keeps what later pictures tear holes into.
"""

from __future__ import annotations

import ctypes
import sys

LARGE = 4_000_000  # bytes
M_MMAP_THRESHOLD = -3  # of malloc.h


def return_large_blocks() -> bool:
    """For this process, from now on; whether its C library can be told."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none, and needs none
    return mallopt is not None and mallopt(M_MMAP_THRESHOLD, LARGE) == 1

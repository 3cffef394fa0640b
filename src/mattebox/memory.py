"""Memory that was freed goes back to the system when it was much, so that a panorama leaves nothing behind.

glibc keeps what it was given back in between smaller blocks that are in use; asked, it gives back each free page. To
ask it to do so always would cost a tenth of a second for each photograph (LOG.md).
"""

from __future__ import annotations

import ctypes
import sys


def give_back() -> bool:
    """Now; whether the C library can be asked."""
    if not sys.platform.startswith("linux"):
        return False
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none, and needs none
    return trim is not None and bool(trim(0) >= 0)

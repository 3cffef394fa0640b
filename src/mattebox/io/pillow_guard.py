"""Suppression of Pillow's warnings and size limit during decoding; `header_check.check_pixel_limit` replaces the limit.

Python's warning filters are shared by all threads, so the first thread to enter changes them and the last one to leave
restores them. Only warnings raised inside Pillow are dropped.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_lock = threading.Lock()
_active_threads = 0
_restore_stack = ExitStack()


def _reset_after_fork() -> None:
    """In a forked child, only the thread that forked is left, and it does not decode."""
    global _lock, _active_threads
    _lock, _active_threads = threading.Lock(), 0
    _restore_stack.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)


@contextmanager
def suppress_pillow_checks() -> Iterator[None]:
    """Suppress Pillow's warnings and pixel limit until the last thread has left."""
    _enter_guard()
    try:
        yield
    finally:
        _leave_guard()


def _enter_guard() -> None:
    from PIL import Image

    global _active_threads
    with _lock:
        _active_threads += 1
        if _active_threads > 1:
            return
        _restore_stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", module=r"PIL\b")
        _restore_stack.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
        Image.MAX_IMAGE_PIXELS = None


def _leave_guard() -> None:
    global _active_threads
    with _lock:
        _active_threads -= 1
        if not _active_threads:
            _restore_stack.close()

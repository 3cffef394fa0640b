"""Silence around the decoders: Pillow's warnings and its own size limit, which `header.check_size` replaces.

Python's warning filters are shared by all threads, so the first thread in changes them and the last one out puts them
back; only warnings raised inside the picture libraries are dropped.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_lock = threading.Lock()
_inside = 0
_restore = ExitStack()


@contextmanager
def quiet() -> Iterator[None]:
    """No warning of PIL, and no limit of PIL on pixels, until the last thread has left."""
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    from PIL import Image

    global _inside
    with _lock:
        _inside += 1
        if _inside > 1:
            return
        _restore.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", module=r"PIL\b")
        _restore.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
        Image.MAX_IMAGE_PIXELS = None


def _leave() -> None:
    global _inside
    with _lock:
        _inside -= 1
        if not _inside:
            _restore.close()

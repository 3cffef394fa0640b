"""Limits the pixels that concurrent jobs hold in memory, whatever the mix of small pictures and panoramas."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PixelBudget:
    """A budget of pixels shared by threads."""

    def __init__(self, max_pixels: int) -> None:
        self.max_pixels = max_pixels
        self.pixels_in_use = 0
        self._condition = threading.Condition()

    @contextmanager
    def reserve(self, pixels: int) -> Iterator[None]:
        """Wait until that many pixels are free, and hold them; more than the budget has is held alone."""
        with self._condition:
            self._condition.wait_for(lambda: self.pixels_in_use == 0 or self.pixels_in_use + pixels <= self.max_pixels)
            self.pixels_in_use += pixels
        try:
            yield
        finally:
            with self._condition:
                self.pixels_in_use -= pixels
                self._condition.notify_all()

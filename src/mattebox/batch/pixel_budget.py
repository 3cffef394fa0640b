"""How many pixels may be in hand at a time, because memory goes by pixels: a panorama among small pictures waits until
there is room, and then goes alone if it must. Knows nothing of pictures.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PixelBudget:
    """A count of pixels shared by threads."""

    def __init__(self, max_pixels: int) -> None:
        self.max_pixels = max_pixels
        self.pixels_in_use = 0
        self._condition = threading.Condition()

    @contextmanager
    def reserve(self, pixels: int) -> Iterator[None]:
        """Wait for room, then hold so many; more than the whole budget only alone."""
        with self._condition:
            self._condition.wait_for(lambda: self.pixels_in_use == 0 or self.pixels_in_use + pixels <= self.max_pixels)
            self.pixels_in_use += pixels
        try:
            yield
        finally:
            with self._condition:
                self.pixels_in_use -= pixels
                self._condition.notify_all()

"""How many pixels may be in hand at a time, because memory goes by pixels: a panorama among small pictures waits until
there is room, and then goes alone if it must. Knows nothing of pictures.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """A count of pixels shared by threads."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0
        self._room = threading.Condition()

    @contextmanager
    def hold(self, pixels: int) -> Iterator[None]:
        """Wait for room, then hold so many; more than the whole budget only alone."""
        with self._room:
            self._room.wait_for(lambda: self.held == 0 or self.held + pixels <= self.most)
            self.held += pixels
        try:
            yield
        finally:
            with self._room:
                self.held -= pixels
                self._room.notify_all()

"""Things that are slow to start, kept open: the last few used, shared by threads. Knows nothing of what they are."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """At most `most` of them, by key; the one unused for longest goes first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._open: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, start: Callable[[], T]) -> T:
        """The one of that key, started by one thread if it is not open."""
        with self._lock:
            if key not in self._open:
                self._open[key] = start()
                while len(self._open) > self.most:
                    self._open.popitem(last=False)
            self._open.move_to_end(key)
            return self._open[key]

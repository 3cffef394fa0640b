"""Thread-safe LRU cache of objects that are slow to create, such as open model sessions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

ValueT = TypeVar("ValueT")


class LruCache(Generic[ValueT]):
    """Holds at most `max_entries` values; the least recently used one is dropped first."""

    def __init__(self, max_entries: int) -> None:
        self.max_entries = max_entries
        self._entries: OrderedDict[Hashable, ValueT] = OrderedDict()
        self._lock = threading.Lock()

    def get_or_create(self, key: Hashable, create: Callable[[], ValueT]) -> ValueT:
        """The value of a key, created by one thread if it is missing."""
        with self._lock:
            if key not in self._entries:
                self._entries[key] = create()
                while len(self._entries) > self.max_entries:
                    self._entries.popitem(last=False)
            self._entries.move_to_end(key)
            return self._entries[key]

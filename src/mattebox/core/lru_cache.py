"""Thread-safe cache of the most recently used values."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from mattebox.core import fork

ValueT = TypeVar("ValueT")


class LruCache(Generic[ValueT]):
    """At most `max_entries` values by key; the least recently used one is dropped first."""

    def __init__(self, max_entries: int) -> None:
        self.max_entries = max_entries
        self._entries: OrderedDict[Hashable, ValueT] = OrderedDict()
        self._lock = threading.Lock()
        fork.reset_in_forked_children(self)

    def reset_after_fork(self) -> None:
        """Forget who held the lock in the parent process."""
        self._lock = threading.Lock()

    def get_or_create(self, key: Hashable, create: Callable[[], ValueT]) -> ValueT:
        """Return the value of `key`; `create` runs in one thread only, and only where the key is new."""
        with self._lock:
            if key not in self._entries:
                self._entries[key] = create()
                while len(self._entries) > self.max_entries:
                    self._entries.popitem(last=False)
            self._entries.move_to_end(key)
            return self._entries[key]

    def clear(self) -> None:
        """Drop all values."""
        with self._lock:
            self._entries.clear()

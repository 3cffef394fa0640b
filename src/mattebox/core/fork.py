"""Objects whose state a forked child process must not inherit: locks that other threads held, threads that are gone."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class ForkResettable(Protocol):
    """An object that can be made fit for a forked child process."""

    def reset_after_fork(self) -> None: ...


_objects: weakref.WeakSet[ForkResettable] = weakref.WeakSet()


def reset_in_forked_children(instance: ForkResettable) -> None:
    """Have `instance.reset_after_fork()` called in each child process forked from now on, as long as it lives."""
    _objects.add(instance)


def _reset_objects() -> None:
    for instance in list(_objects):
        instance.reset_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_objects)

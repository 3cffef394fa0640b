"""A hot folder: pictures that have come to rest, each once. Knows folders and times, not what is done with pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mattebox.errors import InputMissing
from mattebox.io.sources import Item, expand

PAUSE = 1.0  # seconds between looks
SETTLED = 2  # looks in a row with the same size and time

State = tuple[int, int]


def settled(
    folder: Path, *, recursive: bool, stop: Callable[[], bool], pause: float = PAUSE, skip: Callable[[Path], bool]
) -> Iterator[Item]:
    """Pictures of a folder as they come and rest, until `stop`; those that `skip` names are never given.

    A picture that changes after it was given is given again.
    """
    seen: dict[Path, tuple[State, int]] = {}
    given: dict[Path, State] = {}
    while not stop():
        for item in expand([folder], recursive=recursive):
            if isinstance(item, InputMissing) or item.path is None or skip(item.path):
                continue
            state = _state(item.path)
            if state is None or given.get(item.path) == state:
                continue
            before, looks = seen.get(item.path, (state, 0))
            looks = looks + 1 if before == state else 1
            seen[item.path] = (state, looks)
            if looks >= SETTLED and state[0]:
                given[item.path] = state
                del seen[item.path]
                yield item
        _rest(pause, stop)


def _state(path: Path) -> State | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _rest(seconds: float, stop: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not stop():
        time.sleep(min(0.05, seconds))

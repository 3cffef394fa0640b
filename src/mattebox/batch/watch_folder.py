"""A hot folder: pictures that have come to rest, each once. Knows folders and times, not what is done with pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mattebox.errors import InputMissing
from mattebox.io.sources import InputItem, expand_inputs

POLL_SECONDS = 1.0  # seconds between looks
MIN_STABLE_POLLS = 2  # looks in a row with the same size and time

FileState = tuple[int, int]


def iterate_stable_files(
    folder: Path,
    *,
    recursive: bool,
    should_stop: Callable[[], bool],
    poll_seconds: float = POLL_SECONDS,
    should_skip: Callable[[Path], bool],
) -> Iterator[InputItem]:
    """Pictures of a folder as they come and rest, until `should_stop`; those that `should_skip` names are never given.

    A picture that changes after it was given is given again.
    """
    seen: dict[Path, tuple[FileState, int]] = {}
    given: dict[Path, FileState] = {}
    while not should_stop():
        for item in expand_inputs([folder], recursive=recursive):
            if isinstance(item, InputMissing) or item.path is None or should_skip(item.path):
                continue
            state = _file_state(item.path)
            if state is None or given.get(item.path) == state:
                continue
            before, looks = seen.get(item.path, (state, 0))
            looks = looks + 1 if before == state else 1
            seen[item.path] = (state, looks)
            if looks >= MIN_STABLE_POLLS and state[0]:
                given[item.path] = state
                del seen[item.path]
                yield item
        _sleep(poll_seconds, should_stop)


def _file_state(path: Path) -> FileState | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _sleep(seconds: float, should_stop: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not should_stop():
        time.sleep(min(0.05, seconds))

"""Watches a folder and yields each picture once it has stopped changing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mattebox.errors import InputMissing
from mattebox.io.input_items import InputItem, expand_inputs

POLL_SECONDS = 1.0  # between scans
MIN_STABLE_POLLS = 2  # scans in a row with the same size and time

FileState = tuple[int, int]  # size, modification time in nanoseconds


def iterate_stable_files(
    folder: Path,
    *,
    recursive: bool,
    should_stop: Callable[[], bool],
    poll_seconds: float = POLL_SECONDS,
    should_skip: Callable[[Path], bool],
) -> Iterator[InputItem]:
    """Yield the pictures of a folder as soon as they are stable, and again when they change later.

    Parameters
    ----------
    folder : Path
    recursive : bool
        Whether subfolders are watched too.
    should_stop : callable
        Polled several times a second; True ends the iteration.
    poll_seconds : float
        Time between scans.
    should_skip : callable
        True for paths that are never yielded, such as results.
    """
    pending: dict[Path, tuple[FileState, int]] = {}
    yielded: dict[Path, FileState] = {}
    while not should_stop():
        for item in expand_inputs([folder], recursive=recursive):
            if isinstance(item, InputMissing) or item.path is None or should_skip(item.path):
                continue
            state = _file_state(item.path)
            if state is None or yielded.get(item.path) == state:
                continue
            last_state, polls = pending.get(item.path, (state, 0))
            polls = polls + 1 if last_state == state else 1
            pending[item.path] = (state, polls)
            if polls >= MIN_STABLE_POLLS and state[0]:
                yielded[item.path] = state
                del pending[item.path]
                yield item
        _sleep(poll_seconds, should_stop)


def _file_state(path: Path) -> FileState | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _sleep(seconds: float, should_stop: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not should_stop():
        time.sleep(min(0.05, seconds))

"""Tasks that a worker receives, read in a thread of their own: the server may give one up while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any, BinaryIO

from mattebox.server.workers.protocol import GIVEN_UP_KEY, read_frame


class TaskReader:
    """The frames of a pipe.

    Parameters
    ----------
    file
        The pipe; a task follows when the one before has been answered.
    on_task
        Called in the reader's thread when a task has come.
    on_given_up
        Called there when nobody waits any more for the task that came last.
    """

    def __init__(self, file: BinaryIO, on_task: Callable[[], None], on_given_up: Callable[[], None]) -> None:
        self._file, self._on_task, self._on_given_up = file, on_task, on_given_up
        self._tasks: SimpleQueue[tuple[dict[str, Any], bytes] | None] = SimpleQueue()
        threading.Thread(target=self._read, name="task-reader", daemon=True).start()

    def __iter__(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Header and body of each task, until the pipe ends."""
        while (frame := self._tasks.get()) is not None:
            yield frame

    def _read(self) -> None:
        while self._read_one():
            pass

    def _read_one(self) -> bool:
        """Read a frame; whether there was one. A function of its own, so that no variable keeps the frame."""
        frame = read_frame(self._file)
        if frame is not None and GIVEN_UP_KEY in frame[0]:
            self._on_given_up()
            return True
        self._on_task()
        self._tasks.put(frame)
        return frame is not None

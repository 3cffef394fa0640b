"""Runs of networks that another thread ends: ONNX Runtime looks at a flag of the run before each node of its graph.

Off, and without cost, but in processes that ask for it, such as a server's workers: a client may leave meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class RunInterrupted(Exception):
    """Nobody waits for what this run would answer."""


class Interruption:
    """Whether the runs of this process are to end, and which ones there are.

    Attributes
    ----------
    is_enabled
        Whether runs can be ended.
    """

    def __init__(self) -> None:
        self.is_enabled = False
        self._is_set = False
        self._running: list[Any] = []  # options of runs
        self._lock = threading.Lock()

    def set(self) -> None:
        """End all runs, and those that begin before `clear`, with RunInterrupted."""
        with self._lock:
            self._is_set = True
            for options in self._running:
                options.terminate = True

    def clear(self) -> None:
        """Let runs begin."""
        with self._lock:
            self._is_set = False

    @contextmanager
    def run_options(self) -> Iterator[Any]:
        """Options for one run while the context is open; None where runs cannot be ended. RunInterrupted."""
        if not self.is_enabled:
            yield None
            return
        import onnxruntime

        options = onnxruntime.RunOptions()
        with self._lock:
            if self._is_set:
                raise RunInterrupted
            self._running.append(options)
        try:
            yield options
        except Exception as error:
            if options.terminate:
                raise RunInterrupted from error
            raise
        finally:
            with self._lock:
                self._running.remove(options)


interruption = Interruption()

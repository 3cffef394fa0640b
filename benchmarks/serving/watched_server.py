"""`mattebox` with a watch on the event loop of its main thread: what it does whenever it is held up for long.

    MATTEBOX_STALLS=FILE python -m benchmarks.serving.watched_server serve ...

Each stall becomes a line of JSON in the file: how long a callback of the loop took, the processor time of the loop's
thread and of the process meanwhile, and where all threads were. Of a callback that took as long by the processor, the
loop's own stack is the cause; where the process computed instead, another thread kept Python's lock; else the process
waited for a processor.
"""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

STALL_SECONDS = 0.05
SAMPLE_SECONDS = 0.01
MAX_FRAMES = 12
IDLE_FUNCTIONS = {"wait", "select", "_worker", "_do_waitpid", "watch"}  # of threads that only wait


class LoopWatch:
    """The callback that the event loop runs now, and the stalls that were seen."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._loop_thread = threading.main_thread().ident or 0
        self._started_at: tuple[float, float, float] | None = None  # clock, thread's and process's processor time
        self._stacks: dict[str, list[str]] = {}

    def install(self) -> None:
        """Time every callback of event loops in this thread, and start the watching thread."""
        run_handle, clock = asyncio.events.Handle._run, time.pthread_getcpuclockid(self._loop_thread)

        def run_timed(handle: asyncio.Handle) -> None:
            if threading.get_ident() != self._loop_thread:
                return run_handle(handle)
            start = time.perf_counter(), time.clock_gettime(clock), time.process_time()
            self._started_at = start
            try:
                return run_handle(handle)
            finally:
                self._started_at = None
                if time.perf_counter() - start[0] > STALL_SECONDS:
                    ends = time.perf_counter(), time.clock_gettime(clock), time.process_time()
                    self._record(*(end - begin for end, begin in zip(ends, start, strict=True)))

        asyncio.events.Handle._run = run_timed  # type: ignore[method-assign]
        threading.Thread(target=self.watch, name="loop-watch", daemon=True).start()

    def watch(self) -> None:
        """Take the stacks of all threads once for each stall, for ever."""
        seen = None
        while True:
            time.sleep(SAMPLE_SECONDS)
            start = self._started_at
            if start is not None and start is not seen and time.perf_counter() - start[0] > STALL_SECONDS:
                seen, self._stacks = start, read_stacks()

    def _record(self, seconds: float, loop_seconds: float, process_seconds: float) -> None:
        line: dict[str, Any] = {
            "ms": round(1000 * seconds), "loop_cpu_ms": round(1000 * loop_seconds),
            "process_cpu_ms": round(1000 * process_seconds), "threads": self._stacks,
        }  # fmt: skip
        self._stacks = {}
        with self._file.open("a") as file:
            file.write(json.dumps(line) + "\n")


def read_stacks() -> dict[str, list[str]]:
    """Where each thread is that does not wait, by its name; the innermost function first."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    frames = {names.get(ident, str(ident)): describe_stack(frame) for ident, frame in sys._current_frames().items()}
    return {name: stack for name, stack in frames.items() if stack[0].rpartition(" ")[2] not in IDLE_FUNCTIONS}


def describe_stack(frame: FrameType | None) -> list[str]:
    """A stack as texts: file, line and function."""
    lines: list[str] = []
    while frame is not None and len(lines) < MAX_FRAMES:
        path = Path(frame.f_code.co_filename)
        lines.append(f"{path.parent.name}/{path.name}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return lines


if __name__ == "__main__":
    LoopWatch(Path(os.environ["MATTEBOX_STALLS"])).install()
    runpy.run_module("mattebox", run_name="__main__", alter_sys=True)

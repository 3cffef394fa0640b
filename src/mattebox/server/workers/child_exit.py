"""Why a child process of the server ended, as far as its exit status tells, and what to do about it."""

from __future__ import annotations

import asyncio
import errno
import signal
from dataclasses import dataclass

END_SECONDS = 1.0  # that a process may take to end once it has closed its output
MEMORY_REMEDY = "give it more memory (MATTEBOX_SERVER_WORKER_MEMORY limits it), or choose a smaller model"
MACHINE_MEMORY_REMEDY = "give this machine or container more memory, or choose fewer workers or a smaller model"
REMEDY_BY_SIGNAL = {
    "SIGKILL": MACHINE_MEMORY_REMEDY,
    "SIGILL": "this processor lacks what a library needs: see whether `mattebox doctor` finds which",
    "SIGABRT": MEMORY_REMEDY,
    "SIGBUS": MEMORY_REMEDY,
    "SIGSEGV": MEMORY_REMEDY,
    "SIGXCPU": "something limits the seconds of its processes (ulimit -t): lift that limit",
}
OTHER_SIGNAL_REMEDY = "something outside the server ended it: see what sends signals to its processes"
STATUS_REMEDY = "the server's log may say why above; if not, " + MEMORY_REMEDY
MEMORY_TEXTS = ("failed to map segment", "cannot allocate memory", "bad_alloc", "failed to allocate memory")


@dataclass(frozen=True)
class ChildExit:
    """The end of a process: what happened, to follow "it", and what to do about it."""

    event: str
    remedy: str


async def wait_for_exit(process: asyncio.subprocess.Process) -> ChildExit:
    """Why a process ended that has closed its output, for which it gets a moment."""
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        pass
    return explain_exit(process.returncode)


def explain_exit(status: int | None) -> ChildExit:
    """Why a process ended.

    Parameters
    ----------
    status
        Its exit status; negative: the signal that killed it; None: it still runs.
    """
    if status is None:
        return ChildExit("closed its output", "please report it")
    if status < 0:
        name = _signal_name(-status)
        return ChildExit(f"was killed by signal {-status} ({name})", REMEDY_BY_SIGNAL.get(name, OTHER_SIGNAL_REMEDY))
    return ChildExit(f"ended with exit status {status}", STATUS_REMEDY if status else "please report it")


def is_lack_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory left, as Python, the C library or ONNX Runtime put it."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    return any(text in str(error).lower() for text in MEMORY_TEXTS)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return "no name"

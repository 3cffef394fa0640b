"""What a child process of the server does at its start: pipes, limits, and silence on its standard output."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from mattebox.server.scheduler_slice import DEFAULT_SLICE, request_slice

PIPE_BYTES = 1 << 20
SESSION_PRIORITY = Path("/proc/self/autogroup")
PR_SET_PDEATHSIG = 1  # of prctl, from linux/prctl.h


def prepare_child(max_bytes: int, niceness: int) -> BinaryIO:
    """Prepare this process to answer the server.

    Parameters
    ----------
    max_bytes
        Limit of its address space, where the system has one; 0 for no limit.
    niceness
        How far its threads stand back behind the server's own.

    Returns
    -------
    BinaryIO
        The pipe to the server. Standard output itself is discarded from now on.
    """
    _enlarge_pipes()
    out = os.fdopen(os.dup(1), "wb")
    _limit_memory(max_bytes)
    lower_priority(niceness)
    _end_with_server()
    _discard_output()  # last, so that an error of the lines above is seen
    return out


def send_bytes(file: BinaryIO, data: bytes) -> None:
    """Write bytes to the pipe at once."""
    file.write(data)
    file.flush()


def _discard_output() -> None:
    """Discard what libraries print: it would break the frames and the server's log, and may quote what was sent."""
    with open(os.devnull, "wb") as null:
        os.dup2(null.fileno(), 1)
        os.dup2(null.fileno(), 2)


def lower_priority(niceness: int) -> None:
    """Stand back behind the server's own process, where the system can.

    Linux shares processors among sessions first (sched(7), "The autogroup feature"): beside other programs the server
    would wait for its own children's share to come round, however nice they are. So each has a session of its own, of
    the same priority, and not the short slice of the server's event loop.
    """
    if not hasattr(os, "nice"):
        return
    os.nice(niceness)
    request_slice(DEFAULT_SLICE)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # it leads a session already, or there are no such groups
            former = SESSION_PRIORITY.read_text().split()  # "/autogroup-16 nice 0"; nothing in the session of init
            os.setsid()
            if former:
                SESSION_PRIORITY.write_text(former[-1])


def peak_bytes() -> int:
    """The most memory that this process has had so far; 0 where the system does not tell.

    Not by `getrusage`: on Linux its figure starts with the memory of the process that started this one.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:  # not Linux
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def _enlarge_pipes() -> None:
    """Let the pipes to the server hold most results whole, where the system can: it then wakes less often for one."""
    try:
        from fcntl import F_SETPIPE_SZ, fcntl
    except ImportError:  # not Linux
        return
    for pipe in (0, 1):
        with contextlib.suppress(OSError):  # no pipe, or more than the system allows
            fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES)


def _limit_memory(max_bytes: int) -> None:
    """Limit the address space of this process, where the system can and has no lower limit itself; 0 for no limit."""
    if not max_bytes:
        return
    try:
        import resource
    except ImportError:  # Windows
        return
    allowed = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = max_bytes if allowed == resource.RLIM_INFINITY else min(max_bytes, allowed)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _end_with_server() -> None:
    """Have the kernel end this process when the server dies, where it can (Linux), as one that is paused would stay."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

"""How soon the kernel lets a thread compute that wakes while others compute: the slice that it asks for.

Linux gives a processor to the thread whose deadline comes first, which is the sooner the shorter the slice is that it
asks for; its share of the processor is the same. From 6.12 on a thread may ask (sched_setattr(2); Documentation/
scheduler/sched-eevdf.rst); older kernels take the call without effect, and other systems have none.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

SHORT_SLICE_NANOSECONDS = 100_000  # the shortest that the kernel gives
DEFAULT_SLICE = 0
THIS_THREAD = 0
CALL_NUMBER_BY_MACHINE = {"x86_64": 314, "aarch64": 274, "riscv64": 274}  # of sched_setattr
ATTRIBUTES = struct.Struct("=IIQiIQQQ")  # size, policy, flags, niceness, priority, slice, deadline, period


def request_slice(nanoseconds: int) -> bool:
    """Ask for a slice for this thread and those that it starts, at their niceness; whether the kernel has taken it.

    Parameters
    ----------
    nanoseconds
        From 100,000 to 100,000,000; DEFAULT_SLICE for what the kernel gives by itself.
    """
    number = CALL_NUMBER_BY_MACHINE.get(platform.machine())
    if sys.platform != "linux" or number is None or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return False
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    attributes = ATTRIBUTES.pack(ATTRIBUTES.size, os.SCHED_OTHER, 0, niceness, 0, nanoseconds, 0, 0)
    return bool(ctypes.CDLL(None).syscall(ctypes.c_long(number), THIS_THREAD, attributes, 0) == 0)

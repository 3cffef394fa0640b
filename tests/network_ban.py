"""Forbids network sockets to this process at the system level: the kernel kills it when it opens one (seccomp, Linux).

    python -m tests.network_ban SCRIPT      runs a script under the ban, of which nothing, no child either, is free

Local sockets (AF_UNIX) stay allowed: event loops wake themselves by them.
"""

from __future__ import annotations

import ctypes
import platform
import runpy
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF: a word of the call's data, a comparison, the verdict
ALLOW, KILL_PROCESS = 0x7FFF0000, 0x80000000
CALL_NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16  # offsets in seccomp_data
SYSTEMS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # AUDIT_ARCH, number of socket()
NETWORK_FAMILIES = (2, 10, 16, 17)  # AF_INET, AF_INET6, AF_NETLINK, AF_PACKET


def is_supported() -> bool:
    """Whether this system has the ban."""
    return sys.platform == "linux" and platform.machine() in SYSTEMS


def forbid_network() -> None:
    """From now on, this process and its children are killed when they open a network socket. OSError."""
    architecture, socket_number = SYSTEMS[platform.machine()]
    count = len(NETWORK_FAMILIES)
    steps = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (JUMP_IF_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL_PROCESS),  # a call by another interface could hide
        (LOAD, 0, 0, CALL_NUMBER_AT),
        (JUMP_IF_EQUAL, 0, count + 1, socket_number),
        (LOAD, 0, 0, FIRST_ARGUMENT_AT),
        *((JUMP_IF_EQUAL, count - n, 0, family) for n, family in enumerate(NETWORK_FAMILIES)),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, KILL_PROCESS),
    ]
    program = b"".join(struct.pack("HBBI", *step) for step in steps)
    instructions = ctypes.create_string_buffer(program, len(program))
    filter_program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_program, 0, 0)):
        if libc.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    forbid_network()
    runpy.run_path(sys.argv[1], run_name="__main__")

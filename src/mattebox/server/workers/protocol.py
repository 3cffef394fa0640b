"""What the server and its worker processes say to each other: frames of a JSON header and a body, over pipes.

4 bytes length of the header | 8 bytes length of the body | header | body        (big-endian)

A task is a frame, and so is its answer; before it a worker may send frames that hold SHARE, what part is done.
"""

from __future__ import annotations

import json
import struct
from typing import Any

LENGTH_PREFIX = struct.Struct(">IQ")
PROGRESS_KEY = "share"


def pack_frame(header: dict[str, Any], body: bytes = b"") -> bytes:
    """One frame."""
    head = json.dumps(header).encode()
    return b"".join((LENGTH_PREFIX.pack(len(head), len(body)), head, body))

"""What the server and its worker processes say to each other: frames of a JSON header and a body, over pipes.

4 bytes length of the header | 8 bytes length of the body | header | body        (big-endian)
"""

from __future__ import annotations

import json
import struct
from typing import Any

LENGTHS = struct.Struct(">IQ")


def packed(header: dict[str, Any], body: bytes = b"") -> bytes:
    """One frame."""
    head = json.dumps(header).encode()
    return b"".join((LENGTHS.pack(len(head), len(body)), head, body))

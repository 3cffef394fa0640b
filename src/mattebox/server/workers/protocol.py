"""Protocol between the server and its worker processes: frames of a JSON header and a body, over pipes.

    4 bytes length of the header | 8 bytes length of the body | header | body        (big-endian)

A task is one frame, and so is its response. Before the response, a worker may send frames with PROGRESS_KEY.
"""

from __future__ import annotations

import io
import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from mattebox.server.progress import SLOW_STEPS

if TYPE_CHECKING:
    import asyncio

LENGTH_PREFIX = struct.Struct(">IQ")
MAX_SHORT_TASK_PIXELS = 500_000  # with a slow step; more take many seconds
PROGRESS_KEY = "progress"


@dataclass(frozen=True)
class WorkerTask:
    """A recipe for a worker to run: the frame's header and body, and the pixels that it holds while it runs."""

    header: dict[str, Any]
    data: bytes
    pixels: int

    @property
    def is_long(self) -> bool:
        """Whether it takes many seconds: it has a slow step and is not small."""
        steps = {step["step"] for step in self.header["recipe"]["steps"]}
        return self.pixels > MAX_SHORT_TASK_PIXELS and not steps.isdisjoint(SLOW_STEPS)

    def pack(self) -> bytes:
        """All of it as one frame, for a job that is stored."""
        return pack_frame({"task": self.header, "pixels": self.pixels}, self.data)

    @classmethod
    def unpack(cls, packed: bytes) -> WorkerTask:
        """The inverse of `pack`."""
        frame = read_frame(io.BytesIO(packed))
        assert frame is not None
        header, data = frame
        return cls(header["task"], data, header["pixels"])


def pack_frame(header: dict[str, Any], body: bytes = b"") -> bytes:
    """One frame as bytes."""
    head = json.dumps(header).encode()
    return b"".join((LENGTH_PREFIX.pack(len(head), len(body)), head, body))


def read_frame(file: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """The header and body of the next frame; None at the end of the file."""
    prefix = file.read(LENGTH_PREFIX.size)
    if len(prefix) < LENGTH_PREFIX.size:
        return None
    head_length, body_length = LENGTH_PREFIX.unpack(prefix)
    return json.loads(file.read(head_length)), file.read(body_length)


async def receive_frame(stream: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
    """The header and body of the next frame. asyncio.IncompleteReadError at the end of the stream."""
    head_length, body_length = LENGTH_PREFIX.unpack(await stream.readexactly(LENGTH_PREFIX.size))
    header = json.loads(await stream.readexactly(head_length))
    return header, await stream.readexactly(body_length) if body_length else b""

"""Protocol between the server and its worker processes: frames of a JSON header and a body, over pipes.

    4 bytes length of the header | 8 bytes length of the body | header | body        (big-endian)

A task is one frame, and so is its response. Before the response, a worker may send frames with PROGRESS_KEY.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO

from mattebox.jobs.stream_encryption import read_start
from mattebox.server.content_buffer import CHUNK_BYTES, BufferedFile, Content, ContentBuffer
from mattebox.server.progress import SLOW_STEPS

if TYPE_CHECKING:
    import asyncio

LENGTH_PREFIX = struct.Struct(">IQ")
MAX_SHORT_TASK_PIXELS = 500_000  # with a slow step; more take many seconds
PROGRESS_KEY = "progress"
PREDICTIONS_KEY = "predictions"  # in a task's header: where they lie; in a response's: bytes of them at its body's end
CLIP_KEY = "clip"  # in a task's header: how its clip is read and written
DEPTH_KEY = "depth"  # in a task's header: how its picture's depth is told, in place of running the recipe
AGENT_KEY = "agent"  # in a task's header: a message that calls a tool, and the folders that it may use
TIMEOUT_KEY = "timeout"  # in a task's header: seconds that it may take, where that is not the settings' time
REFERENCE_KEY = "source_reference"  # in a task's header: what names its source, which is fetched when it runs
OUTPUT_KEY = "output"  # in a task's header: the object that its result becomes, and whether it may replace one
HASHES_KEY = "hashes"  # in a response's header: SHA-256 of what came and of what goes
GIVEN_UP_KEY = "given_up"  # in the header of a frame without a body: nobody waits for the task that was sent last
RUNNING_KEY = "tasks_running"  # in a task's header: how many workers share the processors


@dataclass(frozen=True)
class WorkerTask:
    """A recipe for a worker to run: the frame's header, the contents that follow each other in its body, and the
    pixels that it holds while it runs."""

    header: dict[str, Any]
    contents: tuple[Content, ...]
    pixels: int

    @property
    def is_long(self) -> bool:
        """Whether it takes many seconds: it is a clip, or has a slow step and is not small."""
        if CLIP_KEY in self.header:
            return True
        steps = {step["step"] for step in self.header["recipe"]["steps"]}
        return self.pixels > MAX_SHORT_TASK_PIXELS and not steps.isdisjoint(SLOW_STEPS)

    @property
    def needs_job(self) -> bool:
        """Whether it reads its source, or writes its result, where that may take long: it always becomes a job."""
        return REFERENCE_KEY in self.header or OUTPUT_KEY in self.header

    @property
    def timeout(self) -> int | None:
        """Seconds that it may take; None for what the settings allow."""
        return self.header.get(TIMEOUT_KEY)

    def __iter__(self) -> Iterator[bytes]:
        """All of it as one frame in chunks, for a job that is stored; not on the event loop."""
        yield pack_head({"task": self.header, "pixels": self.pixels}, self.body_bytes)
        yield from chain.from_iterable(self.contents)

    @classmethod
    def from_chunks(cls, chunks: Iterable[bytes], buffer: ContentBuffer) -> WorkerTask:
        """The task that iteration gave as chunks; not on the event loop."""
        prefix, rest = read_start(chunks, LENGTH_PREFIX.size)
        head, body = read_start(rest, LENGTH_PREFIX.unpack(prefix)[0])
        header = json.loads(head)
        return cls(header["task"], (buffer.store_chunks(body),), header["pixels"])

    def with_predictions(self, predictions: Content | None) -> WorkerTask:
        """The task with earlier predictions for its picture, if there are some, that asks for those it ends with."""
        if predictions is None:
            return replace(self, header=self.header | {PREDICTIONS_KEY: None})
        span = (self.body_bytes, self.body_bytes + len(predictions))
        return replace(self, header=self.header | {PREDICTIONS_KEY: span}, contents=(*self.contents, predictions))

    @property
    def body_bytes(self) -> int:
        """Length of the frame's body."""
        return sum(map(len, self.contents))


def pack_head(header: dict[str, Any], body_bytes: int = 0) -> bytes:
    """The start of a frame, which `body_bytes` bytes follow."""
    head = json.dumps(header).encode()
    return LENGTH_PREFIX.pack(len(head), body_bytes) + head


def pack_frame(header: dict[str, Any], body: bytes = b"") -> bytes:
    """One frame as bytes."""
    return pack_head(header, len(body)) + body


def slice_bytes(data: bytes, span: Sequence[int]) -> bytes:
    """The bytes between a span's start and end."""
    return data[span[0] : span[1]]


def read_frame(file: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """The header and body of the next frame; None at the end of the file."""
    prefix = file.read(LENGTH_PREFIX.size)
    if len(prefix) < LENGTH_PREFIX.size:
        return None
    head_length, body_length = LENGTH_PREFIX.unpack(prefix)
    return json.loads(file.read(head_length)), file.read(body_length)


async def send_frame(stream: asyncio.StreamWriter, header: dict[str, Any], contents: Sequence[Content]) -> None:
    """Send a frame, a chunk of its body at a time."""
    stream.write(pack_head(header, sum(map(len, contents))))
    for content in contents:
        async for chunk in content.stream_chunks():
            stream.write(chunk)
            await stream.drain()
    await stream.drain()


async def receive_frame(stream: asyncio.StreamReader, buffer: ContentBuffer) -> tuple[dict[str, Any], Content]:
    """The header and body of the next frame. asyncio.IncompleteReadError at the end of the stream."""
    head_bytes, body_bytes = LENGTH_PREFIX.unpack(await stream.readexactly(LENGTH_PREFIX.size))
    header = json.loads(await stream.readexactly(head_bytes))
    file = BufferedFile(buffer)
    while len(file) < body_bytes:
        await file.append(await stream.readexactly(min(CHUNK_BYTES, body_bytes - len(file))))
    return header, file.content()

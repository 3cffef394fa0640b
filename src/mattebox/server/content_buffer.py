"""Buffer of the bytes of uploads and results in hand: a few megabytes of each in memory, the rest encrypted on disk.

A file on disk has no name where the system allows that, and is encrypted with a key that only this process holds, so
whatever remains of it after a crash cannot be read. All bytes in hand count towards one budget, those of them in memory
towards another.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeVar

from mattebox.errors import MatteboxError
from mattebox.jobs.encryption import AesGcmCipher

T = TypeVar("T")

# Encrypted at a time; a multiple of 3 and 4, for base64, and below the size of blocks that
# malloc asks the system for, which costs as much as the encryption.
CHUNK_BYTES = 96_000
DISK_THREADS = 2
MAX_CHUNKS_IN_MEMORY = 40  # of one file, its first ones: handing one to a thread costs more than keeping it
MAX_BYTES_IN_MEMORY = 32_000_000  # of all files together, but for each one's last chunk


class BufferUnavailable(MatteboxError):
    """The disk does not take a file."""

    code = "storage_full"


class ContentBuffer:
    """All files in hand.

    Parameters
    ----------
    folder
        Where files lie that memory has no room for; created when the first one does.
    max_bytes
        Length of all files together from which `has_room` refuses more.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder, self.max_bytes = folder, max_bytes
        self.byte_count = self.bytes_in_memory = 0
        self.cipher = AesGcmCipher(os.urandom(32))
        self._lock = threading.Lock()
        self._disk_pool = ThreadPoolExecutor(DISK_THREADS, "buffer")

    def has_room(self, count: int) -> bool:
        """Whether so many more bytes are within the budget."""
        return self.byte_count + count <= self.max_bytes

    def store(self, content: bytes | memoryview) -> Content:
        """Put bytes into a new file, from any thread."""
        return self.store_chunks((content,))

    def store_chunks(self, chunks: Iterable[bytes | memoryview]) -> Content:
        """Put bytes that come in chunks into a new file, from any thread."""
        file = BufferedFile(self)
        for chunk in chunks:
            file.write(chunk)
        return file.content()

    async def run_on_disk_thread(self, function: Callable[[], T]) -> T:
        """Run a function that may wait for the disk."""
        return await asyncio.get_running_loop().run_in_executor(self._disk_pool, function)

    def close(self) -> None:
        """End the threads."""
        self._disk_pool.shutdown()

    def open_temporary_file(self) -> BinaryIO:
        """A file without a name. BufferUnavailable."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return tempfile.TemporaryFile(dir=self.folder, prefix=".buffer-", buffering=0)
        except OSError as error:
            raise _unavailable_error(error) from error

    def count_bytes(self, count: int) -> None:
        """Add to the bytes in hand; negative when a file is closed."""
        with self._lock:
            self.byte_count += count

    def reserve_memory(self, count: int) -> bool:
        """Whether memory has room for so many more bytes, which are then counted; negative gives them back."""
        with self._lock:
            has_room = self.bytes_in_memory + count <= MAX_BYTES_IN_MEMORY
            self.bytes_in_memory += count if has_room else 0
            return has_room


class BufferedFile:
    """One file, written from its start to its end, then read anywhere. It goes with the last reference to it."""

    def __init__(self, buffer: ContentBuffer) -> None:
        self.buffer = buffer
        self._tail = bytearray()  # not yet a full chunk
        self._kept: list[bytes] = []  # the first chunks, in memory
        self._file: BinaryIO | None = None
        self._stored = 0  # chunks on disk
        self._name = os.urandom(8).hex()  # binds chunks to this file
        self._lock = threading.Lock()
        self.is_closed = False

    def __len__(self) -> int:
        return (len(self._kept) + self._stored) * CHUNK_BYTES + len(self._tail)

    def __del__(self) -> None:
        self.close()

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes, from any thread but the event loop's. BufferUnavailable."""
        for start in range(0, len(data), CHUNK_BYTES):
            piece = memoryview(data)[start : start + CHUNK_BYTES]
            self.buffer.count_bytes(len(piece))
            self._tail += piece
            self._write_full_chunks()

    async def append(self, data: bytes) -> None:
        """Append bytes on the event loop; chunks that go to the disk are written in a thread. BufferUnavailable."""
        self.buffer.count_bytes(len(data))
        self._tail += data
        self._keep_full_chunks()
        if len(self._tail) > CHUNK_BYTES:
            await self.buffer.run_on_disk_thread(self._write_full_chunks)

    def content(self) -> Content:
        """All that has been written."""
        return Content(self, 0, len(self))

    def read_range(self, start: int, end: int) -> bytes:
        """Bytes of a part of the file."""
        numbers = range(start // CHUNK_BYTES, -(-min(end, len(self)) // CHUNK_BYTES))
        if len(numbers) == 1:  # nothing is copied where it is a whole one
            at = numbers[0] * CHUNK_BYTES
            return self._read_chunk(numbers[0])[start - at : end - at]
        joined = BytesIO()  # with `join`, all would be in memory twice
        for number in numbers:
            at = number * CHUNK_BYTES
            joined.write(self._read_chunk(number)[max(0, start - at) : max(0, end - at)])
        return joined.getvalue()

    def is_in_memory(self, start: int, end: int) -> bool:
        """Whether reading a part needs no disk."""
        on_disk = len(self._kept) * CHUNK_BYTES, (len(self._kept) + self._stored) * CHUNK_BYTES
        return not self._stored or end <= on_disk[0] or start >= on_disk[1]

    def close(self) -> None:
        """Delete the file."""
        with self._lock:
            if not self.is_closed:
                self.is_closed = True
                self.buffer.count_bytes(-len(self))
                self.buffer.reserve_memory(-CHUNK_BYTES * len(self._kept))
                self._kept.clear()
                self._tail.clear()
                if self._file is not None:
                    self._file.close()

    def _keep_full_chunks(self) -> None:
        """Keep full chunks in memory while there is room; none after the first one that went to the disk."""
        with self._lock:
            while (
                len(self._tail) > CHUNK_BYTES
                and not (self.is_closed or self._stored)
                and len(self._kept) < MAX_CHUNKS_IN_MEMORY
                and self.buffer.reserve_memory(CHUNK_BYTES)
            ):
                self._kept.append(self._take_chunk())

    def _write_full_chunks(self) -> None:
        self._keep_full_chunks()
        with self._lock:
            while len(self._tail) > CHUNK_BYTES and not self.is_closed:
                name = self._chunk_name(len(self._kept) + self._stored)
                stored = self.buffer.cipher.encrypt(bytes(memoryview(self._tail)[:CHUNK_BYTES]), name)
                self._write_at(self._stored * len(stored), stored)
                self._stored += 1
                del self._tail[:CHUNK_BYTES]

    def _take_chunk(self) -> bytes:
        chunk = bytes(memoryview(self._tail)[:CHUNK_BYTES])
        del self._tail[:CHUNK_BYTES]
        return chunk

    def _write_at(self, place: int, stored: bytes) -> None:
        if self._file is None:
            self._file = self.buffer.open_temporary_file()
        try:
            self._file.seek(place)
            while stored:
                stored = stored[self._file.write(stored) :]
        except OSError as error:
            raise _unavailable_error(error) from error

    def _read_chunk(self, number: int) -> bytes:
        with self._lock:
            if number < len(self._kept):
                return self._kept[number]
            if number >= len(self._kept) + self._stored:
                return bytes(self._tail)
            assert self._file is not None
            length = CHUNK_BYTES + self.buffer.cipher.overhead_bytes
            self._file.seek((number - len(self._kept)) * length)
            stored = self._file.read(length)
        return self.buffer.cipher.decrypt(stored, self._chunk_name(number))

    def _chunk_name(self, number: int) -> str:
        return f"{self._name}/{number}"


@dataclass(frozen=True)
class Content:
    """A file, or a part of one."""

    file: BufferedFile
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def part(self, start: int, end: int) -> Content:
        """A part of this one; nothing is copied."""
        return Content(self.file, self.start + start, self.start + min(end, len(self)))

    def read(self, start: int = 0, end: int | None = None) -> bytes:
        """The bytes, or a part of them; not on the event loop."""
        stop = self.end if end is None else min(self.end, self.start + end)
        return self.file.read_range(self.start + start, stop)

    def __iter__(self) -> Iterator[bytes]:
        """The bytes in chunks; not on the event loop."""
        for start in range(0, len(self), CHUNK_BYTES):
            yield self.read(start, start + CHUNK_BYTES)

    async def stream_chunks(self) -> AsyncIterator[bytes]:
        """The bytes in chunks of CHUNK_BYTES, read in a thread when they are on disk."""
        for start in range(0, len(self), CHUNK_BYTES):
            end = start + CHUNK_BYTES
            if self.file.is_in_memory(self.start + start, min(self.start + end, self.end)):
                yield self.read(start, end)
            else:
                yield await self.file.buffer.run_on_disk_thread(partial(self.read, start, end))


def _unavailable_error(error: OSError) -> BufferUnavailable:
    return BufferUnavailable(f"the disk does not take the upload ({error.strerror or error})", "try again in a while")

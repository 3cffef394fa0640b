"""Buffer of the bytes of uploads and results in hand, small ones in memory, larger ones encrypted on disk.

A file on disk has no name where the system allows that, and is encrypted with a key that only this process holds, so
whatever remains of it after a crash cannot be read. All bytes in hand count towards one budget.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeVar

from mattebox.errors import MatteboxError
from mattebox.jobs.encryption import AesGcmCipher

T = TypeVar("T")

# Encrypted at a time, and in memory at most; a multiple of 3 and 4, for base64, and below the size of blocks that
# malloc asks the system for, which costs as much as the encryption.
CHUNK_BYTES = 96_000
DISK_THREADS = 2


class BufferUnavailable(MatteboxError):
    """The disk does not take a file."""

    code = "storage_full"


class ContentBuffer:
    """All files in hand.

    Parameters
    ----------
    folder
        Where files larger than CHUNK_BYTES lie; created when the first one does.
    max_bytes
        Length of all files together from which `has_room` refuses more.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder, self.max_bytes = folder, max_bytes
        self.byte_count = 0
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


class BufferedFile:
    """One file, written from its start to its end, then read anywhere. It goes with the last reference to it."""

    def __init__(self, buffer: ContentBuffer) -> None:
        self.buffer = buffer
        self._tail = bytearray()  # not yet a full chunk
        self._file: BinaryIO | None = None
        self._chunks = 0  # on disk
        self._name = os.urandom(8).hex()  # binds chunks to this file
        self._lock = threading.Lock()
        self.is_closed = False

    def __len__(self) -> int:
        return self._chunks * CHUNK_BYTES + len(self._tail)

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
        """Append bytes on the event loop; full chunks are written in a thread. BufferUnavailable."""
        self.buffer.count_bytes(len(data))
        self._tail += data
        if len(self._tail) > CHUNK_BYTES:
            await self.buffer.run_on_disk_thread(self._write_full_chunks)

    def content(self) -> Content:
        """All that has been written."""
        return Content(self, 0, len(self))

    def read_range(self, start: int, end: int) -> bytes:
        """Bytes of a part of the file."""
        joined = BytesIO()  # with `join`, all would be in memory twice
        for chunk in range(start // CHUNK_BYTES, -(-min(end, len(self)) // CHUNK_BYTES)):
            at = chunk * CHUNK_BYTES
            joined.write(self._read_chunk(chunk)[max(0, start - at) : max(0, end - at)])
        return joined.getvalue()

    @property
    def is_in_memory(self) -> bool:
        """Whether reading it needs no disk."""
        return self._file is None

    def close(self) -> None:
        """Delete the file."""
        with self._lock:
            if not self.is_closed:
                self.is_closed = True
                self.buffer.count_bytes(-len(self))
                self._tail.clear()
                if self._file is not None:
                    self._file.close()

    def _write_full_chunks(self) -> None:
        with self._lock:
            while len(self._tail) > CHUNK_BYTES and not self.is_closed:
                stored = self.buffer.cipher.encrypt(bytes(self._tail[:CHUNK_BYTES]), self._chunk_name(self._chunks))
                self._write_at(self._chunks * len(stored), stored)
                self._chunks += 1
                del self._tail[:CHUNK_BYTES]

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
            if number >= self._chunks:
                return bytes(self._tail)
            assert self._file is not None
            length = CHUNK_BYTES + self.buffer.cipher.overhead_bytes
            self._file.seek(number * length)
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

            def read(start: int = start) -> bytes:
                return self.read(start, start + CHUNK_BYTES)

            yield read() if self.file.is_in_memory else await self.file.buffer.run_on_disk_thread(read)


def _unavailable_error(error: OSError) -> BufferUnavailable:
    return BufferUnavailable(f"the disk does not take the upload ({error.strerror or error})", "try again in a while")

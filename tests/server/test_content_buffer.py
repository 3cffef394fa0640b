"""The buffer: bytes come back as they were, are encrypted on disk, have no name there, and count while in hand.

Files lie on disk but for their last chunk, unless a test says how many chunks are kept in memory.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import os
from pathlib import Path
from typing import Any

import pytest

from mattebox.jobs.encryption import DecryptionError
from mattebox.server import content_buffer
from mattebox.server.content_buffer import CHUNK_BYTES, BufferedFile, BufferUnavailable, Content, ContentBuffer

SIZES = (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 400_001)


def pattern(size: int) -> bytes:
    return bytes(range(251)) * (size // 251 + 1)


@pytest.fixture(autouse=True)
def nothing_is_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_buffer, "MAX_CHUNKS_IN_MEMORY", 0)


@pytest.fixture(params=[0, 2, 40])
def kept_chunks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    count = int(request.param)
    monkeypatch.setattr(content_buffer, "MAX_CHUNKS_IN_MEMORY", count)
    return count


@pytest.fixture
def buffer(tmp_path: Path) -> ContentBuffer:
    return ContentBuffer(tmp_path / "in" / "hand", 1_000_000)


@pytest.mark.usefixtures("kept_chunks")
@pytest.mark.parametrize("size", SIZES)
def test_what_was_written_is_read(buffer: ContentBuffer, size: int) -> None:
    data = pattern(size)[:size]
    content = buffer.store(data)
    assert (len(content), content.read()) == (size, data)
    assert b"".join(content) == data
    for start, end in ((0, 10), (size // 2, size // 2 + CHUNK_BYTES), (size - 3, size + 50), (size, size + 1)):
        assert content.read(max(0, start), end) == data[max(0, start) : end]
    part = content.part(size // 3, size // 3 + 150_000)
    assert part.read() == data[size // 3 : size // 3 + 150_000]
    assert part.read(5, 9) == part.read()[5:9]


@pytest.mark.usefixtures("kept_chunks")
@pytest.mark.parametrize("size", SIZES)
def test_what_arrives_on_the_event_loop_is_the_same(buffer: ContentBuffer, size: int) -> None:
    data = pattern(size)[:size]

    async def copy() -> bytes:
        file = BufferedFile(buffer)
        for start in range(0, size, 65_000):
            await file.append(data[start : start + 65_000])
        return b"".join([chunk async for chunk in file.content().stream_chunks()])

    assert asyncio.run(copy()) == data


def test_small_files_stay_in_memory_and_large_ones_have_no_name(buffer: ContentBuffer) -> None:
    small = buffer.store(bytes(CHUNK_BYTES))
    assert small.file.is_in_memory(0, len(small))
    assert not buffer.folder.exists()
    large = buffer.store(bytes(2 * CHUNK_BYTES))
    assert not large.file.is_in_memory(0, len(large))
    assert large.file.is_in_memory(CHUNK_BYTES, len(large))
    if os.name == "posix":
        assert list(buffer.folder.iterdir()) == []


def test_memory_keeps_the_first_chunks_while_all_files_together_are_within_its_budget(
    buffer: ContentBuffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_buffer, "MAX_CHUNKS_IN_MEMORY", 3)
    monkeypatch.setattr(content_buffer, "MAX_BYTES_IN_MEMORY", 4 * CHUNK_BYTES)
    data = pattern(5 * CHUNK_BYTES)[: 5 * CHUNK_BYTES]
    first, second = buffer.store(data), buffer.store(data)
    for content, kept in ((first, 3), (second, 1)):
        assert content.file.is_in_memory(0, kept * CHUNK_BYTES)
        assert not content.file.is_in_memory(kept * CHUNK_BYTES - 1, kept * CHUNK_BYTES + 1)
        assert content.file.is_in_memory(4 * CHUNK_BYTES, 5 * CHUNK_BYTES)
        assert content.read() == data
        assert content.read(CHUNK_BYTES + 7, 4 * CHUNK_BYTES + 9) == data[CHUNK_BYTES + 7 : 4 * CHUNK_BYTES + 9]
    assert buffer.bytes_in_memory == 4 * CHUNK_BYTES
    first.file.close()
    assert buffer.bytes_in_memory == CHUNK_BYTES
    assert buffer.store(data[: 2 * CHUNK_BYTES]).file.is_in_memory(0, 2 * CHUNK_BYTES)
    second.file.close()
    assert (buffer.bytes_in_memory, buffer.byte_count) == (0, 0)


def test_what_memory_keeps_needs_no_thread(buffer: ContentBuffer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise AssertionError("a thread was asked")

    async def copy(data: bytes) -> bytes:
        file = BufferedFile(buffer)
        await file.append(data)
        return b"".join([chunk async for chunk in file.content().part(100, 350_000).stream_chunks()])

    monkeypatch.setattr(content_buffer, "MAX_CHUNKS_IN_MEMORY", 40)
    monkeypatch.setattr(ContentBuffer, "run_on_disk_thread", refuse)
    data = pattern(400_000)
    assert asyncio.run(copy(data)) == data[100:350_000]


def test_the_disk_sees_no_picture(buffer: ContentBuffer, monkeypatch: pytest.MonkeyPatch) -> None:
    files = []
    open_file = buffer.open_temporary_file

    def remember() -> Any:
        files.append(open_file())
        return files[-1]

    monkeypatch.setattr(buffer, "open_temporary_file", remember)
    content = buffer.store(b"the same words " * 20_000)
    files[0].seek(0)
    stored = files[0].read()
    assert b"the same words" not in stored
    files[0].seek(0)
    files[0].write(stored[:100] + bytes([stored[100] ^ 1]) + stored[101:])
    with pytest.raises(DecryptionError):
        content.read()


def test_bytes_are_counted_until_nobody_holds_them(buffer: ContentBuffer) -> None:
    gc.disable()  # files must go without it
    try:
        contents: list[Content] = [buffer.store(bytes(300_000)) for _ in range(3)]
        assert buffer.byte_count == 900_000
        assert buffer.has_room(100_000)
        assert not buffer.has_room(100_001)
        part = contents[0].part(0, 10)
        contents.clear()
        assert buffer.byte_count == 300_000
        assert part.read() == bytes(10)
        part.file.close()
        part.file.close()
        assert buffer.byte_count == 0
    finally:
        gc.enable()


def test_a_full_disk_is_an_error_with_a_remedy(buffer: ContentBuffer, monkeypatch: pytest.MonkeyPatch) -> None:
    class FullDisk:
        def seek(self, _: int) -> None: ...
        def close(self) -> None: ...
        def write(self, _: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(buffer, "open_temporary_file", FullDisk)
    with pytest.raises(BufferUnavailable, match="No space left"):
        buffer.store(bytes(900_000))  # of which the rest is never counted
    assert buffer.byte_count == 0


def test_a_folder_that_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BufferUnavailable):
        ContentBuffer(tmp_path / "file" / "below", 1000).store(bytes(200_000))

"""Frames between server and workers, read from files and streams, and stored tasks."""

import asyncio
import io

import pytest

from mattebox.server.workers.protocol import WorkerTask, pack_frame, read_frame, receive_frame


def test_frames_of_a_file() -> None:
    file = io.BytesIO(pack_frame({"a": 1}, b"body") + pack_frame({}))
    assert [read_frame(file) for _ in range(3)] == [({"a": 1}, b"body"), ({}, b""), None]


def test_frames_of_a_stream() -> None:
    async def receive_all() -> list[tuple[dict[str, int], bytes]]:
        stream = asyncio.StreamReader()
        stream.feed_data(pack_frame({"a": 1}, b"body") + pack_frame({}))
        stream.feed_eof()
        frames = [await receive_frame(stream) for _ in range(2)]
        with pytest.raises(asyncio.IncompleteReadError):
            await receive_frame(stream)
        return frames

    assert asyncio.run(receive_all()) == [({"a": 1}, b"body"), ({}, b"")]


def test_a_stored_task() -> None:
    task = WorkerTask({"recipe": {"steps": []}}, b"\0picture", 12)
    assert WorkerTask.unpack(task.pack()) == task

"""Frames between server and workers, read from files and streams, and stored tasks."""

import asyncio
import io

import pytest

from mattebox.server.content_buffer import CHUNK_BYTES
from mattebox.server.workers.protocol import GIVEN_UP_KEY, WorkerTask, pack_frame, read_frame, receive_frame
from mattebox.server.workers.task_reader import TaskReader
from tests.serving import make_buffer


def test_frames_of_a_file() -> None:
    file = io.BytesIO(pack_frame({"a": 1}, b"body") + pack_frame({}))
    assert [read_frame(file) for _ in range(3)] == [({"a": 1}, b"body"), ({}, b""), None]


def test_tasks_are_read_while_one_runs_and_can_be_given_up() -> None:
    """In the order of the pipe: what is given up is the task before."""
    events: list[str] = []
    pipe = io.BytesIO(pack_frame({"task": 1}, b"a") + pack_frame({GIVEN_UP_KEY: True}) + pack_frame({"task": 2}, b"b"))
    tasks = TaskReader(pipe, lambda: events.append("task"), lambda: events.append("given up"))
    assert list(tasks) == [({"task": 1}, b"a"), ({"task": 2}, b"b")]
    assert events == ["task", "given up", "task", "task"]  # the last one is the end of the pipe


def test_frames_of_a_stream() -> None:
    large = bytes(range(250)) * 2000

    async def receive_all() -> list[tuple[dict[str, int], bytes]]:
        stream, buffer = asyncio.StreamReader(), make_buffer()
        stream.feed_data(pack_frame({"a": 1}, large) + pack_frame({}))
        stream.feed_eof()
        frames = [await receive_frame(stream, buffer) for _ in range(2)]
        with pytest.raises(asyncio.IncompleteReadError):
            await receive_frame(stream, buffer)
        return [(header, content.read()) for header, content in frames]

    assert asyncio.run(receive_all()) == [({"a": 1}, large), ({}, b"")]


def test_a_stored_task() -> None:
    buffer = make_buffer()
    contents = (buffer.store(b"\0picture"), buffer.store(b"another " * 40_000))
    task = WorkerTask({"recipe": {"steps": []}}, contents, 12)
    stored = WorkerTask.from_chunks(task, buffer)
    assert (stored.header, stored.pixels) == (task.header, task.pixels)
    assert [content.read() for content in stored.contents] == [b"\0picture" + b"another " * 40_000]
    assert max(map(len, task)) <= CHUNK_BYTES

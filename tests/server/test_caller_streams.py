"""Streams of server-sent events are counted from when their response is sent, not from their first event on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mattebox.server import caller_streams
from mattebox.server.caller_streams import CallerStreams, CountedStream
from mattebox.server.http.problems import Problem

SCOPE = {"type": "http", "asgi": {"spec_version": "2.4"}}


def test_a_crowd_that_comes_at_once_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller_streams, "MAX_STREAMS", 2)
    streams, release, sent = CallerStreams(), asyncio.Event(), list[Any]()

    async def wait() -> AsyncIterator[str]:
        await release.wait()
        yield "event: done\n\n"

    async def follow() -> None:
        streams.check_room("caller")
        await CountedStream(streams, "caller", wait())(SCOPE, receive, send)

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    async def main() -> list[Any]:
        followers = [asyncio.create_task(follow()) for _ in range(5)]
        await asyncio.sleep(0)
        release.set()
        return await asyncio.gather(*followers, return_exceptions=True)

    outcomes = asyncio.run(main())
    assert [isinstance(outcome, Problem) for outcome in outcomes] == [False, False, True, True, True]
    assert sum(message["type"] == "http.response.start" for message in sent) == 2
    streams.check_room("caller")
    assert not streams._counts

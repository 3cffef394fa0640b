"""Crowds of connections: accepted a few at a time, and no address takes those that are kept for others."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from mattebox.server import caller_streams
from mattebox.server.caller_streams import CallerStreams
from mattebox.server.http.connection_shares import ConnectionShares
from mattebox.server.http.problems import Problem
from mattebox.server.http.timeout_protocol import TimeoutProtocol
from mattebox.server.shutdown import CONNECTIONS_PER_TURN, GracefulServer
from tests.serving import HOST

LIMIT = 20
REQUEST = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def run_server(limit: int) -> AsyncIterator[tuple[GracefulServer, int]]:
    """A server with at most `limit` connections, and its port."""
    listener, is_listening = socket.socket(), asyncio.Event()
    listener.bind((HOST, 0))
    config = uvicorn.Config(
        answer, http=TimeoutProtocol, lifespan="off", log_level="error", access_log=False, limit_concurrency=limit,
        backlog=CONNECTIONS_PER_TURN,
    )  # fmt: skip
    state: Any = SimpleNamespace(startup_error=None, is_ready=False, is_stopping=False)
    server = GracefulServer(config, state, is_listening.set)
    task = asyncio.create_task(server.serve([listener]))
    await is_listening.wait()
    try:
        yield server, listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def ask(port: int, path: bytes, address: str = HOST) -> tuple[asyncio.StreamWriter, bytes]:
    """The open connection of a request from an address, and the response."""
    reader, writer = await asyncio.open_connection(HOST, port, local_addr=(address, 0))
    writer.write(REQUEST % path)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length:"))
    return writer, head + await reader.readexactly(int(length.partition(b":")[2]))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere this machine has one loopback address")
def test_an_address_leaves_the_last_connections_to_others() -> None:
    async def main() -> None:
        async with run_server(LIMIT) as (_, port):
            opened = [await ask(port, b"x") for _ in range(LIMIT)]
            statuses = Counter(response[9:12] for _, response in opened)
            assert statuses == {b"200": 17, b"503": 3}
            opened.append(await ask(port, b"x", "127.0.0.2"))
            assert opened[-1][1][9:12] == b"200"
            head, _, body = opened[-2][1].partition(b"\r\n\r\n")
            assert b"retry-after: 5" in head.lower()
            assert json.loads(body)["code"] == "busy"
            opened.append(await ask(port, b"v1.0/removebg"))
            assert json.loads(opened[-1][1].partition(b"\r\n\r\n")[2])["errors"][0]["code"] == "busy"
            for writer, _ in opened:
                writer.close()
                await writer.wait_closed()

    asyncio.run(main())


def test_shares_of_addresses_that_have_gone() -> None:
    shares = ConnectionShares()
    for _ in range(11):
        shares.add("a")
    assert (shares.limit_for("a", LIMIT), shares.limit_for("b", LIMIT)) == (18, 20)
    shares.remove("a")
    assert shares.limit_for("a", LIMIT) == 20


def test_a_crowd_is_accepted_a_few_at_a_time_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, turn, made = Counter[int](), 0, TimeoutProtocol.connection_made

    def count(protocol: TimeoutProtocol, transport: asyncio.Transport) -> None:
        turns[turn] += 1
        made(protocol, transport)

    async def main() -> None:
        nonlocal turn
        async with run_server(100) as (_, port):
            monkeypatch.setattr(TimeoutProtocol, "connection_made", count)
            crowd = [socket.create_connection((HOST, port), 10) for _ in range(60)]  # before the loop's next turn
            while sum(turns.values()) < len(crowd):
                turn += 1
                await asyncio.sleep(0)
            for connection in crowd:
                connection.close()

    asyncio.run(main())
    assert max(turns.values()) <= CONNECTIONS_PER_TURN + 1


def test_a_caller_follows_so_many_jobs_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller_streams, "MAX_STREAMS", 1)
    streams = CallerStreams()
    with streams.count("greedy"):
        streams.check_room("good")
        with pytest.raises(Problem, match="follow") as refused:
            streams.check_room("greedy")
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "5"})
    streams.check_room("greedy")

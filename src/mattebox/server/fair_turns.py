"""One thing that many callers use by turns: a crowd of one caller's calls delays another's by one.

Round robin among those who wait (Nagle 1987, "On Packet Switches with Infinite Storage").
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class FairTurns:
    """Who has the turn, and who waits for it."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # by caller, whose turn is next first
        self._is_taken = False

    async def run(self, caller: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do some work when its caller's turn comes. It is not interrupted, even when nobody waits for it any more."""
        await self._wait_for_turn(caller)

        async def finish() -> T:
            try:
                return await work()
            finally:
                self._pass_on()

        return await asyncio.shield(asyncio.create_task(finish()))

    async def _wait_for_turn(self, caller: str) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was given the turn at the same moment
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give the turn to the next caller who still waits."""
        while self._waiting:
            caller = next(iter(self._waiting))
            turns = self._waiting.pop(caller)
            turn = turns.popleft()
            if turns:
                self._waiting[caller] = turns  # behind all others
            if not turn.done():
                turn.set_result(None)
                return
        self._is_taken = False

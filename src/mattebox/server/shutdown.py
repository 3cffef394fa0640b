"""How the server stops: told to, it is no longer ready, finishes what it has in hand, hands the rest back, and goes.

While that lasts it still answers: /readyz with 503, new work with 503 and Retry-After, and questions about jobs.
"""

from __future__ import annotations

import asyncio
import signal
import time
from types import FrameType

import uvicorn

from mattebox.server.state import House

LINGER = 1.0  # seconds at least after SIGTERM, so that whoever asks /readyz sees it
CLOSING = 2  # seconds for connections that are still open then


class Server(uvicorn.Server):
    """uvicorn's server, leaving gently: the first signal begins it, a second one ends it at once."""

    def __init__(self, config: uvicorn.Config, house: House) -> None:
        super().__init__(config)
        self.house = house
        self._told = self._gently = 0.0
        self._closing: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._told or not self.house.ready:
            super().handle_exit(sig, frame)
            return
        self._told = time.monotonic()
        self._gently = LINGER if sig == signal.SIGTERM else 0.0
        self.house.leaving = True

    async def on_tick(self, counter: int) -> bool:
        if self.house.leaving and not self.should_exit:
            if self._closing is None:
                self._closing = asyncio.create_task(self.house.office.close(self.house.settings.drain))
            waited = time.monotonic() - self._told
            done = self._closing.done() and not self.house.in_hand and waited >= self._gently
            self.should_exit = done or waited >= self.house.settings.drain
        return await super().on_tick(counter)

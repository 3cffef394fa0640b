"""How the server stops: told to, it is no longer ready, finishes what it has in hand, hands the rest back, and goes.

While that lasts it still answers: /readyz with 503, new work with 503 and Retry-After, and questions about jobs.
"""

from __future__ import annotations

import asyncio
import signal
import time
from types import FrameType

import uvicorn

from mattebox.server.state import AppState

MIN_SHUTDOWN_SECONDS = 1.0  # seconds at least after SIGTERM, so that whoever asks /readyz sees it
CONNECTION_CLOSE_SECONDS = 2  # seconds for connections that are still open then


class GracefulServer(uvicorn.Server):
    """uvicorn's server, leaving gently: the first signal begins it, a second one ends it at once."""

    def __init__(self, config: uvicorn.Config, app_state: AppState) -> None:
        super().__init__(config)
        self.app_state = app_state
        self._signalled_at = self._min_shutdown_seconds = 0.0
        self._closing_task: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._signalled_at or not self.app_state.is_ready:
            super().handle_exit(sig, frame)
            return
        self._signalled_at = time.monotonic()
        self._min_shutdown_seconds = MIN_SHUTDOWN_SECONDS if sig == signal.SIGTERM else 0.0
        self.app_state.is_stopping = True

    async def on_tick(self, counter: int) -> bool:
        if self.app_state.is_stopping and not self.should_exit:
            if self._closing_task is None:
                self._closing_task = asyncio.create_task(
                    self.app_state.job_service.close(self.app_state.settings.drain)
                )
            waited = time.monotonic() - self._signalled_at
            done = (
                self._closing_task.done()
                and not self.app_state.requests_in_flight
                and waited >= self._min_shutdown_seconds
            )
            self.should_exit = done or waited >= self.app_state.settings.drain
        return await super().on_tick(counter)

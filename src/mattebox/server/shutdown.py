"""Start and graceful shutdown: on a signal, finish or hand back the work in progress, then exit.

Until then the server still responds: /readyz with 503, new work with 503 and Retry-After, and questions about jobs.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from mattebox.server.state import AppState

MIN_SHUTDOWN_SECONDS = 1.0  # after SIGTERM, so that a load balancer sees /readyz fail
CONNECTION_CLOSE_SECONDS = 2  # for connections that are still open at the end
CONNECTIONS_PER_TURN = 8  # accepted in one turn of the event loop, so that those of a crowd do not hold up the others
MAX_PENDING_CONNECTIONS = 2048  # that the system keeps until they are accepted


class GracefulServer(uvicorn.Server):
    """uvicorn's server with a graceful shutdown on the first signal and an immediate one on the second.

    Its configuration's `backlog` is CONNECTIONS_PER_TURN. `on_listening` is called once it takes requests. Where the
    services do not start, `run` raises their error.
    """

    def __init__(self, config: uvicorn.Config, app_state: AppState, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self.app_state, self._on_listening = app_state, on_listening
        self._signalled_at = self._min_shutdown_seconds = 0.0
        self._closing_task: asyncio.Task[None] | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        logger = logging.getLogger("uvicorn.error")
        logger.addFilter(self._keeps_record)
        try:
            super().run(sockets)
        except SystemExit:
            if self.app_state.startup_error is None:
                raise
        finally:
            logger.removeFilter(self._keeps_record)
        if self.app_state.startup_error is not None:
            raise self.app_state.startup_error

    def _keeps_record(self, record: logging.LogRecord) -> bool:
        """A log filter: uvicorn's traceback of a failed start is left out, as `run` raises the error itself."""
        return self.app_state.startup_error is None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():  # asyncio has told the system to keep as many as it accepts in a turn
            listener.listen(MAX_PENDING_CONNECTIONS)
        if self.started:
            self._on_listening()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._signalled_at or not self.app_state.is_ready:
            super().handle_exit(sig, frame)
            return
        self._signalled_at = time.monotonic()
        self._min_shutdown_seconds = MIN_SHUTDOWN_SECONDS if sig == signal.SIGTERM else 0.0
        self.app_state.is_stopping = True

    async def on_tick(self, counter: int) -> bool:
        if self.app_state.is_stopping and not self.should_exit:
            self.should_exit = self._is_drained()
        return await super().on_tick(counter)

    def _is_drained(self) -> bool:
        """Whether no work is in progress any more, or the time for it is over. The first call closes the jobs."""
        state = self.app_state
        if self._closing_task is None:
            self._closing_task = asyncio.create_task(state.job_service.close(state.settings.drain))
        elapsed = time.monotonic() - self._signalled_at
        is_idle = self._closing_task.done() and not state.requests_in_flight
        return (is_idle and elapsed >= self._min_shutdown_seconds) or elapsed >= state.settings.drain

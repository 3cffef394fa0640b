"""Processing of one picture while its client waits: queued, run on a worker, counted, given up when the client goes."""

from __future__ import annotations

import asyncio

from fastapi import Request

from mattebox.server.http.disconnection import run_while_connected
from mattebox.server.state import AppState
from mattebox.server.workers.protocol import WorkerTask
from mattebox.server.workers.task_execution import execute_task
from mattebox.server.workers.worker_pool import WorkerResponse


async def process_picture(
    request: Request, state: AppState, caller: str, task: WorkerTask, arrived_at: float
) -> WorkerResponse:
    """Run a task and count it in the caller's usage.

    Parameters
    ----------
    request
        Its body has been read; when its client closes the connection, the task is given up.
    state
        The server's workers and usage.
    caller
        Whose task it is.
    task
        From `prepare_task`.
    arrived_at
        When the request was complete, on the monotonic clock.

    Raises
    ------
    ClientDisconnect
        The client has gone.
    Problem
        429 when the caller's quota is used up; see also `execute_task`.
    MatteboxError
        See `execute_task`.
    """
    with state.quota.reserve_picture(caller):
        work = execute_task(state.worker_pool, task, caller=caller, arrived_at=arrived_at)
        response = await run_while_connected(request, work)
        await asyncio.to_thread(state.usage.add_picture, caller, task.pixels, response.seconds)  # it syncs the disk
    return response

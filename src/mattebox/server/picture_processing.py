"""Processing of one picture while its client waits: queued, run on a worker, counted, given up when the client goes."""

from __future__ import annotations

import asyncio

from fastapi import Request

from mattebox.errors import MatteboxError
from mattebox.server.auditing import take_hashes
from mattebox.server.auth import name_sharer
from mattebox.server.http.disconnection import run_while_connected
from mattebox.server.http.problems import Problem
from mattebox.server.photograph_store import StoredPhotograph
from mattebox.server.state import AppState
from mattebox.server.workers.protocol import PREDICTIONS_KEY, WorkerTask
from mattebox.server.workers.task_execution import execute_task
from mattebox.server.workers.worker_pool import WorkerResponse


async def process_picture(
    request: Request,
    state: AppState,
    caller: str,
    task: WorkerTask,
    arrived_at: float,
    photograph: StoredPhotograph | None = None,
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
    photograph
        The stored photograph that the task is about: its predictions are used, and new ones kept with it.

    Raises
    ------
    ClientDisconnect
        The client has gone.
    Problem
        429 when the caller's quota is used up; see also `execute_task`.
    MatteboxError
        See `execute_task`.
    """
    if photograph is not None:
        task = task.with_predictions(photograph.predictions)
    with state.quota.reserve_picture(caller):
        sharer = name_sharer(state.access, request)
        work = execute_task(state.worker_pool, task, caller=sharer, arrived_at=arrived_at)
        try:
            response = await run_while_connected(request, work)
        except (MatteboxError, Problem) as error:
            await state.auditor.record_task(caller, task, error.code)
            raise
        header, hashes = take_hashes(response.header)
        await state.auditor.record_task(caller, task, "ok", hashes)
        response = WorkerResponse(header, response.body)
        if state.usage.is_in_memory:
            state.usage.add_picture(caller, task.pixels, response.seconds)
        else:  # it syncs the disk
            await asyncio.to_thread(state.usage.add_picture, caller, task.pixels, response.seconds)
    if photograph is not None:
        response = await _keep_predictions(state, photograph, response)
    return response


async def _keep_predictions(state: AppState, photograph: StoredPhotograph, response: WorkerResponse) -> WorkerResponse:
    """Keep the predictions that end a response with their photograph; the response without them."""
    count = response.header.get(PREDICTIONS_KEY, 0)
    header = {name: value for name, value in response.header.items() if name != PREDICTIONS_KEY}
    end = len(response.body) - count
    if count:
        photograph.predictions = await asyncio.to_thread(
            state.buffer.store_chunks, response.body.part(end, end + count)
        )
        state.photographs.enforce_limits()
    return WorkerResponse(header, response.body.part(0, end))

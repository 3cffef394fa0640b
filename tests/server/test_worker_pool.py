"""Workers: slow ones are replaced, dead ones too, and the next picture is done as if nothing had been."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest

from mattebox.errors import MatteboxError
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut, Upscale
from mattebox.server.settings import Settings
from mattebox.server.workers.task_execution import execute_recipe, execute_task, prepare_task
from mattebox.server.workers.worker_pool import ServerBusy, TaskTimeout, WorkerLost, WorkerPool
from tests.server.conftest import encoded

FAST = Recipe((Cut(model="fast", empty="keep"),))


def with_crew(work: Callable[[WorkerPool], Awaitable[Any]], **settings: Any) -> Any:
    async def main() -> Any:
        crew = WorkerPool(Settings(model="fast", workers=1, **settings))
        await crew.start()
        try:
            return await work(crew)
        finally:
            await crew.stop()

    return asyncio.run(main())


def test_a_killed_worker_is_told_and_replaced(mug: bytes) -> None:
    async def work(crew: WorkerPool) -> None:
        (process,) = crew._workers
        task = asyncio.create_task(execute_recipe(crew, FAST, mug))
        await asyncio.sleep(0)
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(WorkerLost):
            await task
        assert (await execute_recipe(crew, FAST, mug)).header["width"] == 320
        assert crew.restarts == 1
        assert crew.pixels_in_flight == 0

    with_crew(work)


def test_a_stopped_worker_takes_too_long(mug: bytes) -> None:
    async def work(crew: WorkerPool) -> None:
        (process,) = crew._workers
        os.kill(process.pid, signal.SIGSTOP)
        begun = time.monotonic()
        with pytest.raises(TaskTimeout, match="more than 1 s"):
            await execute_recipe(crew, FAST, mug)
        assert time.monotonic() - begun < 3
        crew.settings.__dict__["timeout"] = 30
        assert (await execute_recipe(crew, FAST, mug)).header["width"] == 320

    with_crew(work, timeout=1)


def test_a_client_that_leaves_does_not_spoil_the_next(mug: bytes) -> None:
    async def work(crew: WorkerPool) -> None:
        task = asyncio.create_task(execute_recipe(crew, FAST, mug))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await execute_recipe(crew, FAST, mug)).header["width"] == 320

    with_crew(work)


def test_room_is_by_pixels_and_one_large_picture_is_let_in(mug: bytes) -> None:
    async def work(crew: WorkerPool) -> None:
        async with crew.reserve_pixels(1_000_000):
            with pytest.raises(ServerBusy):
                await execute_recipe(crew, FAST, mug)
        assert (await execute_recipe(crew, FAST, mug)).header["width"] == 320

    with_crew(work, pixel_budget=1000)


def test_a_worker_that_does_not_start_says_so() -> None:
    async def work(crew: WorkerPool) -> None:
        raise AssertionError("the network does not fit into so little")

    with pytest.raises(WorkerLost, match="more memory"):
        with_crew(work, worker_memory=200_000_000)


def test_an_unknown_model_is_told_at_the_start() -> None:
    async def main() -> None:
        crew = WorkerPool(Settings(model="nothing", workers=1))
        await crew.start()

    with pytest.raises(MatteboxError, match="unknown model"):
        asyncio.run(main())


def test_a_worker_tells_how_far_it_is() -> None:
    picture = encoded(np.random.default_rng(0).integers(0, 255, (700, 900, 3), np.uint8))
    told: list[float] = []

    async def work(crew: WorkerPool) -> int:
        task = prepare_task(crew.settings, Recipe((Upscale(to="3"),)), picture)
        return int((await execute_task(crew, task, told.append)).header["width"])

    assert with_crew(work) == 2700
    assert told
    assert told == sorted(told)
    assert all(0 < share < 1 for share in told)

"""Workers: slow and dead ones are replaced, and the next picture is processed normally."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mattebox.core import cpu_threads
from mattebox.errors import InputMissing, MatteboxError
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut, Upscale
from mattebox.server.content_buffer import Content
from mattebox.server.http.problems import retry_headers
from mattebox.server.settings import Settings
from mattebox.server.workers import worker, worker_pool
from mattebox.server.workers.protocol import RUNNING_KEY
from mattebox.server.workers.running_task import RunningTask
from mattebox.server.workers.task_execution import execute_task, prepare_task
from mattebox.server.workers.worker_pool import TaskTimeout, WorkerLost, WorkerPool, WorkerResponse, WorkerStartFailure
from tests.server.conftest import encode_image
from tests.serving import encode_for_request, make_buffer

FAST = Recipe((Cut(model="fast", empty="keep"),))


async def execute_recipe(pool: WorkerPool, recipe: Recipe, source: bytes) -> WorkerResponse:
    return await execute_task(pool, prepare_task(pool.settings, recipe, encode_for_request(source)))


def run_with_pool(work: Callable[[WorkerPool], Awaitable[Any]], **settings: Any) -> Any:
    async def main() -> Any:
        pool = WorkerPool(Settings(**{"model": "fast", "workers": 1} | settings), make_buffer())
        await pool.start()
        try:
            return await work(pool)
        finally:
            await pool.stop()

    return asyncio.run(main())


def test_a_killed_worker_is_replaced_and_its_picture_processed_again(mug: bytes) -> None:
    async def work(pool: WorkerPool) -> None:
        (process,) = pool._workers
        task = asyncio.create_task(execute_recipe(pool, FAST, mug))
        await asyncio.sleep(0)
        os.kill(process.pid, signal.SIGKILL)
        assert (await task).header["width"] == 320
        assert pool.restarts == 1
        assert pool.queue.pixels_in_flight == 0

    run_with_pool(work)


def test_tasks_that_run_at_once_share_the_processors(mug: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    send_frame, running = worker_pool.send_frame, list[int]()

    async def record_running(stream: asyncio.StreamWriter, header: dict[str, Any], contents: Sequence[Content]) -> None:
        running.append(header[RUNNING_KEY])
        await send_frame(stream, header, contents)

    async def work(pool: WorkerPool) -> None:
        monkeypatch.setattr(worker_pool, "send_frame", record_running)
        await execute_recipe(pool, FAST, mug)
        await asyncio.gather(*(execute_recipe(pool, FAST, mug) for _ in range(2)))

    run_with_pool(work, workers=2)
    assert running[0] == 1
    assert 2 in running[1:]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be stopped")
def test_a_picture_that_somebody_waits_for_pauses_the_job_of_a_caller_with_more(
    mug: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, send_signal = list[int](), RunningTask._send_signal

    def record_signal(running: RunningTask, number: int) -> None:
        sent.append(number)
        send_signal(running, number)

    async def work(pool: WorkerPool) -> list[WorkerResponse]:
        task = prepare_task(pool.settings, FAST, encode_for_request(mug))
        await asyncio.gather(*(execute_task(pool, task) for _ in range(2)))  # both workers have started
        monkeypatch.setattr(RunningTask, "_send_signal", record_signal)
        jobs = [execute_task(pool, task, caller="greedy", is_batch=True) for _ in range(4)]
        return await asyncio.gather(*jobs, execute_task(pool, task, caller="good"))

    responses = run_with_pool(work, workers=2)
    assert [response.header["width"] for response in responses] == [320] * 5
    assert sent == [signal.SIGSTOP, signal.SIGCONT]


def test_a_worker_takes_its_share_of_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_threads, "process_cpu_count", lambda: 4)
    monkeypatch.setattr(worker, "_run_task", lambda *_: ({}, b"%d" % cpu_threads.thread_cpu_count()))
    answers = [worker.answer_task({RUNNING_KEY: count}, b"", 1, lambda _: None) for count in (1, 2)]
    assert [answer[-1:] for answer in answers] == [b"4", b"2"]


def test_a_picture_that_always_kills_its_worker_fails(mug: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange_frames = WorkerPool._exchange_frames

    async def kill_first(pool: WorkerPool, process: asyncio.subprocess.Process, *arguments: Any) -> WorkerResponse:
        process.kill()
        return await exchange_frames(pool, process, *arguments)

    async def work(pool: WorkerPool) -> None:
        monkeypatch.setattr(WorkerPool, "_exchange_frames", kill_first)
        for is_batch, restarts in ((False, 2), (True, 3)):
            with pytest.raises(WorkerLost) as lost:
                await execute_task(pool, prepare_task(pool.settings, FAST, encode_for_request(mug)), is_batch=is_batch)
            assert pool.restarts == restarts
            assert retry_headers(lost.value) == {"Retry-After": "5"}
        monkeypatch.undo()
        assert (await execute_recipe(pool, FAST, mug)).header["width"] == 320

    run_with_pool(work)


def test_a_stopped_worker_times_out(mug: bytes) -> None:
    async def work(pool: WorkerPool) -> None:
        (process,) = pool._workers
        os.kill(process.pid, signal.SIGSTOP)
        started_at = time.monotonic()
        with pytest.raises(TaskTimeout, match="more than 1 s"):
            await execute_recipe(pool, FAST, mug)
        assert time.monotonic() - started_at < 3
        pool.settings.__dict__["timeout"] = 30
        assert (await execute_recipe(pool, FAST, mug)).header["width"] == 320

    run_with_pool(work, timeout=1)


def test_a_cancelled_task_does_not_affect_the_next(mug: bytes) -> None:
    async def work(pool: WorkerPool) -> None:
        task = asyncio.create_task(execute_recipe(pool, FAST, mug))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await execute_recipe(pool, FAST, mug)).header["width"] == 320

    run_with_pool(work)


def test_an_abandoned_short_task_keeps_its_worker_and_a_long_one_loses_it(
    mug: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(pool: WorkerPool) -> None:
        monkeypatch.setattr(worker_pool, "ABANDONED_TASK_SECONDS", 30.0)
        for restarts in (0, 1):
            task = asyncio.create_task(execute_recipe(pool, FAST, mug))
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await execute_recipe(pool, FAST, mug)).header["width"] == 320
            assert pool.restarts == restarts
            monkeypatch.setattr(worker_pool, "ABANDONED_TASK_SECONDS", 0.0)

    run_with_pool(work)


def test_an_abandoned_upscaling_ends_at_once_and_keeps_its_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take minutes; the worker answers that it was given up, and does the next picture."""
    large = encode_image(np.random.default_rng(0).integers(0, 255, (1500, 2000, 3), np.uint8))
    small = encode_image(np.zeros((32, 32, 3), np.uint8))
    headers, receive = list[dict[str, Any]](), WorkerPool._receive_response

    async def record_header(pool: WorkerPool, process: asyncio.subprocess.Process) -> WorkerResponse:
        headers.append((await receive(pool, process)).header)
        return WorkerResponse(headers[-1], make_buffer().store(b""))

    async def work(pool: WorkerPool) -> None:
        monkeypatch.setattr(worker_pool, "ABANDONED_TASK_SECONDS", 60.0)
        monkeypatch.setattr(WorkerPool, "_receive_response", record_header)
        task = asyncio.create_task(execute_recipe(pool, Recipe((Upscale(to="4"),)), large))
        while not headers:  # until the first tile is reported, and the second one runs
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await execute_recipe(pool, Recipe((Upscale(to="2"),)), small)).header["width"] == 64
        assert pool.restarts == 0

    run_with_pool(work, timeout=600)
    assert [header["code"] for header in headers if "code" in header] == ["given_up"]


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="sessions do not share the processors")
def test_a_worker_has_a_session_of_its_own_and_is_nicer_than_the_server() -> None:
    async def work(pool: WorkerPool) -> None:
        (process,) = pool._workers
        assert os.getsid(process.pid) == process.pid != os.getsid(0)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) > os.getpriority(os.PRIO_PROCESS, 0)

    run_with_pool(work)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know no such groups")
@pytest.mark.parametrize("content", ["", "/autogroup-16 nice 3\n"], ids=["session of init", "another session"])
def test_a_session_without_a_group_of_its_own_is_no_error(content: str, tmp_path: Path) -> None:
    path = tmp_path / "autogroup"
    path.write_text(content)
    script = (
        "import os, pathlib, sys; from mattebox.server.workers import child_process; "
        "child_process.SESSION_PRIORITY = pathlib.Path(sys.argv[1]); child_process.lower_priority(1); "
        "assert os.getsid(0) == os.getpid()"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    assert path.read_text() == content[-2:-1]


def test_the_time_limit_counts_from_arrival(mug: bytes) -> None:
    async def work(pool: WorkerPool) -> None:
        task = prepare_task(pool.settings, FAST, encode_for_request(mug))
        with pytest.raises(TaskTimeout):
            await execute_task(pool, task, arrived_at=time.monotonic() - 31)
        assert (await execute_task(pool, task, arrived_at=time.monotonic())).header["width"] == 320

    run_with_pool(work, timeout=30)


def test_a_worker_that_does_not_start() -> None:
    async def work(pool: WorkerPool) -> None:
        raise AssertionError("the network does not fit into so little")

    with pytest.raises(WorkerLost, match="more memory"):
        run_with_pool(work, worker_memory=100_000_000)


WORKER_MODULE = (sys.executable, "-m", "mattebox.server.workers.worker")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", r"killed by signal 9 .*more memory"),
        ("import os; os.abort()", r"killed by signal 6 \(SIGABRT\).*more memory"),
        ("import sys; sys.exit(1)", r"exit status 1; the server's log may say why"),
        ("import os, time; os.close(1); time.sleep(60)", r"closed its output"),
    ],
    ids=["killed", "aborted", "failed", "silent"],
)
@pytest.mark.skipif(os.name != "posix", reason="other systems have no signals")
def test_a_worker_that_ends_at_its_start_is_told_with_what_ended_it(
    code: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = asyncio.create_subprocess_exec

    async def create_child(*command: str, **options: Any) -> asyncio.subprocess.Process:
        assert command[:3] == WORKER_MODULE
        return await create(sys.executable, "-c", code, **options)

    async def work(pool: WorkerPool) -> None:
        raise AssertionError("it has ended")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", create_child)
    with pytest.raises(WorkerStartFailure, match=told):
        run_with_pool(work)


def test_a_worker_that_is_lost_is_logged_with_what_ended_it(mug: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    async def work(pool: WorkerPool) -> None:
        (process,) = pool._workers
        task = asyncio.create_task(execute_recipe(pool, FAST, mug))
        await asyncio.sleep(0)
        os.kill(process.pid, signal.SIGKILL)
        await task

    run_with_pool(work)
    assert "was killed by signal 9 (SIGKILL)" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit the address space")
def test_a_lower_limit_of_the_system_holds() -> None:
    script = (
        "import resource; from mattebox.server.workers import child_process; "
        "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)); child_process._limit_memory(4 << 30); "
        "assert resource.getrlimit(resource.RLIMIT_AS) == (2 << 30, 2 << 30)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_errors_that_lack_of_memory_causes() -> None:
    for error in (MemoryError(), OSError(errno.ENOMEM, "x"), ImportError("a.so: failed to map segment from shared")):
        assert b"worker_lost" in worker._explain_start_failure(error)
    assert b"doctor" in worker._explain_start_failure(ImportError("no module named x"))
    assert b"image_missing" in worker._explain_start_failure(InputMissing("there is no file x", "name one that is"))


def test_an_unknown_default_model() -> None:
    async def main() -> None:
        pool = WorkerPool(Settings(model="nothing", workers=1), make_buffer())
        await pool.start()

    with pytest.raises(MatteboxError, match="unknown model"):
        asyncio.run(main())


def test_progress_of_a_task() -> None:
    picture = encode_image(np.random.default_rng(0).integers(0, 255, (96, 2000, 3), np.uint8))  # several tiles
    reported: list[float] = []

    async def work(pool: WorkerPool) -> int:
        task = prepare_task(pool.settings, Recipe((Upscale(to="2"),)), encode_for_request(picture))
        return int((await execute_task(pool, task, on_progress=reported.append)).header["width"])

    assert run_with_pool(work) == 4000
    assert reported
    assert reported == sorted(reported)
    assert all(0 < share < 1 for share in reported)

"""Worker process: reads tasks from standard input, runs one recipe each, writes responses to standard output.

    python -m mattebox.server.workers.worker MODEL THREADS MEMORY DEVICE

Decoders and networks run nowhere else in the server. The server kills a worker when a picture takes too long.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from functools import partial
from traceback import format_tb
from typing import TYPE_CHECKING, Any, BinaryIO

from mattebox.server.workers.child_process import prepare_child, send_bytes
from mattebox.server.workers.protocol import (
    AGENT_KEY,
    CLIP_KEY,
    DEPTH_KEY,
    PREDICTIONS_KEY,
    PROGRESS_KEY,
    RUNNING_KEY,
    pack_frame,
    slice_bytes,
)
from mattebox.server.workers.task_reader import TaskReader

if TYPE_CHECKING:
    from mattebox.types import OnProgress

NICENESS = 10  # so that the server responds while pictures are processed


def main() -> None:
    """Load the default model, then answer tasks until standard input ends."""
    model, threads, memory_bytes, device = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    out = prepare_child(memory_bytes, NICENESS)
    with contextlib.suppress(BrokenPipeError):  # the server has gone
        try:
            _load_model(model, device, threads)
        except Exception as error:  # noqa: BLE001  the server tells it, as nothing else of this process is seen
            send_bytes(out, _explain_start_failure(error))
            return
        _answer_tasks(out, threads, device)


def _load_model(model: str, device: str, threads: int) -> None:
    """Load the default model, and with it what every task needs. MatteboxError."""
    from mattebox.core.interface import Interface, use_interface
    from mattebox.core.malloc import tune_malloc
    from mattebox.models.matte_session import open_session

    tune_malloc()
    with use_interface(Interface.HTTP):
        open_session(model, device, threads).start()


def _explain_start_failure(error: Exception) -> bytes:
    """The frame for an error before the first task; nothing has been received yet, so its text may be told."""
    from mattebox.errors import MatteboxError
    from mattebox.server.workers.child_exit import MEMORY_REMEDY, is_lack_of_memory

    problem = f"a worker does not start ({': '.join(filter(None, (type(error).__name__, str(error))))})"
    if is_lack_of_memory(error):
        return pack_error("worker_lost", problem, MEMORY_REMEDY)
    if isinstance(error, MatteboxError):
        return pack_error(error.code, error.problem, error.remedy)
    return pack_error("internal", problem, "see whether `mattebox doctor` finds what is wrong")


def _answer_tasks(out: BinaryIO, threads: int, device: str) -> None:
    """Say that this worker is ready, then answer tasks until standard input ends."""
    from mattebox.core.interface import Interface, use_interface
    from mattebox.models.runtime.interruption import interruption

    def report_progress(progress: float) -> None:
        send_bytes(out, pack_frame({PROGRESS_KEY: round(progress, 3)}))

    with use_interface(Interface.HTTP):
        send_bytes(out, pack_frame({"ready": True}))
        interruption.is_enabled = True
        tasks = TaskReader(os.fdopen(os.dup(0), "rb"), interruption.clear, interruption.set)
        for task, data in tasks:
            send_bytes(out, answer_task(task, data, threads, report_progress, device))


def answer_task(task: dict[str, Any], data: bytes, threads: int, on_progress: OnProgress, device: str = "cpu") -> bytes:
    """Run a task and return the frame of its response. Every exception becomes an error response.

    Parameters
    ----------
    task
        The recipe, where in `data` the bytes of each picture lie, and how many tasks run at the moment: their pixel
        stages share the processors.
    data
        The encoded pictures, one after another.
    threads
        Threads of the networks.
    on_progress
        Receives the completed share of the task, from 0 to 1.
    device
        Where the networks run.
    """
    from mattebox.core.cpu_threads import share_cpus
    from mattebox.errors import MatteboxError
    from mattebox.models.runtime.interruption import RunInterrupted

    try:
        with share_cpus(task.get(RUNNING_KEY, 1)):
            if PREDICTIONS_KEY in task:
                return _run_with_predictions(task, data, threads, on_progress, device)
            if AGENT_KEY in task:
                return pack_frame(*_answer_agent(task[AGENT_KEY], device))
            if CLIP_KEY in task:
                return pack_frame(*_run_clip(task, data, threads, on_progress, device))
            return pack_frame(*_run_task(task, data, threads, on_progress, device))
    except MatteboxError as error:
        return pack_error(error.code, error.problem, error.remedy)
    except RunInterrupted:
        return pack_error("given_up", "nobody waits for the picture", "send it again")
    except MemoryError:
        return pack_error(
            "image_too_large", "the picture needs more memory than a worker has", "send a smaller picture"
        )
    except Exception as error:  # noqa: BLE001  the boundary: anything else is a bug of ours
        name = type(error).__name__
        fields = {"code": "internal", "problem": f"internal error ({name})", "remedy": "please report it"}
        return pack_frame({**fields, "kind": name, "trace": format_tb(error.__traceback__)})


def pack_error(code: str, problem: str, remedy: str) -> bytes:
    """The frame of an error response."""
    return pack_frame({"code": code, "problem": problem, "remedy": remedy})


def _run_with_predictions(
    task: dict[str, Any], data: bytes, threads: int, on_progress: OnProgress, device: str
) -> bytes:
    """Run a task with its photograph's predictions, and respond with new ones after the result; none stay here."""
    from mattebox.models.result_cache import shared_cache

    shared_cache.clear()
    try:
        if task[PREDICTIONS_KEY] is not None:
            shared_cache.load(slice_bytes(data, task[PREDICTIONS_KEY]))
        known_keys = shared_cache.keys()
        metadata, body = _run_task(task, data, threads, on_progress, device)
        predictions = b"" if shared_cache.keys() == known_keys else shared_cache.dump()
        return pack_frame(metadata | {PREDICTIONS_KEY: len(predictions)}, body + predictions)
    finally:
        shared_cache.clear()


def _run_task(
    task: dict[str, Any], data: bytes, threads: int, on_progress: OnProgress, device: str
) -> tuple[dict[str, Any], bytes]:
    """The metadata and the encoded result of a task with a picture: its depth, or what its recipe makes of it."""
    if DEPTH_KEY in task:
        from mattebox.server.workers.depth_task import run_depth_task

        sent = {name: slice_bytes(data, span) for name, span in task["images"].items()}
        return run_depth_task(task, slice_bytes(data, task["source"]), sent, threads, device)
    from mattebox.server.workers.picture_task import run_picture_task

    return run_picture_task(task, data, threads, on_progress, device)


def _run_clip(
    task: dict[str, Any], data: bytes, threads: int, on_progress: OnProgress, device: str
) -> tuple[dict[str, Any], bytes]:
    """The metadata and the file of a clip that was worked on."""
    from mattebox.server.workers.picture_task import open_image
    from mattebox.server.workers.video_task import ClipTask, run_video_task

    content = slice_bytes(data, task["source"])
    spans = task.get("images", {})
    clip_task = ClipTask(
        task, content, threads, partial(open_image, task, data),
        lambda name: slice_bytes(data, spans[name]) if name in spans else None, on_progress, device,
    )  # fmt: skip
    return run_video_task(clip_task)


def _answer_agent(call: dict[str, Any], device: str) -> tuple[dict[str, Any], bytes]:
    """The seconds that a tool took, and the answer to the message that called it, as JSON."""
    import msgspec

    from mattebox.mcp.folders import AllowedFolders
    from mattebox.mcp.handlers import ToolContext
    from mattebox.mcp.stdio_server import answer_line

    start = time.monotonic()
    answer = answer_line(call["message"].encode(), ToolContext(AllowedFolders(call["folders"]), device))
    return {"seconds": {"tool": round(time.monotonic() - start, 4)}}, msgspec.json.encode(answer)


if __name__ == "__main__":
    main()

"""Worker process: reads tasks from standard input, runs one recipe each, writes responses to standard output.

    python -m mattebox.server.workers.worker MODEL THREADS MEMORY

Decoders and networks run nowhere else in the server. The server kills a worker when a picture takes too long.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import io
import os
import signal
import sys
import time
from datetime import UTC, datetime
from functools import partial
from traceback import format_tb
from typing import TYPE_CHECKING, Any, BinaryIO

from mattebox.server.workers.protocol import (
    AGENT_KEY,
    CLIP_KEY,
    DEPTH_KEY,
    HASHES_KEY,
    PREDICTIONS_KEY,
    PROGRESS_KEY,
    RUNNING_KEY,
    pack_frame,
    read_frame,
)

if TYPE_CHECKING:
    from mattebox.io.writer import SignOutput
    from mattebox.pipeline.kept_cutouts import KeptCutouts
    from mattebox.pipeline.result import Result
    from mattebox.recipe.steps import Save
    from mattebox.types import OnProgress, Picture

PIPE_BYTES = 1 << 20
PR_SET_PDEATHSIG = 1  # of prctl, from linux/prctl.h
NICENESS = 10  # so that the server responds while pictures are processed


def main() -> None:
    """Load the default model, then answer tasks until standard input ends."""
    model, threads, memory_bytes, device = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    _enlarge_pipes()
    out = os.fdopen(os.dup(1), "wb")
    _discard_output()
    _limit_memory(memory_bytes)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    _end_with_server()
    from mattebox.core.interface import Interface, use_interface
    from mattebox.core.malloc import tune_malloc
    from mattebox.errors import MatteboxError
    from mattebox.models.matte_session import open_session

    def report_progress(progress: float) -> None:
        _write_frame(out, pack_frame({PROGRESS_KEY: round(progress, 3)}))

    tune_malloc()
    with contextlib.suppress(BrokenPipeError), use_interface(Interface.HTTP):  # BrokenPipeError: the server has gone
        try:
            open_session(model, device, threads).start()
        except MatteboxError as error:
            _write_frame(out, pack_error(error.code, error.problem, error.remedy))
            return
        except Exception as error:  # noqa: BLE001  nothing has been received yet, so its text may be told
            problem = f"a worker does not start ({type(error).__name__}: {error})"
            _write_frame(out, pack_error("internal", problem, "see whether `mattebox doctor` finds what is wrong"))
            return
        _write_frame(out, pack_frame({"ready": True}))
        while (frame := read_frame(sys.stdin.buffer)) is not None:
            _write_frame(out, answer_task(*frame, threads, report_progress, device))


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
            shared_cache.load(_slice_bytes(data, task[PREDICTIONS_KEY]))
        known_keys = shared_cache.keys()
        metadata, body = _run_task(task, data, threads, on_progress, device)
        predictions = b"" if shared_cache.keys() == known_keys else shared_cache.dump()
        return pack_frame(metadata | {PREDICTIONS_KEY: len(predictions)}, body + predictions)
    finally:
        shared_cache.clear()


def _run_task(
    task: dict[str, Any], data: bytes, threads: int, on_progress: OnProgress, device: str
) -> tuple[dict[str, Any], bytes]:
    """The metadata and the encoded result of a task."""
    if DEPTH_KEY in task:
        from mattebox.server.workers.depth_task import run_depth_task

        sent = {name: _slice_bytes(data, span) for name, span in task["images"].items()}
        return run_depth_task(task, _slice_bytes(data, task["source"]), sent, threads, device)
    from mattebox.io.reader import read
    from mattebox.models.matte_session import open_session
    from mattebox.pipeline.output_provenance import Origin, prepare_output
    from mattebox.pipeline.run import run_recipe
    from mattebox.pipeline.stereo import add_measured_depth
    from mattebox.recipe.serialization import parse_recipe
    from mattebox.server.progress import ProgressReporter

    recipe = parse_recipe(task["recipe"])
    content = _slice_bytes(data, task["source"])
    source = read(content, max_pixels=task["max_pixels"], name="the picture")
    source = add_measured_depth(source, content, recipe, "the picture")
    model = recipe.required_model
    result = run_recipe(
        _shrink_picture(source, task["most_pixels"]),
        recipe,
        session=open_session(model, device, threads) if model else None,
        device=device,
        threads=threads,
        name="the picture",
        open_image=partial(_open_image, task, data),
        on_progress=ProgressReporter(recipe, on_progress),
        kept_cutouts=_kept_cutouts(task, content) if PREDICTIONS_KEY in task else None,
    )
    result, sign = prepare_output(
        result,
        recipe,
        Origin("photograph", source.size, content),
        title="picture",
        now=datetime.now(UTC),
        read_image=lambda name: _slice_bytes(data, task["images"][name]),
    )
    metadata = _describe_result(result, recipe.save_step)
    preview, changes = _find_changes(_shrink_picture(result.picture, task.get("preview_pixels")), task, metadata)
    is_checked, is_preview = recipe.save_step.check_for != "none", preview is not result.picture
    body = b""
    if is_checked or not is_preview:
        body = _encode_result(result, recipe.save_step, sign)
    if is_checked:
        metadata["check"] = _check_marketplace(body, recipe.save_step.check_for)
    if is_preview:
        body, metadata = _encode_preview(preview, recipe.save_step, metadata)
    metadata |= changes
    height, width = source.shape
    seconds = {stage: round(value, 4) for stage, value in result.seconds.items()}
    metadata |= {"stored_width": width, "stored_height": height, "model": result.model, "seconds": seconds}
    metadata[HASHES_KEY] = [hashlib.sha256(content).hexdigest(), hashlib.sha256(body).hexdigest()]
    return metadata, body


def _kept_cutouts(task: dict[str, Any], content: bytes) -> KeptCutouts:
    """Where cutouts of a stored photograph are kept, beside the predictions for it."""
    from mattebox.models.result_cache import shared_cache
    from mattebox.pipeline.kept_cutouts import KeptCutouts

    return KeptCutouts(shared_cache, f"{hashlib.sha256(content).hexdigest()} {task['most_pixels']}")


def _run_clip(
    task: dict[str, Any], data: bytes, threads: int, on_progress: OnProgress, device: str
) -> tuple[dict[str, Any], bytes]:
    """The metadata and the file of a clip that was worked on."""
    from mattebox.server.workers.video_task import ClipTask, run_video_task

    content = _slice_bytes(data, task["source"])
    spans = task.get("images", {})
    clip_task = ClipTask(
        task, content, threads, partial(_open_image, task, data),
        lambda name: _slice_bytes(data, spans[name]) if name in spans else None, on_progress, device,
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


def _open_image(task: dict[str, Any], data: bytes, name: str) -> Picture:
    """A picture that the recipe names, among those sent with the request."""
    from mattebox.errors import InputMissing
    from mattebox.io.reader import read

    images = task.get("images", {})
    if name not in images:
        raise InputMissing(f"{name}: is not among the images sent", "send it with the request")
    return read(_slice_bytes(data, images[name]), max_pixels=task["max_pixels"], name=name)


def _encode_result(result: Result, save: Save, sign: SignOutput | None) -> bytes:
    from mattebox.io.file_formats import find_format
    from mattebox.io.writer import write

    file_format = find_format("png" if save.format == "auto" else save.format)
    file = io.BytesIO()
    write(
        result.picture, file, format=file_format.name, quality=save.quality or None, max_bytes=save.max_bytes,
        layers=result.layers if file_format.has_layers else (), sign=sign,
    )  # fmt: skip
    return file.getvalue()


def _describe_result(result: Result, save: Save) -> dict[str, Any]:
    """The metadata of a result."""
    from mattebox.io.file_formats import find_format

    picture, file_format = result.picture, find_format("png" if save.format == "auto" else save.format)
    height, width = picture.shape
    metadata: dict[str, Any] = {"mime": file_format.mime_type, "format": file_format.name}
    metadata |= {"width": width, "height": height, "notes": list(picture.notes)}
    if (matte := result.matte) is not None:
        metadata |= {"confidence": round(matte.confidence, 4), "found": matte.found, "box": matte.box}
    if result.objects:
        metadata["objects"] = [item.to_fields() for item in result.objects]
    if result.scene is not None:
        metadata["scene"] = result.scene.to_fields()
    if result.photograph_bounds is not None:
        metadata["photograph_bounds"] = [round(share, 6) for share in result.photograph_bounds]
    return metadata


def _encode_preview(preview: Picture, save: Save, metadata: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """The encoded preview of a result, in the result's format where that is of one picture, and its metadata."""
    from mattebox.io.encoding import encode
    from mattebox.io.file_formats import find_format

    full_size = {"full_width": metadata["width"], "full_height": metadata["height"]}
    file_format = find_format(metadata["format"])
    if file_format.has_layers:
        file_format = find_format("png")
    height, width = preview.shape
    size = {"mime": file_format.mime_type, "format": file_format.name, "width": width, "height": height}
    return encode(preview, file_format.name, quality=save.quality or None), metadata | size | full_size


def _find_changes(preview: Picture, task: dict[str, Any], metadata: dict[str, Any]) -> tuple[Picture, dict[str, Any]]:
    """What to send of a preview to a client that may have a former one, and the metadata that say so."""
    from mattebox.server.workers.changed_tiles import (
        find_changed_tiles,
        fingerprint_pixels,
        keep_only_tiles,
        tile_side,
        visible_pixels,
    )

    since = task.get("since")
    if not since or preview.alpha is None or metadata["format"] != "png":
        return preview, {}
    visible = visible_pixels(preview)
    fingerprint = fingerprint_pixels(visible)
    numbers = find_changed_tiles(fingerprint, since)
    if numbers is None:
        return preview, {"fingerprint": fingerprint}
    patch = {"side": tile_side(visible), "tiles": numbers}
    kept = keep_only_tiles(visible, numbers)
    return preview.with_pixels(kept[..., :3].copy(), kept[..., 3].copy()), {"fingerprint": fingerprint, "patch": patch}


def _check_marketplace(body: bytes, market: str) -> dict[str, Any]:
    """Check the encoded result against a marketplace's rules."""
    from mattebox.pipeline import marketplace_check

    verdict = marketplace_check.check_listing(body, market, "the result")
    broken = [
        {"rule": f.rule, "measured": f.measured, "wanted": f.wanted, "advice": f.advice}
        for f in verdict.findings
        if not f.passed
    ]
    return {"for": market, "passed": verdict.passed, "broken": broken}


def _shrink_picture(picture: Picture, max_pixels: int | None) -> Picture:
    from mattebox.io.resampling import crop_and_resize

    height, width = picture.shape
    if max_pixels is None or height * width <= max_pixels:
        return picture
    scale = (max_pixels / (height * width)) ** 0.5
    shape = (max(1, int(height * scale)), max(1, int(width * scale)))
    return picture.with_pixels(*crop_and_resize(picture.rgb, picture.alpha, (0, 0, width, height), shape))


def _discard_output() -> None:
    """Discard what libraries print: it would break the frames and the server's log, and may quote what was sent."""
    with open(os.devnull, "wb") as null:
        os.dup2(null.fileno(), 1)
        os.dup2(null.fileno(), 2)


def _enlarge_pipes() -> None:
    """Let the pipes to the server hold most results whole, where the system can: it then wakes less often for one."""
    try:
        from fcntl import F_SETPIPE_SZ, fcntl
    except ImportError:  # not Linux
        return
    for pipe in (0, 1):
        with contextlib.suppress(OSError):  # no pipe, or more than the system allows
            fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES)


def _slice_bytes(data: bytes, span: list[int]) -> bytes:
    return data[span[0] : span[1]]


def _limit_memory(max_bytes: int) -> None:
    """Limit the address space of this process, where the system can; 0 for no limit."""
    if not max_bytes:
        return
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (max_bytes, max_bytes))


def _end_with_server() -> None:
    """Have the kernel end this process when the server dies, where it can (Linux), as one that is paused would stay."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _write_frame(file: BinaryIO, frame: bytes) -> None:
    file.write(frame)
    file.flush()


if __name__ == "__main__":
    main()

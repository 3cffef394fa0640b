"""One worker process: reads frames from standard input, does a picture each, answers on standard output.

    python -m mattebox.server.workers.worker MODEL THREADS MEMORY

It may be killed at any time, and is, when a picture takes too long; decoders run nowhere else in the server.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from mattebox.server.workers.protocol import LENGTH_PREFIX, PROGRESS_KEY, pack_frame

NICENESS = 10  # how far a worker steps back, so that the server answers while pictures are done

if TYPE_CHECKING:
    from collections.abc import Callable

    from mattebox.types import Picture


def main() -> None:
    model, threads, memory = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else prints must not break the frames
    _limit_memory(memory)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    from mattebox.core.malloc import tune_malloc
    from mattebox.errors import MatteboxError
    from mattebox.models.matte_session import open_session

    tune_malloc()
    with contextlib.suppress(BrokenPipeError):  # the server is gone: nobody is left to tell
        try:
            open_session(model, "cpu", threads).start()
        except MatteboxError as error:
            _write_frame(out, error_frame(error))
            return
        _write_frame(out, pack_frame({"ready": True}))
        while (frame := _read_frame(sys.stdin.buffer)) is not None:
            _write_frame(
                out,
                answer_task(
                    *frame, threads, lambda share: _write_frame(out, pack_frame({PROGRESS_KEY: round(share, 3)}))
                ),
            )


def answer_task(task: dict[str, Any], data: bytes, threads: int, on_progress: Callable[[float], None]) -> bytes:
    """The frame that answers one task: the picture made, or what is wrong. Every failure becomes an answer. `on_progress` is
    told meanwhile what share is done."""
    from mattebox.errors import MatteboxError

    try:
        return _process_task(task, data, threads, on_progress)
    except MatteboxError as error:
        return error_frame(error)
    except MemoryError:
        return pack_frame({"error": "OutOfMemory", "problem": "the picture needs more memory than a worker has",
                       "remedy": "send a smaller picture"})  # fmt: skip
    except Exception as error:  # noqa: BLE001  the boundary: everything else is our own mistake
        return pack_frame({"error": "Internal", "problem": f"internal error ({type(error).__name__})",
                       "remedy": "please report it"})  # fmt: skip


def error_frame(error: Any) -> bytes:
    return pack_frame({"error": type(error).__name__, "problem": error.problem, "remedy": error.remedy})


def _process_task(task: dict[str, Any], data: bytes, threads: int, on_progress: Callable[[float], None]) -> bytes:
    from mattebox.errors import InputMissing
    from mattebox.io.encoding import encode, encode_layers, encode_within_limit, find_format
    from mattebox.io.reader import read
    from mattebox.models.matte_session import open_session
    from mattebox.pipeline.run import run_recipe
    from mattebox.recipe.serialization import parse_recipe
    from mattebox.server.progress import ProgressReporter

    recipe = parse_recipe(task["recipe"])
    images = task.get("images", {})  # name -> where in the data its bytes lie
    stored = read(_slice_bytes(data, task["source"]), max_pixels=task["max_pixels"], name="the picture")
    picture = _shrink_picture(stored, task["most_pixels"])

    def album(name: str) -> Picture:
        if name not in images:
            raise InputMissing(f"{name}: is not among the images sent", "send it with the request")
        return read(_slice_bytes(data, images[name]), max_pixels=task["max_pixels"], name=name)

    network = recipe.cut_step.required_model if recipe.cut_step else None
    session = open_session(network, "cpu", threads) if network else None
    result = run_recipe(
        picture, recipe, session=session, device="cpu", threads=threads, name="the picture", open_image=album,
        on_progress=ProgressReporter(recipe, on_progress),
    )  # fmt: skip
    saving, made = recipe.save_step, result.picture
    kind = find_format("png" if saving.format == "auto" else saving.format)
    if kind.has_layers and result.layers:
        body = encode_layers(result.layers, kind.name)
    elif saving.max_bytes is None:
        body = encode(made, kind.name, quality=saving.quality or None)
    else:
        body = encode_within_limit(made, kind.name, saving.max_bytes, quality=saving.quality or None)
    height, width = made.shape
    told: dict[str, Any] = {"mime": kind.mime_type, "format": kind.name, "width": width, "height": height}
    told |= {"stored_width": stored.shape[1], "stored_height": stored.shape[0], "notes": list(made.notes)}
    if result.matte is not None:
        told |= {"confidence": round(result.matte.confidence, 4), "found": result.matte.found, "box": result.matte.box}
    if saving.check_for != "none":
        told["check"] = _check_marketplace(body, saving.check_for)
    return pack_frame(
        told | {"model": result.model, "seconds": {k: round(v, 4) for k, v in result.seconds.items()}}, body
    )


def _check_marketplace(body: bytes, market: str) -> dict[str, Any]:
    """The file that was made, held against a marketplace's rules."""
    from mattebox.pipeline import marketplace_check

    verdict = marketplace_check.check_listing(body, market, "the result")
    broken = [{"rule": f.rule, "measured": f.measured, "wanted": f.wanted, "advice": f.advice}
              for f in verdict.findings if not f.passed]  # fmt: skip
    return {"for": market, "passed": verdict.passed, "broken": broken}


def _shrink_picture(picture: Picture, max_pixels: int | None) -> Picture:
    """The picture at so many pixels at most."""
    from mattebox.io.resampling import crop_and_resize

    height, width = picture.shape
    if max_pixels is None or height * width <= max_pixels:
        return picture
    scale = (max_pixels / (height * width)) ** 0.5
    size = (max(1, int(height * scale)), max(1, int(width * scale)))
    return picture.with_pixels(*crop_and_resize(picture.rgb, picture.alpha, (0, 0, width, height), size))


def _slice_bytes(data: bytes, span: list[int]) -> bytes:
    return data[span[0] : span[1]]


def _limit_memory(max_bytes: int) -> None:
    """Hold the process to so much address space, where the system can."""
    if not max_bytes:
        return
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (max_bytes, max_bytes))


def _read_frame(file: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    lengths = file.read(LENGTH_PREFIX.size)
    if len(lengths) < LENGTH_PREFIX.size:
        return None
    head, body = LENGTH_PREFIX.unpack(lengths)
    return json.loads(file.read(head)), file.read(body)


def _write_frame(file: BinaryIO, frame: bytes) -> None:
    file.write(frame)
    file.flush()


if __name__ == "__main__":
    main()

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

from mattebox.server.workers.protocol import LENGTHS, SHARE, packed

BEHIND = 10  # how far a worker steps back, so that the server answers while pictures are done

if TYPE_CHECKING:
    from collections.abc import Callable

    from mattebox.types import Picture


def main() -> None:
    model, threads, memory = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else prints must not break the frames
    _limit(memory)
    if hasattr(os, "nice"):
        os.nice(BEHIND)
    from mattebox.core.malloc import hold
    from mattebox.errors import MatteboxError
    from mattebox.models.matte_session import open_session

    hold()
    with contextlib.suppress(BrokenPipeError):  # the server is gone: nobody is left to tell
        try:
            open_session(model, "cpu", threads).start()
        except MatteboxError as error:
            _send(out, refusal(error))
            return
        _send(out, packed({"ready": True}))
        while (frame := _receive(sys.stdin.buffer)) is not None:
            _send(out, answer(*frame, threads, lambda share: _send(out, packed({SHARE: round(share, 3)}))))


def answer(task: dict[str, Any], data: bytes, threads: int, tell: Callable[[float], None]) -> bytes:
    """The frame that answers one task: the picture made, or what is wrong. Every failure becomes an answer. `tell` is
    told meanwhile what share is done."""
    from mattebox.errors import MatteboxError

    try:
        return _made(task, data, threads, tell)
    except MatteboxError as error:
        return refusal(error)
    except MemoryError:
        return packed({"error": "OutOfMemory", "problem": "the picture needs more memory than a worker has",
                       "remedy": "send a smaller picture"})  # fmt: skip
    except Exception as error:  # noqa: BLE001  the boundary: everything else is our own mistake
        return packed({"error": "Internal", "problem": f"internal error ({type(error).__name__})",
                       "remedy": "please report it"})  # fmt: skip


def refusal(error: Any) -> bytes:
    return packed({"error": type(error).__name__, "problem": error.problem, "remedy": error.remedy})


def _made(task: dict[str, Any], data: bytes, threads: int, tell: Callable[[float], None]) -> bytes:
    import msgspec

    from mattebox.errors import InputMissing
    from mattebox.io.encoding import encode, encode_layers, encode_within, find_format
    from mattebox.io.reader import read
    from mattebox.models.matte_session import open_session
    from mattebox.pipeline.run import run_recipe
    from mattebox.recipe.recipe import Recipe
    from mattebox.server.progress import Share

    recipe = msgspec.convert(task["recipe"], Recipe)
    images = task.get("images", {})  # name -> where in the data its bytes lie
    stored = read(_slice(data, task["source"]), max_pixels=task["max_pixels"], name="the picture")
    picture = _shrunk(stored, task["most_pixels"])

    def album(name: str) -> Picture:
        if name not in images:
            raise InputMissing(f"{name}: is not among the images sent", "send it with the request")
        return read(_slice(data, images[name]), max_pixels=task["max_pixels"], name=name)

    network = recipe.cut.network if recipe.cut else None
    session = open_session(network, "cpu", threads) if network else None
    result = run_recipe(
        picture, recipe, session=session, device="cpu", threads=threads, name="the picture", album=album,
        tell=Share(recipe, tell),
    )  # fmt: skip
    saving, made = recipe.saving, result.picture
    kind = find_format("png" if saving.format == "auto" else saving.format)
    if kind.layered and result.layers:
        body = encode_layers(result.layers, kind.name)
    elif saving.most_bytes is None:
        body = encode(made, kind.name, quality=saving.quality or None)
    else:
        body = encode_within(made, kind.name, saving.most_bytes, quality=saving.quality or None)
    height, width = made.size
    told: dict[str, Any] = {"mime": kind.mime, "format": kind.name, "width": width, "height": height}
    told |= {"stored_width": stored.size[1], "stored_height": stored.size[0], "notes": list(made.notes)}
    if result.matte is not None:
        told |= {"confidence": round(result.matte.confidence, 4), "found": result.matte.found, "box": result.matte.box}
    if saving.check_for != "none":
        told["check"] = _checked(body, saving.check_for)
    return packed(told | {"model": result.model, "seconds": {k: round(v, 4) for k, v in result.seconds.items()}}, body)


def _checked(body: bytes, market: str) -> dict[str, Any]:
    """The file that was made, held against a marketplace's rules."""
    from mattebox.pipeline import marketplace_check

    verdict = marketplace_check.held(body, market, "the result")
    broken = [{"rule": f.rule, "measured": f.measured, "wanted": f.wanted, "advice": f.advice}
              for f in verdict.findings if not f.passed]  # fmt: skip
    return {"for": market, "passed": verdict.passed, "broken": broken}


def _shrunk(picture: Picture, most: int | None) -> Picture:
    """The picture at so many pixels at most."""
    from mattebox.io.resampling import window

    height, width = picture.size
    if most is None or height * width <= most:
        return picture
    scale = (most / (height * width)) ** 0.5
    size = (max(1, int(height * scale)), max(1, int(width * scale)))
    return picture.with_pixels(*window(picture.rgb, picture.alpha, (0, 0, width, height), size))


def _slice(data: bytes, span: list[int]) -> bytes:
    return data[span[0] : span[1]]


def _limit(memory: int) -> None:
    """Hold the process to so much address space, where the system can."""
    if not memory:
        return
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _receive(file: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    lengths = file.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head, body = LENGTHS.unpack(lengths)
    return json.loads(file.read(head)), file.read(body)


def _send(file: BinaryIO, frame: bytes) -> None:
    file.write(frame)
    file.flush()


if __name__ == "__main__":
    main()

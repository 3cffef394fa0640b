"""One contender in a process of its own: reads `go` lines, does the job once, answers with one JSON line.

    python -m benchmarks.cutout_worker WHO MODE MODEL PHOTO THREADS

WHO is mattebox or rembg. The job is a photograph's bytes in, the bytes of an RGBA PNG out, the network already loaded:
what a batch costs per picture. `network` is the time inside the network's own run, so that all else can be compared.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TimedCutout = Callable[[], tuple[int, float]]  # bytes of the PNG, seconds in the network


def build_mattebox_cutout(mode: str, model: str, photo: Path, threads: int) -> TimedCutout:
    from mattebox.io.encoding import encode
    from mattebox.io.reader import read
    from mattebox.models import result_cache
    from mattebox.models.matte_session import Session
    from mattebox.pipeline.run import run_recipe
    from mattebox.recipe.recipe import Recipe
    from mattebox.recipe.steps import Cut

    result_cache.shared_cache = result_cache.ResultCache(
        max_memory_bytes=0
    )  # the same photograph again and again: nothing may be remembered
    session, content = Session.open(model, "cpu", threads), photo.read_bytes()
    spent = MethodTimer(session, "_run")
    step = Cut(edges="none", colours="source") if mode == "plain" else Cut()

    def job() -> tuple[int, float]:
        spent.seconds = 0.0
        result = run_recipe(read(content), Recipe((step,)), session=session)
        return len(encode(result.picture, "png")), spent.seconds

    return job


def build_rembg_cutout(mode: str, model: str, photo: Path, threads: int) -> TimedCutout:
    os.environ["OMP_NUM_THREADS"] = str(threads)
    from rembg import new_session, remove

    session, content = new_session(model), photo.read_bytes()
    spent = MethodTimer(session.inner_session, "run")

    def job() -> tuple[int, float]:
        spent.seconds = 0.0
        return len(remove(content, session=session, decontaminate=mode != "plain")), spent.seconds

    return job


class MethodTimer:
    """Replaces one method of an object by itself, timed."""

    def __init__(self, owner: Any, method_name: str) -> None:
        self.seconds = 0.0
        inner = getattr(owner, method_name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter()
            try:
                return inner(*args, **kwargs)
            finally:
                self.seconds += time.perf_counter() - begun

        setattr(owner, method_name, timed)


def peak_megabytes() -> float:
    """The process's own high-water mark: on Linux not ru_maxrss, which a child inherits from its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    who, mode, model, photo, threads = sys.argv[1:6]
    maker = {"mattebox": build_mattebox_cutout, "rembg": build_rembg_cutout}[who]
    job = maker(mode, model, Path(photo), int(threads))
    job()  # warm: lazy imports, compiled code, the runtime's buffers
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        begun = time.perf_counter()
        size, network = job()
        total = time.perf_counter() - begun
        print(json.dumps({"total": total, "network": network, "bytes": size, "peak": peak_megabytes()}), flush=True)


if __name__ == "__main__":
    main()

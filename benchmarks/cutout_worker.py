"""Process of one contender of `benchmarks.cutout`: for each line on stdin it cuts once and prints a line of JSON.

    python -m benchmarks.cutout_worker LIBRARY MODE MODEL PHOTO THREADS

LIBRARY is mattebox or rembg. A cut goes from the photograph's bytes to the bytes of an RGBA PNG, with the network
loaded: what a batch costs per picture. `network` is the time inside the network's own run, so that the rest can be
compared.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.common import peak_megabytes

TimedCutout = Callable[[], tuple[int, float]]  # -> bytes of the PNG, seconds in the network


class MethodTimer:
    """Wraps a method of an object and adds up the seconds spent in it."""

    def __init__(self, owner: Any, method_name: str) -> None:
        self.seconds = 0.0
        method = getattr(owner, method_name)

        def run_timed(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                self.seconds += time.perf_counter() - start

        setattr(owner, method_name, run_timed)


def build_mattebox_cutout(mode: str, model: str, photo: Path, threads: int) -> TimedCutout:
    from mattebox.io.encoding import encode
    from mattebox.io.reader import read
    from mattebox.models import result_cache
    from mattebox.models.matte_session import Session
    from mattebox.pipeline.run import run_recipe
    from mattebox.recipe.recipe import Recipe
    from mattebox.recipe.steps import Cut

    # The same photograph is cut again and again: its matte must not be cached.
    result_cache.shared_cache = result_cache.ResultCache(max_memory_bytes=0)
    session, content = Session.open(model, "cpu", threads), photo.read_bytes()
    timer = MethodTimer(session, "_run")
    step = Cut(edges="none", colours="source") if mode == "plain" else Cut()

    def cut() -> tuple[int, float]:
        timer.seconds = 0.0
        result = run_recipe(read(content), Recipe((step,)), session=session)
        return len(encode(result.picture, "png")), timer.seconds

    return cut


def build_rembg_cutout(mode: str, model: str, photo: Path, threads: int) -> TimedCutout:
    os.environ["OMP_NUM_THREADS"] = str(threads)
    from rembg import new_session, remove

    session, content = new_session(model), photo.read_bytes()
    timer = MethodTimer(session.inner_session, "run")

    def cut() -> tuple[int, float]:
        timer.seconds = 0.0
        return len(remove(content, session=session, decontaminate=mode != "plain")), timer.seconds

    return cut


def main() -> None:
    library, mode, model, photo, threads = sys.argv[1:6]
    build = {"mattebox": build_mattebox_cutout, "rembg": build_rembg_cutout}[library]
    cut = build(mode, model, Path(photo), int(threads))
    cut()  # warm up: lazy imports, compiled code, the runtime's buffers
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        size, network = cut()
        total = time.perf_counter() - start
        print(json.dumps({"total": total, "network": network, "bytes": size, "peak": peak_megabytes()}), flush=True)


if __name__ == "__main__":
    main()

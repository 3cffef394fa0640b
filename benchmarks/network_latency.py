"""One run of each network: ours at its three sizes against the peer's, in turn, on one picture.

python -m benchmarks.network_latency --u2netp FILE [--repeats 15]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import skimage.data
from numpy.typing import NDArray

from benchmarks.cutout import prepare_environment
from mattebox.matting.tta import plan_views
from mattebox.models.matte_session import Session
from mattebox.types import Picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--u2netp", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _, card = prepare_environment(args.u2netp, Path(folder))
        names = {"u2netp": str(card), "fast": "fast", "balanced": "balanced", "best": "best"}
        sessions = {name: Session.open(model, "cpu", args.threads) for name, model in names.items()}
    picture = Picture(skimage.data.rocket())
    inputs = {name: prepare_inputs(session, picture) for name, session in sessions.items()}
    for name, session in sessions.items():
        measure_seconds(session, inputs[name])
    rounds = [
        {name: measure_seconds(session, inputs[name]) for name, session in sessions.items()}
        for _ in range(args.repeats)
    ]
    print("| network | input | ms | of u2netp |\n|---|---|---|---|")
    for name in sessions:
        share = median(r[name] / r["u2netp"] for r in rounds)
        size = ", ".join(" x ".join(map(str, x.shape[2:])) for x in inputs[name])
        print(f"| {name} | {size} | {median(r[name] for r in rounds) * 1000:.1f} | {share:.1%} |")


def prepare_inputs(session: Session, picture: Picture) -> list[NDArray[np.float32]]:
    """The inputs of all looks that its card says."""
    return [session.with_input_scale(look.scale).preprocess(picture)[0] for look in plan_views(session.card)]


def measure_seconds(session: Session, inputs: list[NDArray[np.float32]]) -> float:
    begun = time.perf_counter()
    for x in inputs:
        session.run(x)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()

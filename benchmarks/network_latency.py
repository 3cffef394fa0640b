"""Run time of the cutout networks alone: our presets and rembg's u2netp, on one picture, in turn.

python -m benchmarks.network_latency --u2netp FILE [--repeats 15] [--threads 2]
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import CPU_CORES, argument_parser, copy_u2netp, load_photograph, median_ratio, time_rounds
from mattebox.matting.tta import plan_views
from mattebox.models.matte_session import Session
from mattebox.types import Picture


def prepare_inputs(session: Session, picture: Picture) -> list[NDArray[np.float32]]:
    """Input tensors of all views that the model's card asks for."""
    return [session.with_input_scale(view.scale).preprocess(picture)[0] for view in plan_views(session.card)]


def run_all(session: Session, inputs: list[NDArray[np.float32]]) -> None:
    for x in inputs:
        session.run(x)


def main() -> None:
    parser = argument_parser(__doc__, repeats=15, threads=len(CPU_CORES))
    parser.add_argument("--u2netp", type=Path, required=True, help="rembg's u2netp.onnx")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = {"u2netp": str(copy_u2netp(args.u2netp, Path(folder)))} | {n: n for n in ("fast", "balanced", "best")}
        sessions = {name: Session.open(model, "cpu", args.threads) for name, model in models.items()}
    picture = Picture(load_photograph("rocket"))
    inputs = {name: prepare_inputs(session, picture) for name, session in sessions.items()}
    functions = {name: partial(run_all, session, inputs[name]) for name, session in sessions.items()}
    time_rounds(functions, 1)  # warm up
    seconds = time_rounds(functions, args.repeats)
    print("| network | input | ms | of u2netp |\n|---|---|---|---|")
    for name, values in seconds.items():
        sizes = ", ".join(" x ".join(map(str, x.shape[2:])) for x in inputs[name])
        share = median_ratio(values, seconds["u2netp"])
        print(f"| {name} | {sizes} | {median(values) * 1000:.1f} | {share:.1%} |")


if __name__ == "__main__":
    main()

"""Run time of the embedded networks on several devices of this machine: the same input, in turn.

    python -m benchmarks.device_latency cpu openvino --rounds 20 --threads 2

Prints medians in milliseconds without each device's first run, and the largest difference from the first device's
output.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.common import argument_parser, time_rounds
from mattebox.models.cards.registry import MODEL_PRESETS
from mattebox.models.runtime import onnx_runtime

WEIGHTS_FOLDER = Path(onnx_runtime.__file__).parents[1] / "weights"
DEFAULT_MODEL = MODEL_PRESETS["balanced"]
NETWORKS_AND_SIDES = ((DEFAULT_MODEL, 320), (DEFAULT_MODEL, 224), ("restore-3", 256), ("up2-1", 256), ("up4-1", 256))


def main() -> None:
    parser = argument_parser(__doc__, rounds=20, threads=2)
    parser.add_argument("devices", nargs="+")
    args = parser.parse_args()
    for name, side in NETWORKS_AND_SIDES:
        content = (WEIGHTS_FOLDER / f"{name}.onnx").read_bytes()
        x = np.random.default_rng(0).random((1, 3, side, side), dtype=np.float32)
        sessions = {d: onnx_runtime.create_session(content, name, d, args.threads) for d in args.devices}
        feeds = {sessions[args.devices[0]].get_inputs()[0].name: x}
        outputs = {device: session.run(None, feeds)[0] for device, session in sessions.items()}
        seconds = time_rounds({d: partial(session.run, None, feeds) for d, session in sessions.items()}, args.rounds)
        for device in sessions:
            difference = float(np.abs(outputs[device] - outputs[args.devices[0]]).max())
            milliseconds = 1000 * median(seconds[device])
            print(f"{name:10} {side:4}  {device:9} {milliseconds:8.1f} ms  differs {difference:.4f}", flush=True)


if __name__ == "__main__":
    main()

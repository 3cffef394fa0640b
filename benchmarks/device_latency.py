"""The embedded networks on the devices of this machine, in turns, on the same input: medians in milliseconds.

    python -m benchmarks.device_latency cpu openvino --rounds 20 --threads 2

Each device's first run is not counted. "differs" is the largest difference from the first device's answer.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np

from mattebox.models.cards.registry import MODEL_PRESETS
from mattebox.models.runtime import onnx_runtime

WEIGHTS_FOLDER = Path(onnx_runtime.__file__).parents[1] / "weights"
DEFAULT_MODEL = MODEL_PRESETS["balanced"]
NETWORKS_AND_SIDES = ((DEFAULT_MODEL, 320), (DEFAULT_MODEL, 224), ("restore-2", 256), ("up2-1", 256), ("up4-1", 256))


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("devices", nargs="+")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    for name, side in NETWORKS_AND_SIDES:
        content = (WEIGHTS_FOLDER / f"{name}.onnx").read_bytes()
        x = np.random.default_rng(0).random((1, 3, side, side), dtype=np.float32)
        sessions = {d: onnx_runtime.create_session(content, name, d, asked.threads) for d in asked.devices}
        feeds = {sessions[asked.devices[0]].get_inputs()[0].name: x}
        answers = {d: s.run(None, feeds)[0] for d, s in sessions.items()}
        took: dict[str, list[float]] = {d: [] for d in sessions}
        for _ in range(asked.rounds):
            for device, session in sessions.items():
                begun = time.perf_counter()
                session.run(None, feeds)
                took[device].append(time.perf_counter() - begun)
        first = answers[asked.devices[0]]
        for device in sessions:
            differs = float(np.abs(answers[device] - first).max())
            median = 1000 * statistics.median(took[device])
            print(f"{name:10} {side:4}  {device:9} {median:8.1f} ms  differs {differs:.4f}")


if __name__ == "__main__":
    main()

"""Other forms of an exported network, for other runtimes: TorchScript and OpenVINO's IR, compared with the ONNX file.

What is told of each: its file, its bytes, how far its alphas are from the ONNX file's, and its time for one picture
against it, best of runs taken in turns. Knows nothing of training.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mattebox.errors import UsageError
from mattebox.models.matte_session import Session
from mattebox.models.runtime.openvino_runtime import import_openvino

TIMED_RUNS = 15
INPUT_SIZE = (256, 320)

RunFunction = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def export_torchscript(net: nn.Module, card: Path) -> dict[str, Any]:
    """NAME.pt beside the card, by tracing: sides of any multiple of 32."""
    path = card.with_suffix(".pt")
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch.jit is kept for deployment, and says so
        traced = torch.jit.trace(net, torch.zeros(1, 3, *INPUT_SIZE))
        traced.save(str(path))
        loaded = torch.jit.load(str(path))

        def run(x: NDArray[np.float32]) -> NDArray[np.float32]:
            with torch.no_grad():
                return np.asarray(loaded(torch.from_numpy(x)))

        return compare_with_onnx(run, card, [path])


def export_openvino(net: nn.Module, card: Path) -> dict[str, Any]:
    """NAME.xml and NAME.bin beside the card, in float32. UsageError without the package openvino."""
    try:
        ov = import_openvino()
    except ImportError as error:
        raise UsageError("OpenVINO's form needs its package", "pip install openvino") from error
    path = card.with_suffix(".xml")
    ov.save_model(ov.convert_model(str(card.with_suffix(".onnx"))), str(path), compress_to_fp16=False)
    model = ov.compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})  # it would take bf16 by itself

    def run(x: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(model(x)[0])

    return compare_with_onnx(run, card, [path, path.with_suffix(".bin")])


FORMATS = {"torchscript": export_torchscript, "openvino": export_openvino}


def compare_with_onnx(run: RunFunction, card: Path, files: list[Path]) -> dict[str, Any]:
    """The new form against the card's ONNX file, at the size of export and at another."""
    session = Session.open(str(card), "cpu")
    rng = np.random.default_rng(0)
    pictures = [rng.normal(size=(1, 3, *size)).astype(np.float32) for size in (INPUT_SIZE, INPUT_SIZE[::-1])]
    apart = max(float(np.abs(run(x) - session.run(x)).max()) for x in pictures)
    best = {"onnx": float("inf"), "this": float("inf")}
    for _ in range(TIMED_RUNS):
        for name, one in (("onnx", session.run), ("this", run)):
            begun = time.perf_counter()
            one(pictures[0])
            best[name] = min(best[name], time.perf_counter() - begun)
    return {
        "file": files[0].name,
        "bytes": sum(file.stat().st_size for file in files),
        "largest difference": round(apart, 6),
        "times as fast as onnx": round(best["onnx"] / best["this"], 2),
    }

"""Export of a network to other formats, TorchScript and OpenVINO IR, compared with its ONNX file.

For each format: its file, its bytes, the largest difference of its alpha, and its speed against ONNX Runtime.
"""

from __future__ import annotations

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
from mattebox.training.export.timing import best_run_times

TIMED_RUNS = 15
INPUT_SIZE = (256, 320)

RunFunction = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def export_torchscript(net: nn.Module, card: Path) -> dict[str, Any]:
    """Write NAME.pt beside the card, traced, for sides of any multiple of 32; the comparison with the ONNX file."""
    path = card.with_suffix(".pt")
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch.jit warns that it is deprecated
        traced = torch.jit.trace(net, torch.zeros(1, 3, *INPUT_SIZE))
        traced.save(str(path))
        loaded = torch.jit.load(str(path))

        def run(x: NDArray[np.float32]) -> NDArray[np.float32]:
            with torch.no_grad():
                return np.asarray(loaded(torch.from_numpy(x)))

        return compare_with_onnx(run, card, [path])


def export_openvino(net: nn.Module, card: Path) -> dict[str, Any]:
    """Write NAME.xml and NAME.bin beside the card, in float32; the comparison with the ONNX file.

    UsageError if OpenVINO is not installed.
    """
    try:
        ov = import_openvino()
    except ImportError as error:
        raise UsageError("OpenVINO's format needs its package", "pip install openvino") from error
    path = card.with_suffix(".xml")
    ov.save_model(ov.convert_model(str(card.with_suffix(".onnx"))), str(path), compress_to_fp16=False)
    model = ov.compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})  # bfloat16 is its default

    def run(x: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(model(x)[0])

    return compare_with_onnx(run, card, [path, path.with_suffix(".bin")])


FORMATS = {"torchscript": export_torchscript, "openvino": export_openvino}


def compare_with_onnx(run: RunFunction, card: Path, files: list[Path]) -> dict[str, Any]:
    """Differences and speed of another format, `run`, against the card's ONNX file, at two sizes."""
    session = Session.open(str(card), "cpu")
    rng = np.random.default_rng(0)
    pictures = [rng.normal(size=(1, 3, *size)).astype(np.float32) for size in (INPUT_SIZE, INPUT_SIZE[::-1])]
    difference = max(float(np.abs(run(x) - session.run(x)).max()) for x in pictures)
    onnx_time, own_time = best_run_times([lambda: session.run(pictures[0]), lambda: run(pictures[0])], TIMED_RUNS)
    return {
        "file": files[0].name,
        "bytes": sum(file.stat().st_size for file in files),
        "largest difference": round(difference, 6),
        "times as fast as onnx": round(onnx_time / own_time, 2),
    }

"""OpenVINO in the place of onnxruntime, where its package is installed: `--device openvino`. On processors that can it
calculates in bfloat16, which is what makes it worth having (LOG.md), and alphas differ by about a hundredth.

It has of onnxruntime's session what we use of that, and no more. Its package would report its use over the network
when it is imported; that part of it is kept from loading. Knows nothing of cards or pictures.
"""

from __future__ import annotations

import importlib.util
import queue
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

PROVIDER_NAME = "OpenVINO"  # where onnxruntime would name a provider
ONNX_TYPE_NAMES = {"f32": "float", "f16": "float16", "f64": "double", "i64": "int64", "i32": "int32", "u8": "uint8"}


class TensorInfo(NamedTuple):
    """An input or output: `shape` has a word for each side that is free, as onnxruntime tells it."""

    name: str
    type: str
    shape: list[int | str]


def is_installed() -> bool:
    return importlib.util.find_spec("openvino") is not None


class OpenVinoSession:
    """A graph ready to run. Threads may share it: each run borrows a request."""

    def __init__(self, content: bytes, threads: int) -> None:
        """Raises whatever OpenVINO does when the graph is broken."""
        core = import_openvino().Core()
        narrow = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        hints = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "bf16" if narrow else "f32",
        }
        self._model = core.compile_model(core.read_model(content, b""), "CPU", hints)
        self._idle_requests: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def get_inputs(self) -> list[TensorInfo]:
        return [_tensor_info(port) for port in self._model.inputs]

    def get_outputs(self) -> list[TensorInfo]:
        return [_tensor_info(port) for port in self._model.outputs]

    def get_providers(self) -> list[str]:
        return [PROVIDER_NAME]

    def run(self, output_names: Sequence[str] | None, input_feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The outputs of those names, or all."""
        try:
            request = self._idle_requests.get_nowait()
        except queue.Empty:
            request = self._model.create_infer_request()
        try:
            answers = request.infer({name: np.ascontiguousarray(value) for name, value in input_feed.items()})
            wanted = [o.name for o in self.get_outputs()] if output_names is None else output_names
            return [np.array(answers[name]) for name in wanted]
        finally:
            self._idle_requests.put(request)


def import_openvino() -> Any:
    """The package, without the module by which it reports."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # the import of it fails, as is allowed for
    import openvino

    return openvino


def _tensor_info(port: Any) -> TensorInfo:
    kind = port.element_type.get_type_name()
    shape = [d.get_length() if d.is_static else "free" for d in port.partial_shape]
    return TensorInfo(port.any_name, f"tensor({ONNX_TYPE_NAMES.get(kind, kind)})", shape)

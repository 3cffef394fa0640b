"""OpenVINO sessions with the interface of ONNX Runtime's, as far as it is used here: `--device openvino`.

They compute in bfloat16 on processors that support it; alphas then differ by about 0.01 (decision 018). The package
reports its use over the network when it is imported; that module of it is kept from loading.
"""

from __future__ import annotations

import importlib.util
import queue
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mattebox.models.runtime.tensor_types import ort_type_name

PROVIDER_NAME = "OpenVINO"  # in the place of an ONNX Runtime provider's name


class TensorInfo(NamedTuple):
    """An input or output; `shape` has a string for each dimension that is dynamic, as in ONNX Runtime."""

    name: str
    type: str
    shape: list[int | str]


def is_installed() -> bool:
    return importlib.util.find_spec("openvino") is not None


class OpenVinoSession:
    """A compiled graph. Threads may share it: each run takes an inference request of its own from a pool."""

    def __init__(self, content: bytes, threads: int) -> None:
        """Compile a graph. Raises OpenVINO's own errors where it is broken."""
        core = import_openvino().Core()
        has_bfloat16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        hints = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "bf16" if has_bfloat16 else "f32",
        }
        self._model = core.compile_model(core.read_model(content, b""), "CPU", hints)
        self._idle_requests: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def get_inputs(self) -> list[TensorInfo]:
        return [_tensor_info(port) for port in self._model.inputs]

    def get_outputs(self) -> list[TensorInfo]:
        return [_tensor_info(port) for port in self._model.outputs]

    def get_providers(self) -> list[str]:
        return [PROVIDER_NAME]

    def run(
        self, output_names: Sequence[str] | None, input_feed: Mapping[str, NDArray[Any]], _options: object = None
    ) -> list[NDArray[Any]]:
        """Run the graph; returns the named outputs, or all. ONNX Runtime's options of a run have no counterpart."""
        try:
            request = self._idle_requests.get_nowait()
        except queue.Empty:
            request = self._model.create_infer_request()
        try:
            outputs = request.infer({name: np.ascontiguousarray(value) for name, value in input_feed.items()})
            names = [o.name for o in self.get_outputs()] if output_names is None else output_names
            return [np.array(outputs[name]) for name in names]
        finally:
            self._idle_requests.put(request)


def import_openvino() -> Any:
    """Import the package without its telemetry; it copes where that module cannot be imported."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def _tensor_info(port: Any) -> TensorInfo:
    type_name = ort_type_name(port.element_type.get_type_name())
    shape = [d.get_length() if d.is_static else "free" for d in port.partial_shape]
    return TensorInfo(port.any_name, type_name, shape)

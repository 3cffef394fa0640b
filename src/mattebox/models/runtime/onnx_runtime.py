"""Bytes of an ONNX graph -> a running onnxruntime session on one device, and the small pixel kernels shipped with us.

The only file that builds onnxruntime sessions. It knows nothing of cards, pictures or mattes.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core import cpu_threads, malloc
from mattebox.errors import DeviceError, ModelError, UsageError
from mattebox.models.runtime import devices, openvino_runtime

KERNELS_FOLDER = Path(__file__).parent / "kernels"


def create_session(
    content: bytes,
    label: str,
    device: str = "auto",
    threads: int | None = None,
    external_data_folder: Path | None = None,
) -> Any:
    """An onnxruntime.InferenceSession of `content`, or what stands for one; `external_data_folder` holds the graph's external data,
    if it has any.

    Raises DeviceError when the device asked for is missing or refuses to start, ModelError when the graph is broken,
    UsageError when `threads` is not positive.
    """
    import onnxruntime

    if threads is not None and threads < 1:
        raise UsageError(f"{threads} threads", "give a whole number of at least 1")
    wanted, settings = devices.select_provider(device)
    if wanted == openvino_runtime.PROVIDER_NAME:
        return _create_openvino_session(content, label, threads or cpu_threads.thread_cpu_count(), external_data_folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or cpu_threads.thread_cpu_count()
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = not malloc.is_malloc_tuned()  # it would hold a second time what its largest run took
    options.enable_mem_pattern = False  # planned for one input size, it doubles memory when sizes differ (LOG.md)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leaves the processors to other stages
    if external_data_folder is not None:
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", str(external_data_folder)
        )
    try:
        session = onnxruntime.InferenceSession(content, options, providers=[(wanted, settings)])
    except Exception as error:
        reason = str(error).strip().splitlines()[-1][:200]
        raise ModelError(f"{label} cannot be loaded ({reason})", "check that it is a valid ONNX file") from error
    if device != "auto" and session.get_providers()[0] != wanted:
        raise DeviceError(f"device {device} did not start; onnxruntime offered {session.get_providers()[0]}",
                          "check the driver, or use --device cpu")  # fmt: skip
    return session


def _create_openvino_session(
    content: bytes, label: str, threads: int, external_data_folder: Path | None
) -> openvino_runtime.OpenVinoSession:
    """The same by OpenVINO. ModelError."""
    if external_data_folder is not None:
        raise ModelError(f"{label} has weights beside its graph, which OpenVINO cannot be given", "use --device cpu")
    try:
        return openvino_runtime.OpenVinoSession(content, threads)
    except Exception as error:
        reason = str(error).strip().splitlines()[-1][:200]
        raise ModelError(f"{label} cannot be loaded by OpenVINO ({reason})", "use --device cpu") from error


_kernel_sessions: dict[tuple[str, int], Any] = {}
_kernel_lock = threading.Lock()


def kernel_session(name: str, threads: int) -> Any:
    """The pixel kernel of that name: a CPU session, started once, by one thread, and shared (sessions are safe to run
    from threads)."""
    with _kernel_lock:
        if (name, threads) not in _kernel_sessions:
            content = (KERNELS_FOLDER / f"{name}.onnx").read_bytes()
            _kernel_sessions[name, threads] = create_session(content, f"kernel {name}", "cpu", threads)
        return _kernel_sessions[name, threads]


def run_kernel(name: str, threads: int | None = None, **inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Run a pixel kernel on float32 arrays, in all processors or `threads` of them, and return its one output."""
    result: NDArray[np.float32] = kernel_session(name, threads or cpu_threads.thread_cpu_count()).run(None, inputs)[0]
    return result

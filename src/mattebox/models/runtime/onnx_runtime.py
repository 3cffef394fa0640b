"""ONNX Runtime sessions, and the pixel kernels: small ONNX graphs for heavy pixel work (decision 002)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.core import cpu_threads, malloc
from mattebox.core.interface import name_parameter
from mattebox.core.lru_cache import LruCache
from mattebox.errors import DeviceError, ModelError, UsageError
from mattebox.models.runtime import devices, openvino_runtime
from mattebox.models.runtime.runtime_session import RuntimeSession

KERNELS_FOLDER = Path(__file__).parent / "kernels"
MAX_OPEN_KERNELS = 64


def create_session(
    content: bytes | Callable[[], bytes],
    label: str,
    device: str = "auto",
    threads: int | None = None,
    external_data_folder: Path | None = None,
) -> RuntimeSession:
    """Start a session of an ONNX graph.

    Parameters
    ----------
    content : bytes or callable
        The ONNX file, or what reads it: a forked child reads it again, so that its bytes need not stay in memory.
    label : str
        What error messages call the graph.
    device : str
        `auto`, `cpu`, `cuda`, `cuda:1`, `openvino` ...; see `devices.select_provider`.
    threads : int, optional
        Processor threads; by default all that this thread may use.
    external_data_folder : Path, optional
        Folder of the graph's external data, where it has any.

    Returns
    -------
    RuntimeSession

    Raises
    ------
    DeviceError
        The device is not available or does not start.
    ModelError
        The graph is broken.
    UsageError
        `threads` is not positive.
    """
    if threads is not None and threads < 1:
        raise UsageError(f"{threads} threads", "give a whole number of at least 1")
    thread_count = threads or cpu_threads.thread_cpu_count()
    return RuntimeSession(
        lambda: _start_session(
            content if isinstance(content, bytes) else content(), label, device, thread_count, external_data_folder
        )
    )


def _start_session(content: bytes, label: str, device: str, threads: int, external_data_folder: Path | None) -> Any:
    """An onnxruntime.InferenceSession or OpenVinoSession. Errors as for `create_session`."""
    import onnxruntime

    provider, provider_options = devices.select_provider(device)
    if provider == openvino_runtime.PROVIDER_NAME:
        return _create_openvino_session(content, label, threads, external_data_folder)
    options = _session_options(threads, external_data_folder)
    try:
        session = onnxruntime.InferenceSession(content, options, providers=[(provider, provider_options)])
    except Exception as error:
        raise _load_error(f"{label} cannot be loaded", error, "check that it is a valid ONNX file") from error
    if device != "auto" and session.get_providers()[0] != provider:
        raise DeviceError(f"device {device} did not start; onnxruntime offered {session.get_providers()[0]}",
                          f"check the driver, or use {name_parameter('device', 'cpu')}")  # fmt: skip
    return session


def _session_options(threads: int, external_data_folder: Path | None) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = not malloc.is_malloc_tuned()  # the arena keeps the memory of its largest run
    options.enable_mem_pattern = False  # doubles memory where input sizes differ (decision 015)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leaves the processors to other stages
    if external_data_folder is not None:
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", str(external_data_folder)
        )
    return options


def _create_openvino_session(
    content: bytes, label: str, threads: int, external_data_folder: Path | None
) -> openvino_runtime.OpenVinoSession:
    if external_data_folder is not None:
        raise ModelError(
            f"{label} has weights beside its graph, which OpenVINO cannot read",
            f"use {name_parameter('device', 'cpu')}",
        )
    try:
        return openvino_runtime.OpenVinoSession(content, threads)
    except Exception as error:
        raise _load_error(
            f"{label} cannot be loaded by OpenVINO", error, f"use {name_parameter('device', 'cpu')}"
        ) from error


def _load_error(problem: str, error: Exception, remedy: str) -> ModelError:
    """The error for a graph that a runtime refuses, with the last line of the runtime's own message."""
    reason = str(error).strip().splitlines()[-1][:200]
    return ModelError(f"{problem} ({reason})", remedy)


_kernel_sessions: LruCache[RuntimeSession] = LruCache(MAX_OPEN_KERNELS)


def kernel_session(name: str, threads: int) -> RuntimeSession:
    """Return the CPU session of a pixel kernel, started at the first call and shared by threads."""
    read_graph = (KERNELS_FOLDER / f"{name}.onnx").read_bytes
    return _kernel_sessions.get_or_create(
        (name, threads), lambda: create_session(read_graph, f"kernel {name}", "cpu", threads)
    )


def run_kernel(name: str, threads: int | None = None, **inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Run a pixel kernel.

    Parameters
    ----------
    name : str
        File name in `kernels`, without its suffix.
    threads : int, optional
        Processor threads; by default all that this thread may use.
    **inputs : float32 arrays
        The kernel's inputs by name.

    Returns
    -------
    float32 array
        The kernel's one output.
    """
    return run_kernel_outputs(name, threads, **inputs)[0]


def run_kernel_outputs(
    name: str, threads: int | None = None, **inputs: NDArray[np.float32]
) -> list[NDArray[np.float32]]:
    """Run a pixel kernel; returns all its outputs. See `run_kernel`."""
    outputs: list[NDArray[np.float32]] = kernel_session(name, threads or cpu_threads.thread_cpu_count()).run(
        None, inputs
    )
    return outputs

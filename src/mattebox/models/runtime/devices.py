"""Device names and the ONNX Runtime execution providers behind them.

A device that is requested by name and not available is an error. `auto` takes the best one that is installed.
"""

from __future__ import annotations

from mattebox.core.interface import install_extra, name_parameter
from mattebox.errors import DeviceError
from mattebox.models.runtime import openvino_runtime

PROVIDERS = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
INSTALL_HINTS = {
    "tensorrt": "install onnxruntime-gpu and TensorRT",
    "cuda": "install onnxruntime-gpu in place of onnxruntime and check the NVIDIA driver",
    "coreml": "use onnxruntime on macOS",
    "directml": "install onnxruntime-directml on Windows",
}
# in order of preference; TensorRT starts slowly and OpenVINO computes in bfloat16, so they are used on request only
AUTO_DEVICES = ("cuda", "coreml", "directml", "cpu")
BATCHING_DEVICES = ("tensorrt", "cuda", "coreml", "directml")


def select_provider(device: str) -> tuple[str, dict[str, str]]:
    """Find the execution provider of a device.

    Parameters
    ----------
    device : str
        `auto`, `cpu`, `cuda`, `cuda:1`, ... `openvino` is its own package where that is installed.

    Returns
    -------
    (str, dict)
        The provider's name and its options.

    Raises
    ------
    DeviceError
        The name is unknown, or the provider is not available.
    """
    import onnxruntime

    if device == "openvino" and openvino_runtime.is_installed():
        return openvino_runtime.PROVIDER_NAME, {}
    available = onnxruntime.get_available_providers()
    if device == "auto":
        device = next(name for name in AUTO_DEVICES if PROVIDERS[name] in available)
    name, _, index = device.partition(":")
    if name not in PROVIDERS or (index and not index.isdigit()):
        raise DeviceError(
            f"unknown device {device!r}", f"choose one of: auto, {', '.join(PROVIDERS)}, cuda:0, cuda:1 ..."
        )
    if PROVIDERS[name] not in available:
        hint = install_extra(name) if name == "openvino" else INSTALL_HINTS[name]
        raise DeviceError(f"device {device} is not available here", f"{hint}, or use {name_parameter('device', 'cpu')}")
    return PROVIDERS[name], {"device_id": index} if index else {}


def device_name(provider_name: str) -> str:
    """The device name of an execution provider."""
    if provider_name == openvino_runtime.PROVIDER_NAME:
        return "openvino"
    return next((name for name, known in PROVIDERS.items() if known == provider_name), provider_name)


def benefits_from_batching(provider_name: str) -> bool:
    """Whether a batch takes less time on this provider than its pictures one by one."""
    return device_name(provider_name) in BATCHING_DEVICES

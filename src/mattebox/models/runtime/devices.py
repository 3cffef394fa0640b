"""Which of onnxruntime's providers a device name means, strictly: asked for and not there is an error.

`auto` takes the best that is installed and never claims more; what a session really runs on is read back from it.
"""

from __future__ import annotations

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
    "openvino": 'pip install "mattebox[openvino]"',
}
AUTO_DEVICES = (
    "cuda",
    "coreml",
    "directml",
    "cpu",
)  # TensorRT and OpenVINO only when asked for: slow or different at first


def select_provider(device: str) -> tuple[str, dict[str, str]]:
    """onnxruntime's provider and its options for `cpu`, `cuda`, `cuda:1`, ... or `auto`; for `openvino` its own package
    where there is one. DeviceError when absent."""
    import onnxruntime

    if device == "openvino" and openvino_runtime.is_installed():
        return openvino_runtime.PROVIDER_NAME, {}
    there = onnxruntime.get_available_providers()
    if device == "auto":
        device = next(name for name in AUTO_DEVICES if PROVIDERS[name] in there)
    name, _, index = device.partition(":")
    if name not in PROVIDERS or (index and not index.isdigit()):
        raise DeviceError(
            f"unknown device {device!r}", f"choose one of: auto, {', '.join(PROVIDERS)}, cuda:0, cuda:1 ..."
        )
    if PROVIDERS[name] not in there:
        raise DeviceError(f"device {device} is not available here", f"{INSTALL_HINTS[name]}, or use --device cpu")
    return PROVIDERS[name], {"device_id": index} if index else {}


def device_name(provider_name: str) -> str:
    """Our name for one of onnxruntime's providers."""
    if provider_name == openvino_runtime.PROVIDER_NAME:
        return "openvino"
    return next((name for name, known in PROVIDERS.items() if known == provider_name), provider_name)


def benefits_from_batching(provider_name: str) -> bool:
    """Whether several pictures in one run take less time there than one by one."""
    return device_name(provider_name) in ("tensorrt", "cuda", "coreml", "directml")

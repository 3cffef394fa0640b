"""Running networks: ONNX Runtime and OpenVINO sessions, devices, batching, pixel kernels."""

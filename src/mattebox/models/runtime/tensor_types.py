"""Element types of tensors, under the names that NumPy, ONNX Runtime, OpenVINO and the ONNX format have for them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class ElementType(NamedTuple):
    """One type: `ort` as in ONNX Runtime's "tensor(float)", `onnx` the number in TensorProto.DataType."""

    numpy: type[np.number[Any]]
    ort: str
    openvino: str
    onnx: int


ELEMENT_TYPES = (
    ElementType(np.float32, "float", "f32", 1),
    ElementType(np.uint8, "uint8", "u8", 2),
    ElementType(np.int32, "int32", "i32", 6),
    ElementType(np.int64, "int64", "i64", 7),
    ElementType(np.float16, "float16", "f16", 10),
    ElementType(np.float64, "double", "f64", 11),
)


def numpy_type(ort_name: str) -> type[np.number[Any]]:
    """NumPy's type for ONNX Runtime's "tensor(...)"; float32 for one that is not listed."""
    return next((t.numpy for t in ELEMENT_TYPES if f"tensor({t.ort})" == ort_name), np.float32)


def ort_type_name(openvino_name: str) -> str:
    """ONNX Runtime's "tensor(...)" for OpenVINO's name of a type."""
    return f"tensor({next((t.ort for t in ELEMENT_TYPES if t.openvino == openvino_name), openvino_name)})"


def onnx_float_type(data_type: object) -> type[np.number[Any]] | None:
    """NumPy's type for the number of a floating-point type in the ONNX format; None for any other value."""
    floats = (t for t in ELEMENT_TYPES if issubclass(t.numpy, np.floating))
    return next((t.numpy for t in floats if t.onnx == data_type), None)

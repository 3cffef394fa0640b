"""Each element type is found under the name that each runtime has for it."""

from __future__ import annotations

import numpy as np

from mattebox.models.runtime.tensor_types import numpy_type, onnx_float_type, ort_type_name


def test_names_of_onnx_runtime() -> None:
    assert numpy_type("tensor(int64)") is np.int64
    assert numpy_type("tensor(string)") is np.float32


def test_names_of_openvino() -> None:
    assert ort_type_name("f16") == "tensor(float16)"
    assert ort_type_name("u4") == "tensor(u4)"


def test_numbers_of_onnx() -> None:
    assert onnx_float_type(10) is np.float16
    assert onnx_float_type(7) is None
    assert onnx_float_type(None) is None

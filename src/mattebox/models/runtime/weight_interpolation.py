"""Interpolation of two networks of one architecture, weight by weight (deep network interpolation, Wang et al. 2019).

Both graphs must be equal byte for byte except for their weights, as graphs of one converter are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.models.runtime.protobuf import parse_fields, submessages
from mattebox.models.runtime.tensor_types import onnx_float_type

# field numbers of ModelProto, GraphProto and TensorProto in onnx.proto
GRAPH_FIELD, INITIALIZER_FIELD = 7, 5
DATA_TYPE_FIELD, NAME_FIELD, RAW_DATA_FIELD = 2, 8, 9


def interpolate_weights(first: bytes, second: bytes, second_weight: float) -> bytes:
    """Mix the weights of two networks.

    Parameters
    ----------
    first, second : bytes
        ONNX graphs of one architecture.
    second_weight : float
        0 gives the first network, 1 the second.

    Returns
    -------
    bytes
        The graph whose weights are (1 - second_weight) x those of `first` + second_weight x those of `second`.

    Raises
    ------
    ModelError
        The graphs differ in more than their weights.
    """
    mixed = bytearray(first)
    pairs = zip(_weight_tensors(memoryview(mixed)), _weight_tensors(memoryview(second)), strict=True)
    try:
        for (name, target), (second_name, source) in pairs:
            if name != second_name or target.shape != source.shape or target.dtype != source.dtype:
                raise ValueError(f"{name!r} is not {second_name!r}")
            target[:] = target.astype(np.float64) * (1 - second_weight) + source.astype(np.float64) * second_weight
    except (ValueError, IndexError) as error:
        raise ModelError(f"the two networks cannot be mixed ({error})", "pull both again") from error
    return bytes(mixed)


def _weight_tensors(content: memoryview) -> Iterator[tuple[bytes, NDArray[np.number[Any]]]]:
    """Name and values of each floating-point weight; values are views, writable where `content` is."""
    for graph in submessages(content, GRAPH_FIELD):
        for tensor in submessages(graph, INITIALIZER_FIELD):
            fields = dict(parse_fields(tensor))
            dtype, raw_data = onnx_float_type(fields.get(DATA_TYPE_FIELD)), fields.get(RAW_DATA_FIELD)
            if dtype is not None and isinstance(raw_data, memoryview):
                name = fields.get(NAME_FIELD, b"")
                yield bytes(name) if isinstance(name, memoryview) else b"", np.frombuffer(raw_data, dtype)

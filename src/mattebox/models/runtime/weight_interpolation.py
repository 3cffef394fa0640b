"""Two networks of one architecture mixed into one, weight by weight (deep network interpolation, Wang et al. 2019).

Both graphs must be alike to the byte but for their numbers, as those are that one converter made. Knows nothing of
what the networks do.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.models.runtime.onnx_external_data import parse_fields

GRAPH_FIELD, INITIALIZER_FIELD, DATA_TYPE_FIELD, NAME_FIELD, RAW_DATA_FIELD = (
    7,
    5,
    2,
    8,
    9,
)  # fields of Model, Graph and Tensor in onnx.proto
ONNX_TO_NUMPY_TYPES = {1: np.float32, 10: np.float16}


def interpolate_weights(first: bytes, second: bytes, second_weight: float) -> bytes:
    """The graph whose weights are those of `first` times 1 - share plus those of `second` times share. ModelError."""
    made = bytearray(first)
    pairs = zip(_weight_tensors(memoryview(made)), _weight_tensors(memoryview(second)), strict=True)
    try:
        for (name, mine), (its_name, theirs) in pairs:
            if name != its_name or mine.shape != theirs.shape or mine.dtype != theirs.dtype:
                raise ValueError(f"{name!r} is not {its_name!r}")
            mine[:] = mine.astype(np.float64) * (1 - second_weight) + theirs.astype(np.float64) * second_weight
    except (ValueError, IndexError) as error:
        raise ModelError(f"the two networks cannot be mixed ({error})", "pull both anew") from error
    return bytes(made)


def _weight_tensors(content: memoryview) -> Iterator[tuple[bytes, NDArray[np.floating]]]:
    """Name and values of each tensor of weights; those of a writable content can be written."""
    for graph in _submessages(content, GRAPH_FIELD):
        for tensor in _submessages(graph, INITIALIZER_FIELD):
            facts = dict(parse_fields(tensor))
            kind, raw = facts.get(DATA_TYPE_FIELD), facts.get(RAW_DATA_FIELD)
            if isinstance(kind, int) and kind in ONNX_TO_NUMPY_TYPES and isinstance(raw, memoryview):
                name = facts.get(NAME_FIELD, b"")
                yield (
                    bytes(name) if isinstance(name, memoryview) else b"",
                    np.frombuffer(raw, ONNX_TO_NUMPY_TYPES[kind]),
                )


def _submessages(body: memoryview, field_number: int) -> Iterator[memoryview]:
    for number, part in parse_fields(body):
        if number == field_number and isinstance(part, memoryview):
            yield part

"""Two networks of one architecture mixed into one, weight by weight (deep network interpolation, Wang et al. 2019).

Both graphs must be alike to the byte but for their numbers, as those are that one converter made. Knows nothing of
what the networks do.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.models.runtime.onnx_external_data import fields

GRAPH, TENSOR, KIND, NAME, RAW = 7, 5, 2, 8, 9  # fields of Model, Graph and Tensor in onnx.proto
KINDS = {1: np.float32, 10: np.float16}


def mixed(one: bytes, other: bytes, share: float) -> bytes:
    """The graph whose weights are those of `one` times 1 - share plus those of `other` times share. ModelError."""
    made = bytearray(one)
    pairs = zip(_numbers(memoryview(made)), _numbers(memoryview(other)), strict=True)
    try:
        for (name, mine), (its_name, theirs) in pairs:
            if name != its_name or mine.shape != theirs.shape or mine.dtype != theirs.dtype:
                raise ValueError(f"{name!r} is not {its_name!r}")
            mine[:] = mine.astype(np.float64) * (1 - share) + theirs.astype(np.float64) * share
    except (ValueError, IndexError) as error:
        raise ModelError(f"the two networks cannot be mixed ({error})", "pull both anew") from error
    return bytes(made)


def _numbers(content: memoryview) -> Iterator[tuple[bytes, NDArray[np.floating]]]:
    """Name and values of each tensor of weights; those of a writable content can be written."""
    for graph in _inside(content, GRAPH):
        for tensor in _inside(graph, TENSOR):
            facts = dict(fields(tensor))
            kind, raw = facts.get(KIND), facts.get(RAW)
            if isinstance(kind, int) and kind in KINDS and isinstance(raw, memoryview):
                name = facts.get(NAME, b"")
                yield bytes(name) if isinstance(name, memoryview) else b"", np.frombuffer(raw, KINDS[kind])


def _inside(body: memoryview, wanted: int) -> Iterator[memoryview]:
    for number, part in fields(body):
        if number == wanted and isinstance(part, memoryview):
            yield part

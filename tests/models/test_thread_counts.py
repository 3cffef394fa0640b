"""The number of threads changes no bit of a result: cutouts of other machines of the same kind are the same bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mattebox.models.cards.registry import find_card
from mattebox.models.runtime.inference import start_card_session
from mattebox.models.runtime.onnx_runtime import KERNELS_FOLDER, kernel_session

THREAD_COUNTS = (2, 3, 4)
SIDES = {"picture": (96, 128), "patch": (23, 21)}  # of inputs of any size; of others, SIDE
SIDE = (171, 149)  # odd: parts for threads end anywhere


def example_inputs(session: Any) -> dict[str, Any]:
    """A smooth picture with noise for each input of a graph."""
    rng, inputs = np.random.default_rng(1), {}
    for spec in session.get_inputs():
        if spec.shape == [1]:
            inputs[spec.name] = np.array([0.8], np.float32)
            continue
        height, width = SIDES.get(spec.name, SIDE)
        free = [height, width, 3] if spec.shape[-1] == 3 else [height, width]
        lead = len(spec.shape) - len(free)
        sizes = [1] * lead + free
        shape = [n if isinstance(n, int) else size for n, size in zip(spec.shape, sizes, strict=True)]
        wave = np.sin(np.arange(np.prod(shape)).reshape(shape) / 97) / 2 + 0.5
        inputs[spec.name] = (0.8 * wave + 0.2 * rng.random(shape)).astype(np.float32)
    return inputs


def assert_same_bits(expected: list[Any], found: list[Any]) -> None:
    for first, second in zip(expected, found, strict=True):
        assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("name", sorted(path.stem for path in KERNELS_FOLDER.glob("*.onnx")))
def test_pixel_kernels(name: str) -> None:
    inputs = example_inputs(kernel_session(name, 1))
    if name.endswith("_half"):
        inputs["guide"] = inputs["guide"].repeat(2, axis=2).repeat(2, axis=3)
    expected = kernel_session(name, 1).run(None, inputs)
    for threads in THREAD_COUNTS:
        assert_same_bits(expected, kernel_session(name, threads).run(None, inputs))


@pytest.mark.parametrize("name", ["fast", "balanced"])
def test_networks(name: str) -> None:
    session = start_card_session(find_card(name), "cpu", 1)
    inputs = example_inputs(session)
    expected = session.run(None, inputs)
    assert_same_bits(expected, start_card_session(find_card(name), "cpu", 3).run(None, inputs))

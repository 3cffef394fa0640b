"""Calls from several threads share runs, and each gets its own answer."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mattebox.models.runtime.batching import DynamicBatcher, Float32Array


class Device:
    """Doubles its input; notes the sizes of batches; the first run lasts until it is let go."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, x: Float32Array) -> Float32Array:
        self.sizes.append(len(x))
        self.begun.set()
        self.go.wait(10)
        if len(x) > 3 or (x == 13).any():
            raise RuntimeError("out of memory")
        return 2 * x


def picture(value: float, width: int = 2) -> Float32Array:
    return np.full((1, 3, 2, width), value, np.float32)


def waiting(together: DynamicBatcher) -> int:
    return sum(len(q) for q in together._queues.values())


def crowd(together: DynamicBatcher, device: Device, pictures: list[Float32Array]) -> list[Float32Array | Exception]:
    """The first picture keeps the device busy until all others wait."""
    with ThreadPoolExecutor(len(pictures)) as pool:
        first = pool.submit(together, pictures[0])
        assert device.begun.wait(10)
        rest = [pool.submit(together, p) for p in pictures[1:]]
        while waiting(together) < len(rest):
            pass
        device.go.set()
        return [f.exception() or f.result() for f in (first, *rest)]  # type: ignore[misc]


def test_what_waits_goes_together_and_comes_home() -> None:
    device = Device()
    together = DynamicBatcher(device, max_batch_images=3)
    answers = crowd(together, device, [picture(v) for v in range(1, 8)])
    assert [a.mean() for a in answers if isinstance(a, np.ndarray)] == [2, 4, 6, 8, 10, 12, 14]
    assert device.sizes == [1, 3, 3]


def test_only_equal_shapes_go_together() -> None:
    device = Device()
    answers = crowd(DynamicBatcher(device), device, [picture(1), picture(2), picture(3, 4), picture(4), picture(5, 4)])
    assert [a.shape[3] for a in answers if isinstance(a, np.ndarray)] == [2, 2, 4, 2, 4]
    assert sorted(device.sizes) == [1, 2, 2]


def test_one_bad_picture_is_its_own_affair() -> None:
    device = Device()
    answers = crowd(DynamicBatcher(device), device, [picture(1), picture(2), picture(13), picture(4)])
    assert [type(a) for a in answers] == [np.ndarray, np.ndarray, RuntimeError, np.ndarray]


def test_too_large_a_batch_is_done_one_by_one() -> None:
    device = Device()
    answers = crowd(DynamicBatcher(device), device, [picture(v) for v in range(1, 7)])
    assert [a.mean() for a in answers if isinstance(a, np.ndarray)] == [2, 4, 6, 8, 10, 12]
    assert device.sizes == [1, 5, 1, 1, 1, 1, 1]


def test_an_idle_device_starts_at_once() -> None:
    device = Device()
    device.go.set()
    together = DynamicBatcher(device)
    assert together(picture(3)).mean() == 6
    with pytest.raises(RuntimeError):
        together(picture(13))
    assert device.sizes == [1, 1]

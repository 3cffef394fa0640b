"""Calls from several threads share runs, and each gets its own result."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mattebox.models.runtime.batching import DynamicBatcher, Float32Array


class Device:
    """Doubles its input and records the sizes of batches; the first run lasts until `go` is set."""

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


def queued_count(batcher: DynamicBatcher) -> int:
    return sum(len(q) for q in batcher._queues.values())


def run_concurrently(
    batcher: DynamicBatcher, device: Device, pictures: list[Float32Array]
) -> list[Float32Array | Exception]:
    """Run pictures from as many threads; the first keeps the device busy until all others wait."""
    with ThreadPoolExecutor(len(pictures)) as pool:
        first = pool.submit(batcher, pictures[0])
        assert device.begun.wait(10)
        rest = [pool.submit(batcher, p) for p in pictures[1:]]
        while queued_count(batcher) < len(rest):
            pass
        device.go.set()
        return [f.exception() or f.result() for f in (first, *rest)]  # type: ignore[misc]


def test_waiting_calls_run_as_one_batch() -> None:
    device = Device()
    batcher = DynamicBatcher(device, max_batch_images=3)
    answers = run_concurrently(batcher, device, [picture(v) for v in range(1, 8)])
    assert [a.mean() for a in answers if isinstance(a, np.ndarray)] == [2, 4, 6, 8, 10, 12, 14]
    assert device.sizes == [1, 3, 3]


def test_only_equal_shapes_share_a_batch() -> None:
    device = Device()
    answers = run_concurrently(
        DynamicBatcher(device), device, [picture(1), picture(2), picture(3, 4), picture(4), picture(5, 4)]
    )
    assert [a.shape[3] for a in answers if isinstance(a, np.ndarray)] == [2, 2, 4, 2, 4]
    assert sorted(device.sizes) == [1, 2, 2]


def test_one_bad_picture_does_not_fail_the_others() -> None:
    device = Device()
    answers = run_concurrently(DynamicBatcher(device), device, [picture(1), picture(2), picture(13), picture(4)])
    assert [type(a) for a in answers] == [np.ndarray, np.ndarray, RuntimeError, np.ndarray]


def test_too_large_a_batch_runs_one_by_one() -> None:
    device = Device()
    answers = run_concurrently(DynamicBatcher(device), device, [picture(v) for v in range(1, 7)])
    assert [a.mean() for a in answers if isinstance(a, np.ndarray)] == [2, 4, 6, 8, 10, 12]
    assert device.sizes == [1, 5, 1, 1, 1, 1, 1]


def test_an_idle_device_starts_at_once() -> None:
    device = Device()
    device.go.set()
    batcher = DynamicBatcher(device)
    assert batcher(picture(3)).mean() == 6
    with pytest.raises(RuntimeError):
        batcher(picture(13))
    assert device.sizes == [1, 1]

"""Dynamic batching: calls from several threads that wait for the device run together as one batch.

An idle device starts at once with the calls that are there; no call waits for a batch to fill. It pays on accelerators
only (decision 016).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mattebox.core import fork

MAX_BATCH_IMAGES = 16

Float32Array = NDArray[np.float32]


class _PendingCall:
    """The input of one call, and its result or error."""

    def __init__(self, x: Float32Array) -> None:
        self.x = x
        self.result: Float32Array | None = None
        self.error: Exception | None = None

    @property
    def is_done(self) -> bool:
        return self.result is not None or self.error is not None


class DynamicBatcher:
    """A batched network, called with single inputs.

    Parameters
    ----------
    run : callable
        Takes N x C x H x W float32 and returns N results.
    max_batch_images : int
        Inputs in one run, at most.
    """

    def __init__(self, run: Callable[[Float32Array], Float32Array], max_batch_images: int = MAX_BATCH_IMAGES) -> None:
        self.run, self.max_batch_images = run, max_batch_images
        self.reset_after_fork()
        fork.reset_in_forked_children(self)

    def reset_after_fork(self) -> None:
        """Start without calls: those that wait are of threads of the parent process."""
        self._queues: dict[tuple[int, ...], deque[_PendingCall]] = {}
        self._queue_lock, self._device_lock = threading.Lock(), threading.Lock()

    def __call__(self, x: Float32Array) -> Float32Array:
        """Run one input, 1 x C x H x W, in whatever batch comes next; returns its own result."""
        call = _PendingCall(x)
        with self._queue_lock:
            self._queues.setdefault(x.shape, deque()).append(call)
        with self._device_lock:
            while not call.is_done:
                self._run_next_batch(x.shape)
        if call.error is not None:
            raise call.error
        assert call.result is not None
        return call.result

    def _run_next_batch(self, shape: tuple[int, ...]) -> None:
        """Run the oldest calls with inputs of this shape."""
        with self._queue_lock:
            queue = self._queues[shape]
            calls = [queue.popleft() for _ in range(min(self.max_batch_images, len(queue)))]
            if not queue:
                del self._queues[shape]
        try:
            results = self.run(np.concatenate([c.x for c in calls]))
        except Exception as error:  # noqa: BLE001 - runtimes raise types of their own; the caller gets them
            self._run_one_by_one(calls, error)
            return
        for index, call in enumerate(calls):
            call.result = results[index : index + 1]

    def _run_one_by_one(self, calls: list[_PendingCall], error: Exception) -> None:
        """Run the calls of a failed batch singly: it may have been too large, or one of its inputs bad."""
        for call in calls:
            try:
                if len(calls) == 1:
                    raise error
                call.result = self.run(call.x)
            except Exception as single_error:  # noqa: BLE001
                call.error = single_error

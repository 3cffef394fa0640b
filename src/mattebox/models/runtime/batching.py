"""A network called from several threads, run in batches: what waits while the device is busy goes together next.

Nobody waits for company: an idle device starts at once with what there is. Worth it on accelerators only; a
processor gains nothing (LOG.md). Knows nothing of cards or pictures.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

MAX_BATCH_IMAGES = 16  # pictures in a batch

Float32Array = NDArray[np.float32]


class _PendingCall:
    """One caller's input, and what became of it."""

    def __init__(self, x: Float32Array) -> None:
        self.x = x
        self.result: Float32Array | None = None
        self.error: Exception | None = None

    @property
    def is_done(self) -> bool:
        return self.result is not None or self.error is not None


class DynamicBatcher:
    """`run` takes N x C x H x W and gives as many answers; calling this with one gives its own."""

    def __init__(self, run: Callable[[Float32Array], Float32Array], max_batch_images: int = MAX_BATCH_IMAGES) -> None:
        self.run, self.max_batch_images = run, max_batch_images
        self._queues: dict[tuple[int, ...], deque[_PendingCall]] = {}
        self._queue_lock, self._device_lock = threading.Lock(), threading.Lock()

    def __call__(self, x: Float32Array) -> Float32Array:
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
        """Run those of one shape that came first."""
        with self._queue_lock:
            queue = self._queues[shape]
            calls = [queue.popleft() for _ in range(min(self.max_batch_images, len(queue)))]
            if not queue:
                del self._queues[shape]
        try:
            answers = self.run(np.concatenate([c.x for c in calls]))
        except Exception as error:  # noqa: BLE001 - the runtime raises its own kinds, all told to the caller
            self._run_one_by_one(calls, error)
            return
        for index, call in enumerate(calls):
            call.result = answers[index : index + 1]

    def _run_one_by_one(self, calls: list[_PendingCall], error: Exception) -> None:
        """A batch that fails is tried one by one: it may have been too large, or one of them bad."""
        for call in calls:
            try:
                if len(calls) == 1:
                    raise error
                call.result = self.run(call.x)
            except Exception as own:  # noqa: BLE001
                call.error = own

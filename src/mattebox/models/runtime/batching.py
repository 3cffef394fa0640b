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

MOST = 16  # pictures in a batch

Array = NDArray[np.float32]


class _Call:
    """One caller's input, and what became of it."""

    def __init__(self, x: Array) -> None:
        self.x = x
        self.answer: Array | None = None
        self.error: Exception | None = None

    @property
    def done(self) -> bool:
        return self.answer is not None or self.error is not None


class Together:
    """`run` takes N x C x H x W and gives as many answers; calling this with one gives its own."""

    def __init__(self, run: Callable[[Array], Array], most: int = MOST) -> None:
        self.run, self.most = run, most
        self._waiting: dict[tuple[int, ...], deque[_Call]] = {}
        self._gathering, self._device = threading.Lock(), threading.Lock()

    def __call__(self, x: Array) -> Array:
        call = _Call(x)
        with self._gathering:
            self._waiting.setdefault(x.shape, deque()).append(call)
        with self._device:
            while not call.done:
                self._serve(x.shape)
        if call.error is not None:
            raise call.error
        assert call.answer is not None
        return call.answer

    def _serve(self, shape: tuple[int, ...]) -> None:
        """Run those of one shape that came first."""
        with self._gathering:
            queue = self._waiting[shape]
            calls = [queue.popleft() for _ in range(min(self.most, len(queue)))]
            if not queue:
                del self._waiting[shape]
        try:
            answers = self.run(np.concatenate([c.x for c in calls]))
        except Exception as error:  # noqa: BLE001 - the runtime raises its own kinds, all told to the caller
            self._alone(calls, error)
            return
        for index, call in enumerate(calls):
            call.answer = answers[index : index + 1]

    def _alone(self, calls: list[_Call], error: Exception) -> None:
        """A batch that fails is tried one by one: it may have been too large, or one of them bad."""
        for call in calls:
            try:
                if len(calls) == 1:
                    raise error
                call.answer = self.run(call.x)
            except Exception as own:  # noqa: BLE001
                call.error = own

"""A card's graph as a function from arrays to arrays, on a device. Knows nothing of pictures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.runtime import device as devices
from mattebox.models.runtime import onnx_runtime
from mattebox.models.runtime.batching import Together
from mattebox.models.store import weight_store

Run: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]

KINDS: dict[str, type[np.number[Any]]] = {
    "tensor(float16)": np.float16, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(uint8)": np.uint8,
}  # fmt: skip


class Network:
    """A card's network, which starts when it is first run: an answer that was kept needs none.

    A device that is not there, and weights that are not, are refused at once. ModelError, DeviceError, UsageError.
    Threads may share it.
    """

    def __init__(
        self, card: Card, device: str = "auto", threads: int | None = None, *, fed_pictures: bool = True
    ) -> None:
        self.card, self._fed_pictures = card, fed_pictures
        self._how = device, threads
        self._promised = devices.name_of(devices.provider(device)[0])
        self._lock = threading.Lock()
        self._started: Any = None
        self._run: Run | None = None
        weight_store.require(card)

    @property
    def device(self) -> str:
        """Where it really runs; where it would, before it has started."""
        return devices.name_of(self._started.get_providers()[0]) if self._started else self._promised

    def start(self) -> Any:
        """The runtime's session, started by one thread."""
        with self._lock:
            if self._started is None:
                folder = weight_store.path_of(self.card).parent if self.card.parts else None
                device, threads = self._how
                label = f"model {self.card.name}"
                session = onnx_runtime.start(weight_store.read(self.card), label, device, threads, folder)
                self._run = runner(session, self.card) if self._fed_pictures else None
                self._started = session
        return self._started

    def __call__(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output that the card names."""
        self.start()
        assert self._run is not None
        return self._run(x)

    def every(self, x: NDArray[np.float32]) -> list[NDArray[Any]]:
        """All outputs."""
        return self.feed({_free(self.start(), self.card): x, **_constants(self.card)})

    def feed(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """All outputs for inputs by name, each brought to the type that the graph wants; others than its own are left
        out. ModelError when one is missing."""
        session = self.start()
        wanted = _kinds(session)
        missing = wanted.keys() - inputs.keys()
        if missing:
            raise ModelError(
                f"model {self.card.name} has the input {min(missing)}",
                f"it is fed {', '.join(inputs)}; correct its card",
            )
        made: list[NDArray[Any]] = session.run(None, {n: inputs[n].astype(k, copy=False) for n, k in wanted.items()})
        return made


def opened(card: Card, device: str, threads: int | None, content: bytes | None = None) -> tuple[Run, str]:
    """The card's network as a function, and the device it really runs on; `content` is another graph of its kind.
    ModelError, DeviceError, UsageError."""
    folder = weight_store.path_of(card).parent if card.parts else None
    session = onnx_runtime.start(content or weight_store.read(card), f"model {card.name}", device, threads, folder)
    return runner(session, card), devices.name_of(session.get_providers()[0])


def runner(session: Any, card: Card) -> Run:
    """The network as a function of its picture: further inputs are the card's constants, and one output is taken."""
    free, kinds = _free(session, card), _kinds(session)
    constants = {name: value.astype(kinds[name]) for name, value in _constants(card).items()}
    if len(session.get_outputs()) <= card.output.index:
        raise _misfit(session, card)
    taken = session.get_outputs()[card.output.index].name
    kind = kinds[free]

    def run(x: NDArray[np.float32]) -> NDArray[np.float32]:
        (y,) = session.run([taken], {free: x.astype(kind, copy=False), **constants})
        return np.asarray(y, np.float32)

    shape = next(i.shape for i in session.get_inputs() if i.name == free)
    free_batch = card.input.layout == "nchw" and isinstance(shape[0], str)
    return Together(run) if free_batch and devices.gains_by_batches(session.get_providers()[0]) else run


def _kinds(session: Any) -> dict[str, type[np.number[Any]]]:
    """The type of each input."""
    return {i.name: KINDS.get(i.type, np.float32) for i in session.get_inputs()}


def _constants(card: Card) -> dict[str, NDArray[Any]]:
    return {name: np.asarray(value, np.float64) for name, value in card.input.constants.items()}


def _free(session: Any, card: Card) -> str:
    """The input that takes the picture. ModelError unless there is just one."""
    inputs = {i.name for i in session.get_inputs()}
    free = inputs - card.input.constants.keys()
    if len(free) != 1 or not card.input.constants.keys() <= inputs:
        raise _misfit(session, card)
    (name,) = free
    return str(name)


def _misfit(session: Any, card: Card) -> ModelError:
    inputs = ", ".join(i.name for i in session.get_inputs())
    return ModelError(
        f"model {card.name} has the inputs {inputs} and {len(session.get_outputs())} outputs",
        "name all but the picture under constants in its card, and an output that there is",
    )

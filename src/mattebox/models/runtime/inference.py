"""A card's graph as a function from arrays to arrays, on a device. Knows nothing of pictures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.runtime import devices, onnx_runtime
from mattebox.models.runtime.batching import DynamicBatcher
from mattebox.models.store import weight_store

InferenceFunction: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]

ORT_TO_NUMPY_TYPES: dict[str, type[np.number[Any]]] = {
    "tensor(float16)": np.float16, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(uint8)": np.uint8,
}  # fmt: skip


class Network:
    """A card's network, which starts when it is first run: an answer that was kept needs none.

    A device that is not there, and weights that are not, are refused at once. ModelError, DeviceError, UsageError.
    Threads may share it.
    """

    def __init__(
        self, card: Card, device: str = "auto", threads: int | None = None, *, takes_picture: bool = True
    ) -> None:
        self.card, self._takes_picture = card, takes_picture
        self._start_options = device, threads
        self._expected_device = devices.device_name(devices.select_provider(device)[0])
        self._lock = threading.Lock()
        self._session: Any = None
        self._run: InferenceFunction | None = None
        weight_store.require_installed(card)

    @property
    def device(self) -> str:
        """Where it really runs; where it would, before it has started."""
        return devices.device_name(self._session.get_providers()[0]) if self._session else self._expected_device

    def start(self) -> Any:
        """The runtime's session, started by one thread."""
        with self._lock:
            if self._session is None:
                folder = weight_store.weights_path(self.card).parent if self.card.parts else None
                device, threads = self._start_options
                label = f"model {self.card.name}"
                session = onnx_runtime.create_session(
                    weight_store.read_weights(self.card), label, device, threads, folder
                )
                self._run = make_inference_function(session, self.card) if self._takes_picture else None
                self._session = session
        return self._session

    def __call__(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output that the card names."""
        self.start()
        assert self._run is not None
        return self._run(x)

    def run_all_outputs(self, x: NDArray[np.float32]) -> list[NDArray[Any]]:
        """All outputs."""
        return self.run_named_inputs({_picture_input_name(self.start(), self.card): x, **_constant_inputs(self.card)})

    def run_named_inputs(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """All outputs for inputs by name, each brought to the type that the graph wants; others than its own are left
        out. ModelError when one is missing."""
        session = self.start()
        wanted = _input_types(session)
        missing = wanted.keys() - inputs.keys()
        if missing:
            raise ModelError(
                f"model {self.card.name} has the input {min(missing)}",
                f"it is fed {', '.join(inputs)}; correct its card",
            )
        made: list[NDArray[Any]] = session.run(None, {n: inputs[n].astype(k, copy=False) for n, k in wanted.items()})
        return made


def open_inference_function(
    card: Card, device: str, threads: int | None, content: bytes | None = None
) -> tuple[InferenceFunction, str]:
    """The card's network as a function, and the device it really runs on; `content` is another graph of its kind.
    ModelError, DeviceError, UsageError."""
    folder = weight_store.weights_path(card).parent if card.parts else None
    session = onnx_runtime.create_session(
        content or weight_store.read_weights(card), f"model {card.name}", device, threads, folder
    )
    return make_inference_function(session, card), devices.device_name(session.get_providers()[0])


def make_inference_function(session: Any, card: Card) -> InferenceFunction:
    """The network as a function of its picture: further inputs are the card's constants, and one output is taken."""
    free, kinds = _picture_input_name(session, card), _input_types(session)
    constants = {name: value.astype(kinds[name]) for name, value in _constant_inputs(card).items()}
    if len(session.get_outputs()) <= card.output.index:
        raise _signature_error(session, card)
    taken = session.get_outputs()[card.output.index].name
    kind = kinds[free]

    def run(x: NDArray[np.float32]) -> NDArray[np.float32]:
        (y,) = session.run([taken], {free: x.astype(kind, copy=False), **constants})
        return np.asarray(y, np.float32)

    shape = next(i.shape for i in session.get_inputs() if i.name == free)
    free_batch = card.input.layout == "nchw" and isinstance(shape[0], str)
    return DynamicBatcher(run) if free_batch and devices.benefits_from_batching(session.get_providers()[0]) else run


def _input_types(session: Any) -> dict[str, type[np.number[Any]]]:
    """The type of each input."""
    return {i.name: ORT_TO_NUMPY_TYPES.get(i.type, np.float32) for i in session.get_inputs()}


def _constant_inputs(card: Card) -> dict[str, NDArray[Any]]:
    return {name: np.asarray(value, np.float64) for name, value in card.input.constants.items()}


def _picture_input_name(session: Any, card: Card) -> str:
    """The input that takes the picture. ModelError unless there is just one."""
    inputs = {i.name for i in session.get_inputs()}
    free = inputs - card.input.constants.keys()
    if len(free) != 1 or not card.input.constants.keys() <= inputs:
        raise _signature_error(session, card)
    (name,) = free
    return str(name)


def _signature_error(session: Any, card: Card) -> ModelError:
    inputs = ", ".join(i.name for i in session.get_inputs())
    return ModelError(
        f"model {card.name} has the inputs {inputs} and {len(session.get_outputs())} outputs",
        "name all but the picture under constants in its card, and an output that there is",
    )

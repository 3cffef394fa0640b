"""Inference with a card's network: from arrays to arrays, on a device."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from mattebox.core import fork
from mattebox.core.lru_cache import LruCache
from mattebox.errors import ModelError
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import require_permitted_use
from mattebox.models.runtime import devices, onnx_runtime
from mattebox.models.runtime.batching import DynamicBatcher
from mattebox.models.runtime.tensor_types import numpy_type
from mattebox.models.store import weight_files, weight_store

InferenceFunction: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""The network's input, as the card describes it -> the output that the card names."""

MAX_UNPICKLED_NETWORKS = 8


class Network:
    """A card's network, which starts at the first run: where all results are cached it never starts.

    A missing device or missing weights raise at once: ModelError, DeviceError, UsageError. Threads may share it. It is
    pickled as its card: a process that receives it several times starts it once.

    Parameters
    ----------
    card : Card
    device : str
        `auto`, `cpu`, `cuda`, `cuda:1` ...
    threads : int, optional
        Processor threads; by default all that this thread may use.
    takes_picture : bool
        False for a second network (a decoder), which is run by named inputs only.
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
        fork.reset_in_forked_children(self)

    def __reduce__(self) -> tuple[Callable[..., Network], tuple[Card, str, int | None, bool]]:
        return _restore_network, (self.card, *self._start_options, self._takes_picture)

    def reset_after_fork(self) -> None:
        """Forget who held the lock in the parent process."""
        self._lock = threading.Lock()

    @property
    def device(self) -> str:
        """The device it runs on; before it has started, the one it will ask for."""
        return session_device(self._session) if self._session else self._expected_device

    def start(self) -> Any:
        """Start the runtime's session, once, and return it."""
        with self._lock:
            if self._session is None:
                session = start_card_session(self.card, *self._start_options)
                self._run = make_inference_function(session, self.card) if self._takes_picture else None
                self._session = session
        return self._session

    def __call__(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network; returns the output that the card names."""
        self.start()
        assert self._run is not None
        return self._run(x)

    def run_all_outputs(self, x: NDArray[np.float32]) -> list[NDArray[Any]]:
        """Run the network; returns all its outputs."""
        return self.run_named_inputs({_picture_input_name(self.start(), self.card): x, **_constant_inputs(self.card)})

    def run_with_state(self, x: NDArray[np.float32], state: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Run a recurrent network on a picture and the values of its states; returns all its outputs."""
        name = _picture_input_name(self.start(), self.card)
        return self.run_named_inputs({name: x, **_constant_inputs(self.card), **state})

    def run_named_inputs(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Run the network on inputs by name, cast to the graph's types; returns all its outputs.

        Inputs that the graph does not have are left out. Raises ModelError where one is missing.
        """
        session = self.start()
        types = _input_types(session)
        missing = types.keys() - inputs.keys()
        if missing:
            raise ModelError(
                f"model {self.card.name} has the input {min(missing)}",
                f"it is fed {', '.join(inputs)}; correct its card",
            )
        feeds = {name: inputs[name].astype(dtype, copy=False) for name, dtype in types.items()}
        outputs: list[NDArray[Any]] = session.run(None, feeds)
        return outputs


_unpickled_networks: LruCache[Network] = LruCache(MAX_UNPICKLED_NETWORKS)


def _restore_network(card: Card, device: str, threads: int | None, takes_picture: bool) -> Network:
    """The network that was pickled, shared by all copies that this process receives. Errors as for `Network`."""
    key = (msgspec.json.encode(require_permitted_use(card)), device, threads, takes_picture)
    return _unpickled_networks.get_or_create(key, lambda: Network(card, device, threads, takes_picture=takes_picture))


def start_card_session(
    card: Card, device: str = "auto", threads: int | None = None, content: bytes | None = None
) -> Any:
    """Verify a card's weights and start a runtime session of them.

    Parameters
    ----------
    card : Card
    device, threads
        See `onnx_runtime.create_session`.
    content : bytes, optional
        Another graph to run under this card.

    Returns
    -------
    RuntimeSession

    Raises
    ------
    ModelError, DeviceError, UsageError
    """
    external_data_folder = weight_files.weights_path(card).parent if card.parts else None
    read_graph = content or functools.partial(weight_store.read_weights, card)
    return onnx_runtime.create_session(read_graph, f"model {card.name}", device, threads, external_data_folder)


def session_device(session: Any) -> str:
    """The device that a runtime session really runs on."""
    return devices.device_name(session.get_providers()[0])


def open_inference_function(
    card: Card, device: str, threads: int | None, content: bytes | None = None
) -> tuple[InferenceFunction, str]:
    """Start a card's network as a function; returns it and its device. Parameters as for `start_card_session`."""
    session = start_card_session(card, device, threads, content)
    return make_inference_function(session, card), session_device(session)


def make_inference_function(session: Any, card: Card) -> InferenceFunction:
    """Wrap a session as a function of the picture's tensor.

    Further inputs are the card's constants; the result is the output that the card names, as float32. Pictures from
    several threads are run in batches where the graph and the device allow it. Raises ModelError where the graph's
    inputs or outputs do not fit the card.
    """
    picture_name, types = _picture_input_name(session, card), _input_types(session)
    constants = {name: value.astype(types[name]) for name, value in _constant_inputs(card).items()}
    if len(session.get_outputs()) <= card.output.index:
        raise _signature_error(session, card)
    output_name = session.get_outputs()[card.output.index].name
    dtype = types[picture_name]

    def run(x: NDArray[np.float32]) -> NDArray[np.float32]:
        (y,) = session.run([output_name], {picture_name: x.astype(dtype, copy=False), **constants})
        return np.asarray(y, np.float32)

    shape = next(i.shape for i in session.get_inputs() if i.name == picture_name)
    has_free_batch = card.input.layout == "nchw" and isinstance(shape[0], str)
    return DynamicBatcher(run) if has_free_batch and devices.benefits_from_batching(session.get_providers()[0]) else run


def _input_types(session: Any) -> dict[str, type[np.number[Any]]]:
    return {i.name: numpy_type(i.type) for i in session.get_inputs()}


def _constant_inputs(card: Card) -> dict[str, NDArray[Any]]:
    return {name: np.asarray(value, np.float64) for name, value in card.input.constants.items()}


def _picture_input_name(session: Any, card: Card) -> str:
    """The one input that is not a constant of the card. ModelError unless there is just one."""
    inputs = {i.name for i in session.get_inputs()}
    names = inputs - card.input.constants.keys()
    if len(names) != 1 or not card.input.constants.keys() <= inputs:
        raise _signature_error(session, card)
    (name,) = names
    return str(name)


def _signature_error(session: Any, card: Card) -> ModelError:
    inputs = ", ".join(i.name for i in session.get_inputs())
    return ModelError(
        f"model {card.name} has the inputs {inputs} and {len(session.get_outputs())} outputs",
        "name all but the picture under constants in its card, and an output that exists",
    )

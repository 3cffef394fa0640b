"""A running graph as a function from one array to another, as its card says which. Knows nothing of pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.zoo import device as devices
from mattebox.zoo import runtime, store
from mattebox.zoo.card import Card
from mattebox.zoo.together import Together

Run: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]

KINDS: dict[str, type[np.floating[Any]]] = {"tensor(float16)": np.float16, "tensor(double)": np.float64}


def opened(card: Card, device: str, threads: int | None, content: bytes | None = None) -> tuple[Run, str]:
    """The card's network as a function, and the device it really runs on; `content` is another graph of its kind.
    ModelError, DeviceError, UsageError."""
    folder = store.path_of(card).parent if card.parts else None
    session = runtime.start(content or store.read(card), f"model {card.name}", device, threads, folder)
    return runner(session, card), devices.name_of(session.get_providers()[0])


def runner(session: Any, card: Card) -> Run:
    """The network as a function of its picture: further inputs are the card's constants, and one output is taken."""
    inputs = {i.name: i for i in session.get_inputs()}
    kinds = {name: KINDS.get(i.type, np.float32) for name, i in inputs.items()}
    constants = {n: np.asarray(value, kinds.get(n, np.float32)) for n, value in card.input.constants.items()}
    free = [name for name in inputs if name not in constants]
    if len(free) != 1 or not constants.keys() <= inputs.keys() or len(session.get_outputs()) <= card.output.index:
        raise ModelError(
            f"model {card.name} has the inputs {', '.join(inputs)} and {len(session.get_outputs())} outputs",
            "name all but the picture under constants in its card, and an output that there is",
        )
    taken = session.get_outputs()[card.output.index].name
    kind = kinds[free[0]]

    def run(x: NDArray[np.float32]) -> NDArray[np.float32]:
        (y,) = session.run([taken], {free[0]: x.astype(kind, copy=False), **constants})
        return np.asarray(y, np.float32)

    free_batch = isinstance(inputs[free[0]].shape[0], str)
    return Together(run) if free_batch and devices.gains_by_batches(session.get_providers()[0]) else run

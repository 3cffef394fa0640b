"""A card brought to life on a device. Three verbs around every network: prepare -> run -> restore.

`prepare` gives the network's input and the Geometry that `restore` needs to bring the output home; nothing is
stretched per picture, so alphas mean the same in every photograph. Sessions may be shared between threads.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.io import colour, resample
from mattebox.types import Floats, Geometry, Picture, Size
from mattebox.zoo import device as devices
from mattebox.zoo import runtime
from mattebox.zoo.card import Card
from mattebox.zoo.registry import find_card

KEPT = 4  # sessions held open by `open_session`

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]


class Session:
    """A network ready to run. `device` is where it really runs."""

    def __init__(self, card: Card, run: Run, device: str) -> None:
        self.card = card
        self.device = device
        self._run = run

    @classmethod
    def open(cls, model: str | Card = "balanced", device: str = "auto", threads: int | None = None) -> Session:
        """Start a network of its own. ModelError, DeviceError, UsageError."""
        card = find_card(model) if isinstance(model, str) else model
        session = runtime.start(card.read_weights(), f"model {card.name}", device, threads)
        name = session.get_inputs()[0].name

        def run(x: NDArray[np.float32]) -> NDArray[np.float32]:
            output: NDArray[np.float32] = session.run(None, {name: x})[0]
            return output

        return cls(card, run, devices.name_of(session.get_providers()[0]))

    def geometry(self, size: Size) -> Geometry:
        """Where a picture of this size lies in the network's input."""
        spec = self.card.input
        if spec.fit == "squash":
            return Geometry(size, (spec.side, spec.side), (spec.side, spec.side))
        scale = spec.side / (size[0] * size[1]) ** 0.5
        height, width = (_rounded(s * scale, spec.multiple, 4 * spec.side) for s in size)
        return Geometry(size, (height, width), (height, width))

    def prepare(self, picture: Picture) -> tuple[NDArray[np.float32], Geometry]:
        """A picture of any size, depth and profile -> 1 x 3 x H x W float32 in sRGB, normalised, and its Geometry."""
        geometry, spec = self.geometry(picture.size), self.card.input
        small = colour.to_srgb(resample.shrink(picture.rgb, geometry.inner), picture.profile)
        x = small.astype(np.float32)
        x /= np.float32(255 if spec.range == "depth" else max(float(x.max()), 1.0))
        x -= np.asarray(spec.mean, np.float32)
        x /= np.asarray(spec.std, np.float32)
        padding = [(0, whole - part) for whole, part in zip(geometry.input, geometry.inner, strict=True)]
        padded = np.pad(x, [*padding, (0, 0)])
        return np.ascontiguousarray(padded.transpose(2, 0, 1)[None]), geometry

    def run(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """1 x 3 x H x W -> 1 x 1 x H x W alpha 0..1. ModelError when the network gives another shape."""
        y = self._run(x)
        if self.card.input.mirror:
            y = (y + self._run(np.ascontiguousarray(x[..., ::-1]))[..., ::-1]) / np.float32(2)
        if y.shape != (1, 1, *x.shape[2:]):
            raise ModelError(
                f"model {self.card.name} gave {y.shape}", f"it must give (1, 1, {x.shape[2]}, {x.shape[3]})"
            )
        return y

    def restore(self, y: NDArray[np.float32], geometry: Geometry) -> Floats:
        """1 x 1 x H x W -> alpha 0..1 of the whole picture, at the network's own resolution, padding cut off."""
        height, width = geometry.inner
        return np.clip(y[0, 0, :height, :width], 0.0, 1.0).astype(np.float32)


_open: OrderedDict[tuple[str, str, int | None], Session] = OrderedDict()
_lock = threading.Lock()


def open_session(model: str = "balanced", device: str = "auto", threads: int | None = None) -> Session:
    """Like `Session.open`, but shared: the last few used stay open, so that a batch starts its network once."""
    key = (model, device, threads)
    with _lock:
        if key not in _open:
            _open[key] = Session.open(model, device, threads)
            while len(_open) > KEPT:
                _open.popitem(last=False)
        _open.move_to_end(key)
        return _open[key]


def _rounded(value: float, multiple: int, most: int) -> int:
    return int(min(max(multiple, round(value / multiple) * multiple), most))

"""A card brought to life on a device. Three verbs around every network: prepare -> run -> restore.

`prepare` gives the network's input and the Geometry that `restore` needs to bring the output home; nothing is
stretched per picture, so alphas mean the same in every photograph. Sessions may be shared between threads.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.io import colour, resample
from mattebox.types import Floats, Geometry, Picture, Size
from mattebox.zoo.card import Card
from mattebox.zoo.kept import Kept
from mattebox.zoo.registry import find_card, permitted
from mattebox.zoo.runner import Run, opened

KEPT = 4  # sessions held open by `open_session`


class Session:
    """A network ready to run. `device` is where it really runs."""

    def __init__(self, card: Card, run: Run, device: str) -> None:
        self.card = card
        self.device = device
        self._run = run

    @classmethod
    def open(cls, model: str | Card = "balanced", device: str = "auto", threads: int | None = None) -> Session:
        """Start a network of its own. ModelError, DeviceError, UsageError."""
        card = find_card(model) if isinstance(model, str) else permitted(model)
        if card.task != "cutout":
            raise ModelError(
                f"model {card.name} is for {card.task} and cannot cut out", "choose balanced, or another that can"
            )
        return cls(card, *opened(card, device, threads))

    def scaled(self, factor: float) -> Session:
        """The same network, shown pictures `factor` times as large as usual."""
        side = max(self.card.input.multiple, round(self.card.input.side * factor))
        card = msgspec.structs.replace(self.card, input=msgspec.structs.replace(self.card.input, side=side))
        return Session(card, self._run, self.device)

    def geometry(self, size: Size) -> Geometry:
        """Where a picture of this size lies in the network's input."""
        spec = self.card.input
        if spec.fit == "squash":
            exact = spec.height or spec.side, spec.width or spec.side
            return Geometry(size, exact, exact)
        if spec.fit == "short":
            steps = [s * spec.side // (min(size) * spec.multiple) for s in size]
        else:
            scale = spec.side / (size[0] * size[1]) ** 0.5
            steps = [round(s * scale / spec.multiple) for s in size]
        most = 4 * spec.side // spec.multiple
        height, width = (spec.multiple * min(max(1, step), most) for step in steps)
        return Geometry(size, (height, width), (height, width))

    def prepare(self, picture: Picture) -> tuple[NDArray[np.float32], Geometry]:
        """A picture of any size, depth and profile -> 1 x 3 x H x W float32 in sRGB, normalised, and its Geometry."""
        geometry, spec = self.geometry(picture.size), self.card.input
        shrink = resample.shrink if spec.resize == "quick" else resample.lanczos
        small = colour.to_srgb(shrink(picture.rgb, geometry.inner), picture.profile)
        x = small.astype(np.float32)
        x /= np.float32(255 if spec.range == "depth" else max(float(x.max()), 1.0))
        x -= np.asarray(spec.mean, np.float32)
        x /= np.asarray(spec.std, np.float32)
        padding = [(0, whole - part) for whole, part in zip(geometry.input, geometry.inner, strict=True)]
        padded = np.pad(x, [*padding, (0, 0)])
        return np.ascontiguousarray(padded.transpose(2, 0, 1)[None]), geometry

    def run(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """1 x 3 x H x W -> 1 x 1 x H x W alpha 0..1, as the card's output says. ModelError for another shape."""
        y, output = self._run(x), self.card.output
        height, width = x.shape[2:]
        wanted = (1, len(output.classes) or 1, height // output.scale, width // output.scale)
        if y.shape != wanted:
            raise ModelError(f"model {self.card.name} gave {y.shape}", f"it must give {wanted}; correct its card")
        if output.scale > 1:
            y = np.stack([resample.enlarge(plane, (height, width), "bilinear") for plane in y[0]])[None]
        if output.values == "alpha":
            return y
        if output.values == "logits":
            return (1 / (1 + np.exp(-np.clip(y, -80, 80)))).astype(np.float32)
        chosen = [output.classes.index(name) for name in output.subject]
        if output.values == "shares":
            shares: NDArray[np.float32] = y[:, chosen].sum(axis=1, keepdims=True)
            return shares
        return np.isin(y.argmax(axis=1, keepdims=True), chosen).astype(np.float32)

    def restore(self, y: NDArray[np.float32], geometry: Geometry) -> Floats:
        """1 x 1 x H x W -> alpha 0..1 of the whole picture, at the network's own resolution, padding cut off."""
        height, width = geometry.inner
        return np.clip(y[0, 0, :height, :width], 0.0, 1.0).astype(np.float32)


_open: Kept[Session] = Kept(KEPT)


def open_session(model: str = "balanced", device: str = "auto", threads: int | None = None) -> Session:
    """Like `Session.open`, but shared: the last few used stay open, so that a batch starts its network once."""
    find_card(model)  # what is forbidden stays so, open or not
    return _open.get((model, device, threads), lambda: Session.open(model, device, threads))
